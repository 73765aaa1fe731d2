"""The `why` command: how the last answer was found, told from its record, as far as its readers may read now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audit.errors import AuditError
from audit.record import AuditRecord, Json, from_json
from bot.answering.history import History
from bot.answering.render import where
from bot.texts import LAST_ANSWER_UNREADABLE, NOTHING_TO_EXPLAIN, PRIVATE_BEFORE, WHY_HEADS
from retrieval.people import Principal
from retrieval.ports import Library
from retrieval.types import Document, Section

OTHERS = 3  # passages named that were looked at and not quoted
DROPPED = 3
CLIP = 300  # characters of a question or a refused statement


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage, or a citation of it, that the readers may read, as the question found it."""

    document: Document
    section: Section
    page: int | None
    locator: str | None
    score: int
    context: bool
    cited: bool
    same_version: bool


async def why(
    history: History, library: Library, place: Mapping[str, Json], reader: Principal, acl_ids: frozenset[str]
) -> str:
    """`acl_ids` are the access lists that everyone who sees this reply passes, checked for this reply.

    Raises RetrievalError when the library cannot be read.
    """
    try:
        record = await history.last(place, reader)
    except AuditError:
        return LAST_ANSWER_UNREADABLE
    if record is None:
        return NOTHING_TO_EXPLAIN
    if record.fields.get("private") is True and place.get("channel_kind") != "direct":
        return PRIVATE_BEFORE.format(record=record.id)
    passages = [p for p in _objects(record, "passages") if isinstance(p.get("section"), dict)]
    current = await library.current(sorted({str(p["document"]) for p in passages}))
    readable = {id_: document for id_, document in current.items() if document.acl_id in acl_ids}
    found = [_found(p, readable[str(p["document"])], p) for p in passages if p["document"] in readable]
    quoted = [
        _found(c, readable[str(c["document"])], _around(c, passages))
        for c in _objects(record, "citations")
        if c["document"] in readable
    ]
    lines = _lines(record, sorted(found, key=lambda f: -f.score), quoted)
    if len(found) == len(passages):  # else a statement may tell what some reader may not know
        lines += _claims(record)
    if record.outcome in ("refused", "failed"):
        lines.append(f"• What I said: {_clip(str(record.fields.get('text') or ''))}")
    head = WHY_HEADS.get(record.outcome, WHY_HEADS["answered"])
    return "\n".join([head, *lines, f"• Its record: {record.id}"])


def _around(citation: Mapping[str, Json], passages: Sequence[Mapping[str, Json]]) -> Mapping[str, Json]:
    """The passage that a citation quotes."""
    for p in passages:
        same = all(p.get(name) == citation.get(name) for name in ("document", "version"))
        if same and _number(p, "start") <= _number(citation, "start") and _number(citation, "end") <= _number(p, "end"):
            return p
    return {}


def _found(shown: Mapping[str, Json], document: Document, passage: Mapping[str, Json]) -> FoundPassage:
    """`shown` is what is named: the passage itself, or a citation of it."""
    places = shown.get("places")
    spot = places[0] if isinstance(places, list) and places and isinstance(places[0], dict) else shown
    page, locator = spot.get("page"), spot.get("locator")
    return FoundPassage(
        document,
        from_json(Section, shown["section"]),
        page if isinstance(page, int) else None,
        locator if isinstance(locator, str) else None,
        _number(passage, "score_millionths"),
        passage.get("context") is True,
        passage.get("cited") is True,
        shown.get("version") == document.version,
    )


def _number(of: Mapping[str, Json], name: str) -> int:
    value = of.get(name)
    return value if isinstance(value, int) else 0


def _lines(record: AuditRecord, found: Sequence[FoundPassage], quoted: Sequence[FoundPassage]) -> list[str]:
    fields = record.fields
    lines = [f"• Searched for: “{_clip(str(fields.get('searched') or fields.get('shown_question') or ''))}”"]
    if found:
        read = sum(f.context for f in found)
        lines.append(f"• Considered: {_count(len(found), 'passage')}; {read} of them read for the answer.")
    elif fields.get("generator") != "none":
        lines.append("• Considered: no passage that everyone here may read.")
    best = found[0].score if found else 0
    others = [f for f in found if not f.cited]
    lines += [f"• Quoted: {_name(f)} ({_match(f.score, best)})" for f in _once(quoted)]
    lines += [f"• Near, not quoted: {_name(f)} ({_match(f.score, best)})" for f in _once(others, quoted)[:OTHERS]]
    return [*lines, f"• Written by: {_writer(fields)}"]


def _once(found: Sequence[FoundPassage], said: Sequence[FoundPassage] = ()) -> list[FoundPassage]:
    """One for each section, the best."""
    names = {(f.document.id, f.section.id) for f in said}
    kept: list[FoundPassage] = []
    for f in found:
        if (f.document.id, f.section.id) not in names:
            names.add((f.document.id, f.section.id))
            kept.append(f)
    return kept


def _name(f: FoundPassage) -> str:
    place = where(f.section, f.page, f.locator, f.document.title)
    changed = "" if f.same_version else ", in a version that has been replaced since"
    return ", ".join(filter(None, (f.document.title, place))) + changed


def _match(score: int, best: int) -> str:
    """Scores are comparable within one search only, so they are told against its best."""
    if score >= best:
        return "the best match"
    if score * 10 >= best * 8:
        return "close to the best match"
    return "a fair match" if score * 2 >= best else "a weak match"


def _writer(fields: Mapping[str, Json]) -> str:
    match fields.get("generator"):
        case "none":
            return "nobody; it did not come to that."
        case "extractive":
            name = "Footnote itself, from the documents' own sentences; no model was used."
        case _:
            name = f"the model {fields.get('model') or 'that is set up'}; each sentence was checked against its quotes."
    return f"{name} {_clip(str(fields.get('fallback') or ''))}".strip()


def _claims(record: AuditRecord) -> list[str]:
    """What the quote gate let through and what it refused, in its own words."""
    stood = len(_objects(record, "statements"))
    dropped = _objects(record, "dropped")
    if not stood and not dropped:
        return []
    lines = [f"• Quote check: {_count(stood, 'statement')} passed, {len(dropped)} left out."]
    for claim in dropped[:DROPPED]:
        reason = str(claim.get("reason") or claim.get("verdict") or "its quotes do not carry it")
        lines.append(f"• Left out: “{_clip(str(claim.get('text') or ''))}”, because {_clip(reason)}")
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _clip(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= CLIP else text[: CLIP - 1] + "…"


def _objects(record: AuditRecord, name: str) -> list[dict[str, Json]]:
    value = record.fields.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
