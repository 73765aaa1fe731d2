"""The sample company: who is who, who may read what, and where they talk."""

from __future__ import annotations

from pathlib import Path

from bot.settings.values import Settings
from connectors.folder import FolderSettings
from connectors.kinds import AccessSettings

DOCUMENTS = Path(__file__).resolve().parent / "documents"
MONDAY = Path(__file__).resolve().parent / "monday" / "nda-template.docx"
CHANGED = "legal/nda-template.docx"

PEOPLE = {
    "priya": ("Priya (Sales)", "priya@harbourpine.example"),
    "maeve": ("Maeve (Legal)", "maeve@harbourpine.example"),
    "tom": ("Tom (Board)", "tom@harbourpine.example"),
}
GROUPS = {
    "legal": ("maeve@harbourpine.example",),
    "board": ("tom@harbourpine.example",),
    "management": ("group:legal", "group:board"),
}
RULES = (
    ("board/**", ("group:board",)),
    ("legal/northwind-*", ("group:management",)),
)


def settings(home: Path, documents: Path) -> Settings:
    """The product's settings for this company, as footnote.toml would give them."""
    access = tuple(AccessSettings(path=path, allow=allow) for path, allow in RULES)
    url = "https://intranet.harbourpine.example/documents"
    source = FolderSettings(name="documents", path=documents, url=url, allow=("everyone",), access=access)
    return Settings(home=home, sources=(source,), groups=GROUPS, sync_every_s=0, port=1, log_level="error")
