"""The record of one question: everything that reviewers ask for, and what replay needs. Pure.

`question_record` builds it of an `Outcome`, `restore` gives that back. What each
field means stands in `audit.fields` (and, generated from it, in docs/audit.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from audit.canonical import canonical
from audit.errors import AuditCorrupt
from audit.outcome import Outcome, OutcomeKind
from audit.record import AuditRecord, Json, from_json
from retrieval.answer_form import structured
from retrieval.codec import clean, to_json, to_object
from retrieval.people import AccessList, Audience, Principal
from retrieval.selection import ModelUse
from retrieval.standing import Confirmed
from retrieval.types import Answer, AnswerPart, Citation, Document, Passage, Question, Seal, Statement, Verified
from retrieval.verdicts import VerdictClass

LARGEST_SNAPSHOT = 100_000
"""Code points: of a longer section, the record keeps the part around the quotes."""

_AROUND = 10_000
_PLACE = ("channel", "channel_kind", "thread", "message", "key", "by")

NOTHING = Verified(None, ())
"""Nothing was drafted: the question was refused, or something failed before."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a document version's canonical text that the record must hold."""

    document: str
    version: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Occasion:
    """A question: who asked it where, who would read the reply, and how it was searched.

    `place` holds "channel", "channel_kind", "thread", "message" and "key" as far as they exist; "by" at a terminal.
    """

    question: Question
    searched: str
    asker: Principal
    audience: Audience
    place: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Basis:
    """What an outcome rests on: what was found, what may be read, what the gate said, what it took.

    Of `access` (by id) the lists of `passages` are kept. `snapshots` are the texts of `cited_spans`; for one
    that is missing the quoted passage stands in.
    """

    passages: Sequence[Passage] = ()
    access: Mapping[str, AccessList] = field(default_factory=dict)
    verified: Verified = NOTHING
    use: ModelUse = field(default_factory=lambda: ModelUse("none"))
    snapshots: Mapping[Span, str] = field(default_factory=dict)
    timings_us: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    confirmed: Sequence[Confirmed] = ()
    as_of: str = ""


def cited_spans(verified: Verified) -> tuple[Span, ...]:
    """The cited sections: fetch their texts (`Library.text`) and hand them to `question_record`."""
    wanted: dict[tuple[str, str, str], Span] = {}
    shown = verified.answer or verified.nearest
    for citation in shown.citations if shown is not None else ():
        section, document = citation.section, citation.document
        start, end = section.start, section.end
        if end - start > LARGEST_SNAPSHOT:
            start, end = max(start, citation.start - _AROUND), min(end, citation.end + _AROUND)
        start, end = min(start, citation.start), max(end, citation.end)
        known = wanted.get((document.id, document.version, section.id))
        if known is not None:
            start, end = min(start, known.start), max(end, known.end)
        wanted[document.id, document.version, section.id] = Span(document.id, document.version, start, end)
    return tuple(wanted.values())


def posted_bytes(payload: Mapping[str, Json]) -> bytes:
    """The bytes of a message's payload: its canonical JSON (RFC 8785). Raises RecordInvalid for floats."""
    return canonical(to_json(payload))


def question_record(
    outcome: Outcome,
    occasion: Occasion,
    basis: Basis | None = None,
    *,
    posted: bytes = b"",
    layout: int = 0,
    software: str = "",
    configuration_sha256: str = "",
    trace_id: str = "",
    time: datetime | None = None,
) -> AuditRecord:
    """A question and what became of it: `restore` gives back the outcome. `posted` are the message's bytes (UTF-8).

    `layout` numbers the form in which outcomes become messages (0: not told): another one makes other bytes of them.
    """
    basis = basis if basis is not None else Basis()
    said = {
        "text": outcome.text,
        "notice": outcome.notice,
        "expert": outcome.expert,
        "link": outcome.link,
        "error": basis.error,
    }
    shown = basis.verified.answer or basis.verified.nearest
    documents = {(d.id, d.version): d for d in _documents(shown, (*basis.passages, *outcome.nearest))}
    fields: dict[str, Json] = {
        **_who(occasion.asker),
        **{name: to_json(occasion.place[name]) for name in _PLACE if name in occasion.place},
        "audience": to_json(occasion.audience),
        **_asked(occasion.question, occasion.searched),
        "documents": [to_json(document) for document in documents.values()],
        "access_lists": _access(basis.access, documents.values()),
        **_found(basis.verified, basis.passages, basis.snapshots),
        "private": outcome.private,
        **{name: clean(words) for name, words in said.items()},
        "nearest": [_packed(passage) for passage in outcome.nearest],
        "shown_question": clean(outcome.question),
        **_posted(posted),
        **to_object(basis.use),
        "timings_us": to_json(basis.timings_us),
        "confirmed": to_json(tuple(basis.confirmed)),
        "as_of": basis.as_of,
        "layout": layout,
        "software": software,
        "configuration_sha256": configuration_sha256,
        "trace_id": trace_id,
    }
    at, before = time or datetime.now(UTC), outcome.repeats or None
    return AuditRecord(outcome.record_id, "question", at, outcome.kind.value, fields, refers_to=before)


def restore(record: AuditRecord) -> Outcome:
    """What was shown, from the record alone. Raises AuditCorrupt when fields are erased or do not fit.

    The answer in it is the one that `retrieval.verify` made: the caller has proved that the record is
    unchanged and checked each quote against the section snapshot (`audit.replay`). That of a question which
    only got a pointer to an earlier answer stands in the record that it points to.
    """
    gone = sorted(
        set(record.erased)
        & {"documents", "statements", "parts", "citations", "nearest", "text", "link", "shown_question"}
    )
    if gone:
        raise AuditCorrupt(f"record {record.id}: {', '.join(gone)} was erased, so what was shown cannot be rebuilt")
    try:
        documents: dict[tuple[Json, Json], Json] = {(d["id"], d["version"]): d for d in _list(record, "documents")}
        return Outcome(
            kind=OutcomeKind(record.outcome),
            record_id=record.id,
            question=str(record.fields["shown_question"]),
            answer=_answer(record, documents) if record.fields["statements"] is not None else None,
            text=str(record.fields["text"]),
            nearest=tuple(from_json(Passage, item) for item in _unpacked(_list(record, "nearest"), documents)),
            notice=str(record.fields["notice"]),
            private=bool(record.fields["private"]),
            expert=str(record.fields.get("expert") or ""),
            repeats=record.refers_to or "",
            link=str(record.fields.get("link") or ""),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise AuditCorrupt(f"record {record.id} is no record of a question that this version reads: {error}") from error


def _answer(record: AuditRecord, documents: Mapping[tuple[Json, Json], Json]) -> Answer:
    """The answer that was verified when it was recorded."""
    parts = _list(record, "parts") if record.fields.get("parts") else []  # records of earlier versions have none
    return Answer(
        tuple(from_json(Statement, item) for item in _list(record, "statements")),
        tuple(from_json(Citation, item) for item in _unpacked(_list(record, "citations"), documents)),
        tuple(from_json(AnswerPart, item) for item in parts),
        seal=Seal.RESTORED,
    )


# --- parts -----------------------------------------------------------------------------------


def _who(asker: Principal) -> dict[str, Json]:
    return {
        "platform": asker.platform,
        "tenant": clean(asker.tenant),
        "user": clean(asker.user),
        "email": clean(asker.email),
        "groups": to_json(asker.groups),
        "member": asker.member,
    }


def _asked(question: Question, searched: str) -> dict[str, Json]:
    return {
        "question": clean(question.text),
        "searched": clean(searched),
        "asked_at": question.asked_at.astimezone(UTC).isoformat(),
        "memory": to_json(question.memory),
    }


def _posted(data: bytes) -> dict[str, Json]:
    return {"posted": data.decode("utf-8", "replace"), "posted_sha256": hashlib.sha256(data).hexdigest()}


def _found(verified: Verified, passages: Sequence[Passage], snapshots: Mapping[Span, str]) -> dict[str, Json]:
    """What was retrieved, what was said of it (or shown as nearest), and what the gate refused."""
    answer = verified.answer or verified.nearest
    return {
        "passages": [_passage(passage, answer) for passage in passages],
        "statements": to_json(answer.statements) if answer is not None else None,
        "parts": to_json(answer.parts) if answer is not None else [],
        "structured": to_json(structured(answer)) if answer is not None else None,
        "citations": [_packed(citation) for citation in answer.citations] if answer is not None else [],
        "sections": _snapshots(answer, verified, snapshots, passages),
        "dropped": [
            {**to_object(verdict.claim), "verdict": verdict.verdict.value, "reason": clean(verdict.reason)}
            for verdict in verified.verdicts
            if verdict.verdict is not VerdictClass.SUPPORTED
        ],
        "opinions": to_json(verified.opinions),
    }


def _documents(answer: Answer | None, passages: Sequence[Passage]) -> list[Document]:
    cited = [citation.document for citation in answer.citations] if answer is not None else []
    return [*cited, *(passage.document for passage in passages)]


def _access(access: Mapping[str, AccessList], documents: Iterable[Document]) -> Json:
    wanted = {document.acl_id for document in documents}
    return {acl_id: to_json(access[acl_id]) for acl_id in sorted(wanted) if acl_id in access}


def _packed(value: Passage | Citation, without: tuple[str, ...] = ()) -> dict[str, Json]:
    """A passage or citation as JSON, its document named by id and version."""
    packed = to_object(value, ("document", "units", *without))
    packed["document"], packed["version"] = clean(value.document.id), clean(value.document.version)
    return packed


def _unpacked(values: Sequence[dict[str, Json]], documents: Mapping[tuple[Json, Json], Json]) -> list[dict[str, Json]]:
    unpacked = []
    for value in values:
        whole = dict(value)
        whole["document"] = documents[whole["document"], whole.pop("version")]
        unpacked.append(whole)
    return unpacked


def _passage(passage: Passage, answer: Answer | None) -> Json:
    """A retrieved passage without its text (the cited sections' texts are in `sections`)."""
    packed = _packed(passage, ("text", "sections"))  # the cited section stands in the citation
    packed["text_sha256"] = hashlib.sha256(clean(passage.text).encode()).hexdigest()
    packed["score_millionths"] = packed.pop("score")
    packed["acl_id"] = passage.document.acl_id
    packed["cited"] = any(
        citation.document.id == passage.document.id
        and citation.document.version == passage.document.version
        and passage.start <= citation.start
        and citation.end <= passage.end
        for citation in (answer.citations if answer is not None else ())
    )
    return packed


def _snapshots(
    answer: Answer | None, verified: Verified, given: Mapping[Span, str], passages: Sequence[Passage]
) -> Json:
    found: list[Json] = []
    for span in cited_spans(verified):
        text, start = given.get(span, ""), span.start
        if len(text) == span.end - span.start:
            found.append(_snapshot(span.document, span.version, start, text))
            continue
        for passage in passages:
            document = passage.document
            within = span.start <= passage.start and passage.end <= span.end
            if (document.id, document.version) == (span.document, span.version) and within and _quoted(passage, answer):
                found.append(_snapshot(document.id, document.version, passage.start, passage.text))
    return found


def _quoted(passage: Passage, answer: Answer | None) -> bool:
    citations = answer.citations if answer is not None else ()
    return any(passage.start <= citation.start and citation.end <= passage.end for citation in citations)


def _snapshot(document: str, version: str, start: int, text: str) -> Json:
    text = clean(text)
    return {
        "document": document,
        "version": version,
        "start": start,
        "end": start + len(text),
        "text": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def _list(record: AuditRecord, name: str) -> list[dict[str, Json]]:
    value = record.fields[name]
    if not isinstance(value, list):
        raise AuditCorrupt(f"record {record.id}: field {name} is no list")
    return [item for item in value if isinstance(item, dict)]
