"""The checks of one record against its leaf. Pure: values in, findings out."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from audit.canonical import parse
from audit.disclosure import SALT_BYTES, VERSION, digest, parse_timestamp
from audit.errors import RecordInvalid
from audit.record import Json

_LEAF_KEYS = {"v", "id", "event", "time", "outcome", "refers_to", "sd_alg", "sd"}


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


def check_record(record: Claimed) -> Iterator[Finding]:
    """Does the leaf say what the record says, and do its quotes stand in its own snapshots?"""

    def found(what: str) -> Finding:
        return Finding(record.id, what)

    # 1. The leaf is canonical and of the form this version writes.
    try:
        leaf = parse(record.leaf)
    except RecordInvalid as error:
        yield found(f"the leaf is malformed: {error}")
        return
    if not isinstance(leaf, dict) or set(leaf) != _LEAF_KEYS or (leaf["v"], leaf["sd_alg"]) != (VERSION, "sha-256"):
        yield found("the leaf has an unknown form")
        return
    # 2. What stands in the open beside the leaf is what the leaf says.
    for name in ("id", "event", "time", "outcome", "refers_to"):
        if leaf[name] != getattr(record, name):
            yield found(f"{name} differs from the leaf")
    # 3. Each disclosure has its own digest in the leaf, and no digest is left over but the erased ones.
    yield from _check_digests(record, leaf["sd"])
    # 4. The time is a time; posted bytes have their hash.
    try:
        parse_timestamp(record.time)
    except ValueError:
        yield found("the time is malformed")
    posted, stated = record.fields.get("posted"), record.fields.get("posted_sha256")
    if isinstance(posted, str) and isinstance(stated, str) and hashlib.sha256(posted.encode()).hexdigest() != stated:
        yield found("the posted bytes do not have the hash that was recorded")
    # 5. Each section snapshot has its hash and length, and each quote stands in one at its offsets.
    if record.event == "question":
        yield from (found(what) for what in check_quotes(record.fields))


def _check_digests(record: Claimed, listed: Json) -> Iterator[Finding]:
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        yield Finding(record.id, "the leaf's digests are malformed")
        return
    left = {str(item) for item in listed}
    if len(left) != len(listed) or [*listed] != sorted(left):
        yield Finding(record.id, "the leaf's digests are not sorted and distinct")
    if set(record.salts) != set(record.fields):
        yield Finding(record.id, "the salts are not those of the fields")
        return
    for name, value in record.fields.items():
        salt = record.salts[name]
        try:
            if len(base64.b64decode(salt + "==", altchars=b"-_", validate=True)) != SALT_BYTES:
                raise ValueError("length")
            left.remove(digest(salt, name, value))
        except (KeyError, ValueError, binascii.Error, RecordInvalid):
            yield Finding(record.id, f"field {name} is not what was recorded")
    if set(record.erased) & set(record.fields):
        yield Finding(record.id, "a field is said to be erased and is there")
    if len(left) != len(record.erased):
        missing, erased = len(left), len(record.erased)
        yield Finding(record.id, f"{missing} fields are missing, {erased} are said to be erased")


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
