"""What a question in a thread is about, from what was asked and shown before. Pure, and the same in every language.

Nothing here knows a pronoun: a question that does not stand alone ("does it carry over?", "und für Praktikanten?") is
read beside the words that the thread is about ("parental leave"), and the documents shown last come first. Those words
are what the question before shares with the headings and the text of what was shown for it. Whether a question
stands alone is measured, in `retrieval.thread`: one that is answered for sure by itself is not read with its thread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from retrieval.text.stems import STOP_WORDS, stems, title_stems
from retrieval.types import Answer, Passage, Question, Shown, Turn, Unit

_WORD = re.compile(r"[^\W_]+(?:['’&.-][^\W_]+)*")
_MOST = 8  # words that a thread is said to be about
_FEW = 3  # a question with fewer words of its own goes on with those of the thread
_CELLS = " | "  # how canonical text parts the cells of a row


def turn(question: Question, answer: Answer | None) -> Turn:
    """What is remembered of a question: what was asked, and what was shown for it, as an answer or as the nearest.

    Where nothing was shown, the documents of the turn before stay.
    """
    before = question.memory[-1] if question.memory else None
    cited = answer.citations if answer is not None else ()
    first = answer.statements[0].citations if answer is not None else ()
    documents = tuple(dict.fromkeys(c.document.id for c in cited))
    if not documents and before is not None:
        documents = before.document_ids
    shown = tuple(Shown(c.document.id, c.start, c.end, _CELLS in c.quote) for c in cited if c.n in first)
    return Turn(question.own or question.text, documents, _about(question, answer), shown)


def with_thread(question: Question) -> Question:
    """The question beside what its thread is about; itself where there is no thread."""
    before = question.memory[-1] if question.memory else None
    asked = " ".join(question.text.split())
    if before is None or not before.about or not asked:
        return question
    return replace(question, text=f"{asked} ({before.about})", own=asked)


def fresh(question: Question, passages: Sequence[Passage]) -> list[Passage]:
    """The passages of a question that is read with its thread, without the sentence that was just shown first, unless
    the same is asked again. A row of a table stays: it answers more than one question.
    """
    before = question.memory[-1] if question.own and question.memory else None
    spans = [s for s in before.shown if not s.row] if before is not None else []
    if before is None or not spans or stems(before.question) == stems(question.own):
        return list(passages)
    return [replace(p, units=tuple(u for u in p.units if not _within(u, p.document.id, spans))) for p in passages]


def _within(unit: Unit, document_id: str, spans: Sequence[Shown]) -> bool:
    return any(s.document_id == document_id and s.start <= unit.start and unit.end <= s.end for s in spans)


def _about(question: Question, answer: Answer | None) -> str:
    """The words that the thread is about after this question."""
    own = question.own or question.text
    words = _content(_WORD.findall(own))
    if answer is not None:
        first = answer.citations[0]
        carried = {*title_stems("\n".join((first.document.title, *first.section.path))), *stems(first.quote)}
        words = _shared(words, carried) or words
    before = question.memory[-1].about.split() if question.own and question.memory else []
    known = {w.casefold() for w in words}
    kept = [w for w in before if w.casefold() not in known] if len(words) < _FEW else []
    return " ".join([*kept[-(_MOST - len(words[:_MOST])) :], *words[:_MOST]] if kept else words[:_MOST])


def _content(words: Sequence[str]) -> list[str]:
    return [w for w in dict.fromkeys(words) if any(s not in STOP_WORDS for s in stems(w))]


def _shared(words: Sequence[str], held: set[str]) -> list[str]:
    return [w for w in words if any(s in held and s not in STOP_WORDS for s in stems(w))]
