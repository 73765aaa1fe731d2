"""What a reviewer may ask of the log, and what a record can be found by. Pure: a database's index does the finding."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from json import dumps

from audit.disclosure import microseconds
from audit.record import AuditRecord, Json

_WORD = re.compile(r"[^\W_]+")
TEXT_FIELDS = ("question", "searched", "statements", "text", "citations", "reason", "what")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records. Everything that is given must hold.

    `since` is inclusive, `until` exclusive. `person` is a user id, "platform:user" or an e-mail
    address; `section` a section's label, heading or id; `text` words that must all occur.
    """

    since: datetime | None = None
    until: datetime | None = None
    person: str | None = None
    channel: str | None = None
    document: str | None = None
    version: str | None = None
    section: str | None = None
    outcome: str | None = None
    event: str | None = None
    text: str | None = None
    tenant: str | None = None
    records: frozenset[str] | None = None

    def as_json(self) -> dict[str, Json]:
        """For access records: only what is given."""
        given: dict[str, Json] = {}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if isinstance(value, datetime):
                given[name] = value.isoformat()
            elif isinstance(value, frozenset):
                given[name] = [*sorted(value)]
            elif value is not None:
                given[name] = value
        return given

    @classmethod
    def from_json(cls, value: Json) -> Filter:
        """What `as_json` wrote. Raises ValueError for a time that is none."""
        given = value if isinstance(value, dict) else {}
        texts = {name: found for name in _TEXTS if isinstance(found := given.get(name), str)}
        times = {name: _time(texts.pop(name)) for name in ("since", "until") if name in texts}
        records = given.get("records")
        ids = frozenset(map(str, records)) if isinstance(records, list) else None
        return cls(**texts, **times, records=ids)  # type: ignore[arg-type]  # by their names


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


_TEXTS = tuple(name for name in Filter.__dataclass_fields__ if name != "records")


@dataclass(frozen=True, slots=True)
class Page:
    """Some records that match, newest first, and where to go on (None: that was all)."""

    records: tuple[AuditRecord, ...]
    next: int | None
    indexes: tuple[int, ...] = ()  # of the records, in the tree


def mentions(fields: Mapping[str, Json]) -> set[tuple[str, str]]:
    """(kind, folded value) of everything a record can be found by."""
    found: set[tuple[str, str]] = set()
    platform, user = fields.get("platform"), fields.get("user")
    for name in ("user", "email", "by", "requested_by", "approved_by"):
        if isinstance(value := fields.get(name), str) and value:
            found.add(("person", value.casefold()))
    if isinstance(user, str) and isinstance(platform, str):
        found.add(("person", f"{platform}:{user}".casefold()))
    for kind in ("channel", "tenant"):
        if isinstance(value := fields.get(kind), str) and value:
            found.add((kind, value.casefold()))
    for item in _objects(fields.get("citations")):
        document, version, section = (item.get(name) for name in ("document", "version", "section"))
        if isinstance(document, str):
            found.add(("document", document.casefold()))
            found.add(("version", f"{document}@{version}".casefold()))
        if isinstance(section, dict):
            label, heading = section.get("label") or "", section.get("heading") or ""
            names = (section.get("id"), label, heading, f"{label} {heading}")
            found |= {("section", name.strip().casefold()) for name in names if isinstance(name, str) and name.strip()}
    return found


def words_of(fields: Mapping[str, Json]) -> str:
    return "\n".join(text for name in TEXT_FIELDS for text in _texts(fields.get(name)))


def _texts(value: Json) -> Iterator[str]:
    """The prose of a field: a text, or the texts and quotes inside its objects."""
    if isinstance(value, str):
        yield value
    for item in _objects(value):
        for name in ("text", "quote"):
            if isinstance(text := item.get(name), str):
                yield text


def _objects(value: Json) -> Iterator[dict[str, Json]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


@dataclass(frozen=True, slots=True)
class FilterQuery:
    """SQL for a filter: FROM, WHERE with its parameters, and the column to page and sort by."""

    source: str
    where: str
    values: tuple[str | int | Sequence[str], ...]
    key: str


def select(columns: str, found: FilterQuery, *tail: str) -> str:
    """The query. Only this package's own texts go into it; what a caller gives is bound as a parameter."""
    return " ".join(("SELECT", columns, "FROM", found.source, "WHERE", found.where, *tail))


def named(wanted: Filter) -> list[tuple[str, str]]:
    """(kind, folded value) of what is looked up by name, as `mentions` writes it, the rarest kind first."""
    found: list[tuple[str, str]] = []
    if wanted.document is not None and wanted.version is not None:
        found.append(("version", f"{wanted.document}@{wanted.version}".casefold()))
    elif wanted.document is not None:
        found.append(("document", wanted.document.casefold()))
    for kind in ("section", "channel", "tenant"):
        if (value := getattr(wanted, kind)) is not None:
            found.append((kind, value.casefold()))
    return [("person", wanted.person.casefold()), *found] if wanted.person is not None else found


def plain_conditions(wanted: Filter, each: str) -> list[tuple[str, str | int]]:
    """What a filter asks of columns of `entry`: a condition and its value. `each` is `Database.each`."""
    asked: list[tuple[str, str | int | None]] = [
        ("entry.time >= ?", microseconds(wanted.since) if wanted.since is not None else None),
        ("entry.time < ?", microseconds(wanted.until) if wanted.until is not None else None),
        ("entry.outcome = ?", wanted.outcome),
        ("entry.event = ?", wanted.event),
        (f"entry.id IN ({each})", dumps(sorted(wanted.records)) if wanted.records is not None else None),
    ]
    return [(part, value) for part, value in asked if value is not None]


def plain_query(wanted: Filter, each: str, size: int) -> FilterQuery | None:
    """A filter over columns of `entry` alone, within the first `size` records; None where it takes an index."""
    if named(wanted) or wanted.text is not None:
        return None
    parts = [*plain_conditions(wanted, each), *within("entry.idx", size)]
    return FilterQuery(
        "entry", " AND ".join(part for part, _ in parts), tuple(value for _, value in parts), "entry.idx"
    )


def matches(wanted: Filter, record: AuditRecord) -> bool:
    """Does a filter want this record? Read from the record alone, whatever an index says.

    Words are compared without case and accents, wherever they stand.
    """
    there = mentions(record.fields)
    return (
        (wanted.since is None or record.time >= wanted.since)
        and (wanted.until is None or record.time < wanted.until)
        and wanted.outcome in (None, record.outcome)
        and wanted.event in (None, record.event)
        and (wanted.records is None or record.id in wanted.records)
        and all(pair in there for pair in named(wanted))
        and (wanted.text is None or words(wanted.text) <= words(words_of(record.fields)))
    )


def findable(record: AuditRecord) -> AuditRecord:
    """The record with what `matches` reads alone, and none of its long texts where it needs their names only."""
    kept = {name: value for name, value in record.fields.items() if name in _FOUND_BY}
    return replace(record, fields=kept)


_FOUND_BY = frozenset(
    (*TEXT_FIELDS, "platform", "user", "email", "by", "requested_by", "approved_by", "channel", "tenant")
)


def words(text: str) -> set[str]:
    """The words of a text, without case and accents."""
    flat = unicodedata.normalize("NFKD", text.casefold())
    marks = {ord(letter): None for letter in set(flat) if unicodedata.combining(letter)}  # each letter once
    return set(_WORD.findall(flat.translate(marks) if marks else flat))


def within(key: str, size: int) -> list[tuple[str, str | int]]:
    """The condition that keeps a query to the records that a checkpoint of this size covers."""
    return [(f"{key} >= ?", 0), (f"{key} < ?", size)]
