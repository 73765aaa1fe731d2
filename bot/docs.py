"""Writes the tables of the README from the code: `python -m bot.docs`; a test checks that they are current."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from bot.settings.values import Settings, variable

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- settings:begin -->", "<!-- settings:end -->"


def settings_table() -> str:
    """One row a setting: its name in the environment, its key, its default, what it is."""
    rows = ["| environment | `footnote.toml` | default | what it is |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        named = variable(name, field.validation_alias)
        tables = name in ("sources", "groups", "directories", "channels", "experts", "style", "retention")
        default = field.get_default(call_default_factory=True, validated_data={})
        shown = "" if tables or default in (None, "", ()) else f"`{default}`"
        secret = "SecretStr" in str(field.annotation) or isinstance(default, SecretStr)
        key = "" if secret else f"`{name}`"
        rows.append(f"| {'' if tables else f'`{named}`'} | {key} | {shown} | {field.description} |")
    return "\n".join(rows)


def with_tables(text: str) -> str:
    """The README's text with its tables as the code says."""
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{BEGIN}\n{settings_table()}\n{END}{tail}"


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text("utf-8")), "utf-8")
