"""An answer replayed from the log alone: is it proved, do its quotes stand, who might read it, what was shown?

What `audit` may not know is handed in: how an outcome becomes a platform's bytes (`render`) and how a
cited section reads today (`today`). Both are called with plain values.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from audit.check import check_quotes, check_record
from audit.errors import AuditCorrupt, RecordUnknown
from audit.log import TransparencyLog
from audit.note import PublicKey
from audit.outcome import Outcome
from audit.question import restore
from audit.reading import Reader, Stored
from audit.record import AuditRecord, Json, from_json
from audit.tree import check_inclusion, leaf_hash, prove_inclusion
from retrieval.people import AccessList, Audience, Principal

Renderer = Callable[[str, Outcome], bytes]
"""(platform, what was shown) -> the payload's bytes, as `audit.question.posted_bytes` makes them."""

Today = Callable[[str, str, int, int, str], Awaitable[str | None]]
"""(document id, version, start, end, section id) -> the section's text in the current version; None: it is gone."""


@dataclass(frozen=True, slots=True)
class Step:
    """One check: True, False, or None when fields that it needs were erased (or it does not apply)."""

    name: str
    ok: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Change:
    """How a cited section reads today: "unchanged", "changed" (with a unified diff) or "gone"."""

    document: str
    version: str
    section: str
    state: str
    diff: str


@dataclass(frozen=True, slots=True)
class Replayed:
    record: AuditRecord
    steps: tuple[Step, ...]
    changes: tuple[Change, ...]

    @property
    def ok(self) -> bool:
        return all(step.ok is not False for step in self.steps)

    def as_json(self) -> dict[str, Json]:
        return {
            "record": self.record.id,
            "ok": self.ok,
            "steps": [{"name": step.name, "ok": step.ok, "detail": step.detail} for step in self.steps],
            "sections": [
                {
                    "document": change.document,
                    "version": change.version,
                    "section": change.section,
                    "state": change.state,
                    "diff": change.diff,
                }
                for change in self.changes
            ],
        }


async def replay(
    log: TransparencyLog,
    record_id: str,
    *,
    render: Renderer | None = None,
    today: Today | None = None,
    layout: int = 0,
) -> Replayed:
    """Replay a question; `layout` is the form that `render` makes; what is wrong is a step's `ok` = False.

    Raises RecordUnknown, AuditUnavailable.
    """
    stored, inclusion = await log.read(lambda view: (view.stored(record_id), _included(view, record_id)))
    if stored is None or inclusion is None:
        raise RecordUnknown(f"there is no record {record_id}; `footnote audit list` shows the ids")
    record = stored.record
    if record.event != "question":
        raise RecordUnknown(f"record {record_id} is a {record.event}, not a question; only questions are replayed")
    # 1. The record is in the signed tree, and its fields are those of its leaf.
    # 2. Each quote stands in the section as it was stored.
    # 3. The stored groups and access lists permit what was quoted and what the model saw.
    # 4. The bytes that were posted come out again.
    steps = (inclusion, _fields(stored), _quotes(record), _permission(record), _posted(record, render, layout))
    changes = await _changes(record, today) if today is not None else ()
    return Replayed(record, steps, changes)


def _included(view: Reader, record_id: str) -> Step | None:
    """(1) Proof of inclusion under the checkpoint that is signed now."""
    stored = view.stored(record_id)
    if stored is None:
        return None
    name = "in the signed log"
    try:
        head = view.head()
    except AuditCorrupt as error:
        return Step(name, False, str(error))
    proof = prove_inclusion(stored.index, head.size, view.hashes())
    ok = check_inclusion(proof, stored.index, head.size, leaf_hash(stored.leaf), head.root)
    return Step(name, ok, f"position {stored.index} of {head.size}, signed by {PublicKey.parse(view.keys()[-1]).name}")


def _fields(stored: Stored) -> Step:
    record = stored.record
    found = [finding.what for finding in check_record(stored.claimed())]
    erased = f"; erased: {', '.join(record.erased)}" if record.erased else ""
    return Step("fields as recorded", not found, "; ".join(found) or f"{len(record.fields)} fields{erased}")


def _quotes(record: AuditRecord) -> Step:
    name = "quotes stand in the stored sections"
    if {"citations", "sections"} & set(record.erased):
        return Step(name, None, "citations or sections were erased")
    citations = record.fields.get("citations")
    count = len(citations) if isinstance(citations, list) else 0
    found = list(check_quotes(record.fields))
    if not found and record.outcome == "answered" and record.fields.get("statements") and not count:
        found = ["an answer without a citation"]
    return Step(name, not found, "; ".join(found) or f"{count} quotes")


def _permission(record: AuditRecord) -> Step:
    """(3) Everything in the model's context and every citation, against everyone who would see the reply."""
    name = "readers were allowed"
    needed = {"passages", "documents", "access_lists", "audience", "citations"} | {"groups", "user", "email", "member"}
    gone = sorted(needed & set(record.erased))
    if gone:
        return Step(name, None, f"{', '.join(gone)} was erased")
    fields = record.fields
    try:
        audience = from_json(Audience, fields["audience"])
        lists = fields["access_lists"]
        access = {k: from_json(AccessList, v) for k, v in lists.items()} if isinstance(lists, dict) else {}
        asker = _principal(fields)
        used = _used(fields)
    except (KeyError, AuditCorrupt) as error:
        return Step(name, False, f"the stored decision cannot be read: {error}")
    refused = sorted(
        document
        for document, acl_id in used
        if acl_id not in access or not audience.permits(access[acl_id]) or not access[acl_id].permits(asker.entries)
    )
    detail = (
        f"not permitted: {', '.join(refused)}"
        if refused
        else f"{len(used)} documents, {len(audience.readers)} kinds of readers"
    )
    return Step(name, not refused, detail)


def _principal(fields: Mapping[str, Json]) -> Principal:
    return from_json(
        Principal, {name: fields[name] for name in ("platform", "tenant", "user", "email", "groups", "member")}
    )


def _used(fields: Mapping[str, Json]) -> set[tuple[str, str]]:
    """(document, access list) of what was cited, handed to the model, or shown as near."""
    documents = {(d.get("id"), d.get("version")): d for d in _objects(fields["documents"])}
    used = [p for p in _objects(fields["passages"]) if p.get("context")]
    used += _objects(fields["citations"]) + _objects(fields.get("nearest"))
    found = set()
    for item in used:
        document = documents.get((item.get("document"), item.get("version")), {})
        found.add((str(item.get("document")), str(document.get("acl_id"))))
    return found


def _posted(record: AuditRecord, render: Renderer | None, layout: int) -> Step:
    name = "posted bytes rebuilt"
    gone = sorted({"posted", "posted_sha256", "platform"} & set(record.erased))
    if gone or render is None:
        return Step(name, None, f"{', '.join(gone)} was erased" if gone else "no renderer for this platform here")
    try:
        rebuilt = render(str(record.fields["platform"]), restore(record))
    except (AuditCorrupt, KeyError) as error:
        return Step(name, None if record.erased else False, str(error))
    if hashlib.sha256(rebuilt).hexdigest() == record.fields.get("posted_sha256"):
        return Step(name, True, f"{len(rebuilt)} bytes, the same")
    posted = str(record.fields.get("posted"))
    software = record.fields.get("software")
    before = record.fields.get("layout", 0)  # records before 0.2 have none
    if before != layout:
        other = f"posted by {software} in form {before} of our messages, and this version makes form {layout}"
        return Step(name, None, f"{other}; the bytes as they were posted are in the record ({len(posted)} characters)")
    diff = "\n".join(_diff(posted, rebuilt.decode("utf-8", "replace"), "posted", "rebuilt"))
    return Step(name, False, f"differs (posted by {software}):\n{diff}"[:4000])


async def _changes(record: AuditRecord, today: Today) -> tuple[Change, ...]:
    """Each cited section as it was stored, against the document's current version."""
    changes = []
    for section in _objects(record.fields.get("sections")):
        document, version, start, end = (section.get(name) for name in ("document", "version", "start", "end"))
        section_id = _section_id(record, section)
        if not isinstance(start, int) or not isinstance(end, int):
            continue
        text = await today(str(document), str(version), start, end, section_id)
        before = str(section.get("text"))
        state = "gone" if text is None else "unchanged" if text == before else "changed"
        diff = "\n".join(_diff(before, text or "", f"{document} {version}", "today")) if state == "changed" else ""
        changes.append(Change(str(document), str(version), section_id, state, diff))
    return tuple(changes)


def _section_id(record: AuditRecord, snapshot: Mapping[str, Json]) -> str:
    """The section whose quotes stand in this snapshot; "" when there is none."""
    first, last = snapshot.get("start"), snapshot.get("end")
    for citation in _objects(record.fields.get("citations")):
        section, start = citation.get("section"), citation.get("start")
        if any(citation.get(name) != snapshot.get(name) for name in ("document", "version")):
            continue
        if not (isinstance(start, int) and isinstance(first, int) and isinstance(last, int)):
            continue
        if isinstance(section, dict) and first <= start < last:
            return str(section.get("id"))
    return ""


def _diff(before: str, after: str, old: str, new: str) -> list[str]:
    return list(difflib.unified_diff(before.splitlines(), after.splitlines(), old, new, lineterm="", n=2))


def _objects(value: Json) -> list[dict[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
