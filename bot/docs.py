"""Writes the documentation's tables from the code: `python -m bot.docs`; a test checks that they are current."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import SecretStr

from bot.settings.files import variable
from bot.settings.values import Settings
from bot.wiring.places import places_table

ROOT = Path(__file__).resolve().parent.parent
README, PAGE = ROOT / "README.md", ROOT / "docs" / "settings.md"
AUDIT, PLACES_BEGIN, PLACES_END = ROOT / "docs" / "audit.md", "<!-- places:begin -->", "<!-- places:end -->"
BEGIN, END = "<!-- settings:begin -->", "<!-- settings:end -->"
MATTER_MOST = (
    *("home", "slack_bot_token", "slack_app_token", "teams_app_id", "teams_app_password", "teams_app_tenantid"),
    *("model", "model_base_url", "weaviate_url", "database_url"),
)
TABLES = ("sources", "groups", "directories", "channels", "experts", "style", "retention")


def settings_table(names: Iterable[str] = Settings.model_fields) -> str:
    """One row a setting: its name in the environment, its key, its default, what it is."""
    rows = ["| environment | `footnote.toml` | default | what it is |", "|---|---|---|---|"]
    for name in names:
        field = Settings.model_fields[name]
        named = variable(name, field.validation_alias)
        default = field.get_default(call_default_factory=True, validated_data={})
        shown = "" if name in TABLES or default in (None, "", ()) else f"`{default}`"
        secret = "SecretStr" in str(field.annotation) or isinstance(default, SecretStr)
        key = "" if secret else f"`{name}`"
        rows.append(f"| {'' if name in TABLES else f'`{named}`'} | {key} | {shown} | {field.description} |")
    return "\n".join(rows)


def with_table(text: str, table: str, begin: str = BEGIN, end: str = END) -> str:
    """The page's text with its table as the code says."""
    head, rest = text.split(begin)
    _, tail = rest.split(end)
    return f"{head}{begin}\n{table}\n{end}{tail}"


def pages() -> dict[Path, str]:
    """Each page that holds a table, as it should read."""
    tables = {README: settings_table(MATTER_MOST), PAGE: settings_table()}
    made = {page: with_table(page.read_text("utf-8"), table) for page, table in tables.items()}
    return {**made, AUDIT: with_table(AUDIT.read_text("utf-8"), places_table(), PLACES_BEGIN, PLACES_END)}


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text, "utf-8")
