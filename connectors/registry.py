"""The kinds of sources. A new one is a module of its own, and a line here.

Another distribution adds kinds by entry points of the group `footnote.connectors`, each named as the kind
and pointing to a `SourceKind`. A kind's module, and what it needs, is imported when a source is of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from connectors.errors import SourceUnavailable
from connectors.kinds import SourceKind, SourceSettings, Surroundings
from connectors.ports import Source

GROUP = "footnote.connectors"
DEFAULT = "folder"
"""What a table without `kind` is."""

KINDS: Mapping[str, str] = {
    "folder": "connectors.folder:FOLDER",
    **dict.fromkeys(
        ("s3", "azblob", "azdls", "azfile", "gcs", "webdav", "ftp", "dropbox", "b2", "oss", "cos", "obs", "swift"),
        "connectors.storage:STORAGE",
    ),
}
"""Where each kind is: "module:name"."""


def kind_named(name: str) -> SourceKind[Any]:
    """Raises SourceUnavailable when there is no such kind, or it cannot be imported."""
    places = _others() | {n: EntryPoint(n, place, GROUP) for n, place in KINDS.items()}  # ours cannot be replaced
    if name not in places:
        raise SourceUnavailable(f"there is no kind of source {name!r}; there are: {', '.join(sorted(places))}")
    try:
        kind = places[name].load()
    except (ImportError, AttributeError) as error:
        raise SourceUnavailable(
            f"the kind of source {name!r} ({places[name].value}) cannot be used: {error}"
        ) from error
    if not isinstance(kind, SourceKind):
        raise SourceUnavailable(f"the kind of source {name!r} ({places[name].value}) is no SourceKind")
    return kind


def _others() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def read_table(table: object) -> object:
    """A table of the settings file as its kind reads it; anything else is left to its reader.

    Raises ValidationError.
    """
    if not isinstance(table, Mapping):
        return table
    try:
        kind = kind_named(str(table.get("kind", DEFAULT)))
    except SourceUnavailable as error:
        wrong = PydanticCustomError("source_kind", "{why}", {"why": str(error)})
        raise ValidationError.from_exception_data(
            "source", [InitErrorDetails(type=wrong, loc=("kind",), input=None)]
        ) from error
    return kind.settings.model_validate(dict(table))


def build(settings: SourceSettings, surroundings: Surroundings) -> Source:
    """The source that a table describes. Raises SourceUnavailable."""
    return kind_named(settings.kind).build(settings, surroundings)
