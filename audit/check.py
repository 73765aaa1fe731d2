"""The checks of one record against its leaf. Pure: values in, findings out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from audit.disclosure import FORMS, digest, leaf_text, names_digest, opened, parse_timestamp
from audit.errors import AuditCorrupt, RecordInvalid
from audit.record import Json

_OPEN = ("id", "event", "time", "outcome", "refers_to")
_SALT_LENGTH = 22  # 128 bits
_SALT_LETTERS = re.compile("[A-Za-z0-9_-]*")
_LEAF: msgspec.json.Decoder[dict[str, Json]] = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be. `record` is None when it is about the whole log or export."""

    record: str | None
    what: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A record as somebody hands it over: nothing of it is believed yet."""

    id: str
    event: str
    time: str
    outcome: str
    refers_to: str | None
    fields: Mapping[str, Json]
    salts: Mapping[str, str]
    erased: Mapping[str, str]
    leaf: bytes
    body: bytes | None = None  # the stored disclosures, when their very bytes are at hand
    digests: Sequence[str] | None = None  # of the fields in their order, over those bytes, when worked out already


def check_record(record: Claimed) -> Iterator[Finding]:
    """Does the leaf say what the record says, and do its quotes stand in its own snapshots?"""

    def found(what: str) -> Finding:
        return Finding(record.id, what)

    # 1. The leaf is canonical and of the form this version writes.
    # 2. What stands in the open beside the leaf is what the leaf says.
    try:
        leaf = _LEAF.decode(record.leaf)
        digests = leaf["sd"]
        said = [leaf[name] for name in _OPEN]
        form, names = leaf["v"], leaf.get("names")
    except (msgspec.DecodeError, ValueError, KeyError, RecursionError):
        yield found("the leaf is malformed")
        return
    listed = [item for item in digests if isinstance(item, str)] if isinstance(digests, list) else []
    if listed != digests:
        yield found("the leaf's digests are malformed")
        return
    stated = [getattr(record, name) for name in _OPEN]
    yield from (
        found(f"{name} differs from the leaf") for name, a, b in zip(_OPEN, said, stated, strict=True) if a != b
    )
    try:
        expected = leaf_text(
            record.id, record.event, record.time, record.outcome, record.refers_to, listed, form_of(form), str(names)
        )
    except RecordInvalid:
        expected = b""
    if said == stated and expected != record.leaf:
        yield found("the leaf is not in its canonical form")
    # 3. Each disclosure has its own digest in the leaf, and no digest is left over but the erased ones. Those that
    #    are there and those that are said to be erased have the names that the record's fields had.
    yield from _check_digests(record, listed)
    if isinstance(form, int) and form > 2 and names != _names_of(record):
        yield found("the fields that are there and those that are said to be erased are not those that were recorded")
    # 4. The time is a time; posted bytes have their hash.
    try:
        parse_timestamp(record.time)
    except ValueError:
        yield found("the time is malformed")
    yield from (found(what) for what in check_values(record.event, record.fields))


def check_values(event: str, fields: Mapping[str, Json]) -> Iterator[str]:
    """What is wrong within a record's fields, whatever its leaf says."""
    posted, hashed = fields.get("posted"), fields.get("posted_sha256")
    if isinstance(posted, str) and isinstance(hashed, str) and hashlib.sha256(posted.encode()).hexdigest() != hashed:
        yield "the posted bytes do not have the hash that was recorded"
    # 5. Each section snapshot has its hash and length, and each quote stands in one at its offsets.
    if event == "question":
        yield from check_quotes(fields)


def sound_leaf(index: int, leaf: object) -> bytes:
    """A column may hold anything, where somebody made the table anew. Raises AuditCorrupt."""
    if not isinstance(leaf, bytes):
        raise AuditCorrupt(f"the leaf at position {index} is no bytes; run: footnote audit verify")
    return leaf


def _names_of(record: Claimed) -> str:
    try:
        return names_digest(sorted({*record.fields, *record.erased}))
    except RecordInvalid:  # a name that no field ever had
        return ""


def form_of(form: Json) -> int:
    """A leaf's form. Raises RecordInvalid when it is none that was ever written."""
    if type(form) is not int or form not in FORMS:
        raise RecordInvalid(f"there is no form {form!r} of records")
    return form


def missing_digests(record: Claimed) -> set[str]:
    """Digests of the leaf whose fields are not there. Raises AuditCorrupt, RecordInvalid."""
    try:
        listed = _LEAF.decode(record.leaf).get("sd")
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise AuditCorrupt(f"the leaf of record {record.id} is malformed: {error}") from error
    return {str(one) for one in (listed if isinstance(listed, list) else [])} - {d for _, d in digests_of(record)}


def _check_digests(record: Claimed, listed: list[str]) -> Iterator[Finding]:
    left = set(listed)
    if len(left) != len(listed) or listed != sorted(listed):
        yield Finding(record.id, "the leaf's digests are not sorted and distinct")
    if record.salts.keys() != record.fields.keys():
        yield Finding(record.id, "the salts are not those of the fields")
        return
    try:
        digests = digests_of(record)
    except (AuditCorrupt, RecordInvalid) as error:
        yield Finding(record.id, str(error))
        return
    if len(digests) != len(record.fields):
        yield Finding(record.id, "a field stands twice")
    given = dict(digests)
    known = given.keys() == record.fields.keys() and len(given) == len(digests)
    if known and left.issuperset(given.values()) and are_salts(record.salts.values()):
        left.difference_update(given.values())
        digests = []
    for name, value in digests:  # one of them is wrong: which
        if value not in left or name not in record.fields or not are_salts([record.salts[name]]):
            yield Finding(record.id, f"field {name} is not what was recorded")
        left.discard(value)
    if set(record.erased) & set(record.fields):
        yield Finding(record.id, "a field is said to be erased and is there")
    if len(left) != len(record.erased):
        missing, erased = len(left), len(record.erased)
        yield Finding(record.id, f"{missing} fields are missing, {erased} are said to be erased")


def are_salts(salts: Collection[str]) -> bool:
    """Have they the form of salts? One look at all of them together, which are many."""
    return {*map(len, salts)} <= {_SALT_LENGTH} and _SALT_LETTERS.fullmatch("".join(salts)) is not None


def digests_of(record: Claimed) -> list[tuple[str, str]]:
    """(name, digest) of each field: over the stored bytes where they are at hand, else over the canonical form."""
    if record.digests is not None:
        return [*zip(record.fields, record.digests, strict=True)]
    if record.body is not None:
        parts, hashed = opened(record.body)
        return [(name, value) for (_, name, _), value in zip(parts, hashed, strict=True)]
    return [(name, digest(record.salts[name], name, value)) for name, value in record.fields.items()]


def check_quotes(fields: Mapping[str, Json]) -> Iterator[str]:
    """What is wrong with a question's snapshots and quotes; nothing where they were erased."""
    sections, citations = fields.get("sections"), fields.get("citations")
    if sections is None or citations is None:
        return
    if not isinstance(sections, list) or not isinstance(citations, list):
        yield "sections or citations are malformed"
        return
    texts: list[tuple[tuple[Json, Json], int, str]] = []
    for section in sections:
        text = section.get("text") if isinstance(section, dict) else None
        if not isinstance(section, dict) or not isinstance(text, str):
            yield "a section snapshot is malformed"
            continue
        start, end = section.get("start"), section.get("end")
        if hashlib.sha256(text.encode()).hexdigest() != section.get("sha256"):
            yield f"the section snapshot of {section.get('document')} does not have its hash"
        if not isinstance(start, int) or not isinstance(end, int) or end - start != len(text):
            yield f"the section snapshot of {section.get('document')} does not have its length"
            continue
        texts.append(((section.get("document"), section.get("version")), start, text))
    for citation in citations:
        if not isinstance(citation, dict) or not _stands(citation, texts):
            number = citation.get("n") if isinstance(citation, dict) else "?"
            yield f"the quote of citation {number} does not stand at its offsets"


def _stands(citation: Mapping[str, Json], texts: list[tuple[tuple[Json, Json], int, str]]) -> bool:
    start, end, quote = citation.get("start"), citation.get("end"), citation.get("quote")
    if (
        not isinstance(start, int)
        or not isinstance(end, int)
        or not isinstance(quote, str)
        or end - start != len(quote)
    ):
        return False
    place = (citation.get("document"), citation.get("version"))
    return any(
        place == where and first <= start and text[start - first : end - first] == quote for where, first, text in texts
    )
