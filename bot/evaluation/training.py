"""Approved answers as training examples, to fine-tune a model for behaviour: how to choose, never what.

An example is the very prompt the model would get (the passages stay in it) and the units of the approved answer
in the form the model must give. Facts are not trained in: they stand in the passages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from audit.errors import AuditCorrupt
from audit.question import restore
from audit.record import AuditRecord, Json
from retrieval.answer_form import AnswerForm, structured
from retrieval.generate.prompt import HouseStyle, prompt
from retrieval.generate.wire import written
from retrieval.types import Answer, Chosen, Citation, Passage, Question, Unit, Wording
from retrieval.units import read

POSITIVE = ("up", "approved")
NEGATIVE = ("down", "rejected")
MOST_CHARACTERS = 200_000  # of one example; far below what providers take
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# With a country code or a leading 0: without either, it is a figure, a date or a label.
_PHONE = re.compile(r"(?<![\w.,(/-])(?:\+\d|\(0\d|0[1-9])[\d ()/-]{6,}\d(?!\w)")
_MENTION = re.compile(r"<[@!#][^>]*>")


@dataclass(frozen=True, slots=True)
class Example:
    """One line of the file, and the record it comes from (for the report; not written)."""

    record_id: str
    messages: tuple[tuple[str, str], ...]

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


def example(record: AuditRecord, style: HouseStyle) -> Example | None:
    """An answered question as an example; None when there is no answer in the style's form, or fields were erased."""
    if record.event != "question" or record.outcome != "answered":
        return None
    try:
        answer = restore(record).answer
    except AuditCorrupt:
        return None
    if answer is None or "searched" not in record.fields or "sections" not in record.fields:
        return None
    passages = _passages(answer, record.fields["sections"])
    if not passages or any(_holder(passages, c) is None for c in answer.citations):
        return None
    if not _formed(answer, style.form):
        return None
    question = Question(str(record.fields["searched"]), record.time)
    asked = prompt(question, passages, style)
    chosen = tuple(_chosen(answer, passages))
    if {c.unit for c in chosen} - {id for _, id in asked.names} or not chosen:
        return None
    secrets = _people(record)
    messages = [(role, redact(content, secrets)) for role, content in asked.messages]
    said = written(chosen, {id: name for name, id in asked.names}, asked.asked)
    messages.append(("assistant", redact(said, secrets)))
    return Example(record.id, tuple(messages))


def _passages(answer: Answer, snapshots: Json) -> tuple[Passage, ...]:
    """The cited sections as they were stored with the record."""
    found: list[Passage] = []
    for n, item in enumerate(snapshots if isinstance(snapshots, list) else (), 1):
        if not isinstance(item, dict):
            continue
        start, text = int(str(item["start"])), str(item["text"])
        cited = next((c for c in answer.citations if c.document.id == item["document"]), None)
        if cited is not None:
            made = Passage(
                f"p{n}", cited.document, cited.section, cited.chunk_id, start, start + len(text), text, (), 0
            )
            found.append(replace(made, units=tuple(_units(made))))
    return tuple(found)


def _holder(passages: Sequence[Passage], citation: Citation) -> Passage | None:
    for passage in passages:
        same = passage.document.id == citation.document.id
        if same and passage.start <= citation.start and citation.end <= passage.end:
            return passage
    return None


def _formed(answer: Answer, form: AnswerForm | None) -> bool:
    """Whether an answer has the form that the model is asked for now, all that is required included."""
    if form is None:
        return not answer.parts
    known = all((part := form.part(p.name)) is not None and part.kind is p.kind for p in answer.parts)
    return known and structured(answer) is not None


def _units(passage: Passage) -> Iterator[Unit]:
    for n, unit in enumerate(read(passage.text)):
        lead = tuple(replace(s, start=s.start + passage.start, end=s.end + passage.start) for s in unit.lead)
        start, end = unit.start + passage.start, unit.end + passage.start
        yield replace(unit, id=f"{passage.id}.{n}", start=start, end=end, lead=lead)


def _chosen(answer: Answer, passages: Sequence[Passage]) -> Iterator[Chosen]:
    """The units that an answer is made of, in its order."""
    by_number = {c.n: c for c in answer.citations}
    values = {part.name: part.value for part in answer.parts}
    for statement in answer.statements:
        text = statement.text if statement.wording is Wording.COMPRESSED else ""
        for citation in (by_number[n] for n in statement.citations):
            holder = _holder(passages, citation)
            for unit in holder.units if holder is not None else ():
                if citation.start <= unit.start and unit.end <= citation.end:
                    yield Chosen(unit.id, 0, "", text, "", statement.part, values.get(statement.part, ""))


def _people(record: AuditRecord) -> tuple[str, ...]:
    """What names the asker: never part of an example."""
    return tuple(str(record.fields[name]) for name in ("email", "user") if record.fields.get(name))


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
