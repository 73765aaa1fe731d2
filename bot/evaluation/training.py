"""Approved answers as training examples, to fine-tune a model for behaviour: how to choose, never what.

An example is the very prompt that the model got (the passages stay in it) and the units of the approved answer in the
form the model must give; none, where it was right to give no answer. Facts are not trained in: they stand in the
passages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.errors import AuditCorrupt
from audit.question import restore
from audit.record import AuditRecord
from bot.evaluation.prompts import Sent
from retrieval.answer_form import AnswerForm, structured
from retrieval.generate.wire import written
from retrieval.selection import Chosen
from retrieval.types import Answer, Citation, Passage, Unit, Wording

POSITIVE = ("up", "approved")
NEGATIVE = ("down", "rejected")
UNFIT = "its answer is not in the form of the settings, or its fields were erased"
OUTCOMES = ("answered", "abstained")
MOST_CHARACTERS = 200_000  # of one example; far below what providers take
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# With a country code or a leading 0: without either, it is a figure, a date or a label.
_PHONE = re.compile(r"(?<![\w.,(/-])(?:\+\d|\(0\d|0[1-9])[\d ()/-]{6,}\d(?!\w)")
_MENTION = re.compile(r"<[@!#][^>]*>")


@dataclass(frozen=True, slots=True)
class Example:
    """One line of the file; when it was asked and which documents answered stand here, not in the file."""

    record_id: str
    messages: tuple[tuple[str, str], ...]
    at: datetime
    documents: frozenset[str]

    def line(self) -> str:
        """Chat-format JSON (https://platform.openai.com/docs/guides/supervised-fine-tuning)."""
        said = [{"role": role, "content": content} for role, content in self.messages]
        return json.dumps({"messages": said}, ensure_ascii=False)


def approved(referring: Iterable[AuditRecord]) -> bool:
    """A reviewer's last word decides; without one, thumbs up and none down."""
    reviews = [r.outcome for r in referring if r.event == "review"]
    if reviews:
        return reviews[-1] in POSITIVE
    thumbs = standing(referring).values()
    return any(t in POSITIVE for t in thumbs) and not any(t in NEGATIVE for t in thumbs)


def standing(referring: Iterable[AuditRecord]) -> dict[str, str]:
    """Each person's thumb as it stands: the last one, of all that they have pressed; by platform, tenant and user."""
    thumbs: dict[str, str] = {}
    for record in referring:
        if record.event == "feedback":
            who = ":".join(str(record.fields.get(name) or "") for name in ("platform", "tenant", "user"))
            thumbs[who] = str(record.fields.get("text", "")).split(":")[0].strip()
    return thumbs


def example(record: AuditRecord, sent: Sent) -> Example | None:
    """A question with what was chosen for it, or nothing, where nothing was; None when that is not in the form of the
    prompt, or fields were erased.
    """
    if record.event != "question" or record.outcome not in OUTCOMES:
        return None
    chosen: tuple[Chosen, ...] = ()
    documents: frozenset[str] = frozenset()
    if record.outcome == "answered":
        try:
            answer = restore(record).answer
        except AuditCorrupt:
            return None
        if answer is None or not _formed(answer, sent.style.form):
            return None
        chosen = tuple(_chosen(answer, sent.passages))
        documents = frozenset(c.document.id for c in answer.citations)
        if not chosen or {c.unit for c in chosen} - {id for _, id in sent.prompt.names}:
            return None
    secrets = _people(record)
    messages = [(role, redact(content, secrets)) for role, content in sent.prompt.messages]
    said = written(chosen, {id: name for name, id in sent.prompt.names}, sent.prompt.asked)
    messages.append(("assistant", redact(said, secrets)))
    return Example(record.id, tuple(messages), record.time, documents)


def parted(examples: Sequence[Example], share: float = 0.2) -> tuple[list[Example], list[Example]]:
    """Examples to train with, and later ones to measure with, of other documents: both in the order of time.

    The documents that were first answered from last, a `share` of all, are kept apart, and so is the time from the
    first answer from one of them on. What is neither before that nor of those documents alone, is in neither list.
    """
    ordered = sorted(examples, key=lambda e: (e.at, e.record_id))
    first: dict[str, datetime] = {}
    for one in ordered:
        for document in sorted(one.documents):
            first.setdefault(document, one.at)
    since = [*first.values()][len(first) - max(1, round(share * len(first))) :] if len(first) > 1 else []
    if not since or since[0] == ordered[0].at:
        return ordered, []
    known = {document for document, at in first.items() if at < since[0]}
    before = [one for one in ordered if one.at < since[0]]
    return before, [one for one in ordered if one.at >= since[0] and not one.documents & known]


def _formed(answer: Answer, form: AnswerForm | None) -> bool:
    """Whether an answer has the form that the model is asked for now, all that is required included."""
    if form is None:
        return not answer.parts
    known = all((part := form.part(p.name)) is not None and part.kind is p.kind for p in answer.parts)
    return known and structured(answer) is not None


def _chosen(answer: Answer, passages: Sequence[Passage]) -> Iterator[Chosen]:
    """The units that an answer is made of, in its order."""
    by_number = {c.n: c for c in answer.citations}
    values = {part.name: part.value for part in answer.parts}
    for statement in answer.statements:
        text = statement.text if statement.wording is Wording.COMPRESSED else ""
        for citation in (by_number[n] for n in statement.citations):
            for unit in _quoted(passages, citation):
                yield Chosen(unit.id, 0, "", text, "", statement.part, values.get(statement.part, ""))


def _quoted(passages: Sequence[Passage], citation: Citation) -> list[Unit]:
    """The unit that a citation is, else those that stand in it."""
    units = {(u.start, u.end): u for p in passages if p.document.id == citation.document.id for u in p.units}
    whole = units.get((citation.start, citation.end))
    inside = [u for u in units.values() if citation.start <= u.start and u.end <= citation.end]
    return [whole] if whole is not None else inside


def _people(record: AuditRecord) -> tuple[str, ...]:
    """What names the asker: never part of an example."""
    names = ("email",) if record.fields.get("platform") == "cli" else ("email", "user")  # there a user is "anyone"
    return tuple(str(record.fields[name]) for name in names if record.fields.get(name))


def redact(text: str, secrets: Sequence[str]) -> str:
    """Without e-mail addresses, telephone numbers, mentions, and the asker's own names."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) > 2:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "[person]", text, flags=re.IGNORECASE)
    text = _MENTION.sub("[person]", text)
    return _PHONE.sub("[number]", _EMAIL.sub("[e-mail]", text))


def problems(line: str) -> list[str]:
    """What a provider would refuse in a line of the file; [] when nothing."""
    try:
        value: Any = json.loads(line)
    except ValueError as error:
        return [f"it is no JSON: {error}"]
    if not isinstance(value, dict) or set(value) != {"messages"} or not isinstance(value["messages"], list):
        return ['it must be {"messages": [...]}']
    found = []
    roles = []
    for message in value["messages"]:
        if not isinstance(message, dict) or set(message) != {"role", "content"}:
            return ['a message must be {"role", "content"}']
        roles.append(message["role"])
        if not isinstance(message["content"], str) or not message["content"].strip():
            found.append(f"the {message['role']} message is empty")
    if roles != ["system", "user", "assistant"]:
        found.append(f"the roles must be system, user, assistant, not {roles}")
    if len(line) > MOST_CHARACTERS:
        found.append(f"it has {len(line)} characters; at most {MOST_CHARACTERS} are taken")
    return found
