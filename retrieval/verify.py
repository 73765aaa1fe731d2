"""Selection in, Answer out: the only place an Answer is made.

Pure: values in, verdicts out. The caller guarantees that the passages are current and that everyone
who will see the reply may read them; the gate takes them as the only truth. Title, section, page and
version of a citation come from the passage, and the printed quote is a slice of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from retrieval.answer_form import AnswerForm
from retrieval.gate.parts import Filling
from retrieval.gate.said import marked, plain, translated
from retrieval.gate.worded import check
from retrieval.highlights import highlights
from retrieval.quoting import citations as quotes
from retrieval.quoting import statement, unfinished
from retrieval.selection import Chosen, Selection
from retrieval.text.sentences import cells
from retrieval.types import Answer, Citation, Passage, Seal, Statement, Unit, UnitKind, Verified, Wording
from retrieval.verdicts import Claim, Opinion, Problem, Quote, Verdict, VerdictClass


def verify(
    selection: Selection,
    passages: Sequence[Passage],
    form: AnswerForm | None = None,
    *,
    question: str = "",
    compressed: bool = False,
    opinions: Sequence[Opinion] = (),
) -> Verified:
    """The units that a selector named, as the documents have them: an answer where it is sure, else the nearest.

    1. Each is a unit of a passage that was retrieved; a name of none falls.
    2. What is shown are slices of the source: a selector adds no word. Only where `compressed` a model's text of a
       unit stands, if it is an ordered compression of it (see `gate.compression`) and no opinion is against it;
       else its quote stands in its place, and a verdict says why.
    3. Words that a selector marks stand in what is shown, else what the question asks for is marked, if it is there.
       A translation is marked as unchecked.
    4. With a form, each unit fills a part of it, in its order; what does not fit falls.

    Raises nothing.
    """
    held = {unit.id: (unit, passage) for passage in reversed(passages) for unit in passage.units}
    against = {(o.text, o.quote): o for o in opinions if not o.follows}
    making = _Making(question, Filling(form) if form is not None and selection.sure else None)
    order = {part.name: at for at, part in enumerate(form.parts)} if form is not None else {}
    for chosen in sorted(selection.chosen, key=lambda one: order.get(one.part, 0)):
        if chosen.unit not in held:
            continue
        unit, passage = held[chosen.unit]
        making.add(chosen, unit, passage, _said(chosen, unit, against) if compressed else None)
    shown = making.answer()
    if selection.sure:
        return Verified(shown, tuple(making.verdicts), opinions=tuple(opinions))
    return Verified(None, (), shown)


def _said(chosen: Chosen, unit: Unit, against: dict[tuple[str, str], Opinion]) -> str | Problem | None:
    """A model's text of a unit if it may stand, why not, or None where there is none."""
    quote, text = statement(unit), plain(chosen.text)
    if not text or text == quote:
        return None
    problem = check(text, unit)
    if problem is None and (text, quote) in against:
        reason = against[text, quote].reason
        problem = Problem(VerdictClass.UNSUPPORTED, f"a second model says that its quote does not say this: {reason}")
    return problem or text


@dataclass(slots=True)
class _Making:
    """An answer while it is made, unit by unit; the same place cited twice has one number."""

    question: str
    filling: Filling | None
    verdicts: list[Verdict] = field(default_factory=list)
    _statements: dict[tuple[str, str], Statement] = field(default_factory=dict)
    _citations: dict[tuple[str, int, int], Citation] = field(default_factory=dict)

    def add(self, chosen: Chosen, unit: Unit, passage: Passage, said: str | Problem | None) -> None:
        quote = statement(unit)
        if isinstance(said, Problem):
            self._judged(chosen, quote, passage, said)
        text = said if isinstance(said, str) else quote
        if self.filling is not None:
            problem = self.filling.take(chosen.part, chosen.value, text)
            if problem is not None:
                self._judged(replace(chosen, text=text), quote, passage, problem)
                return
        if isinstance(said, str):
            self.verdicts.append(Verdict(_claim(chosen, quote, passage), VerdictClass.SUPPORTED, ""))
        numbers = []
        for made in quotes(unit, passage, len(self._citations) + 1):
            key = (made.document.id, made.start, made.end)
            numbers.append(self._citations.setdefault(key, replace(made, n=len(self._citations) + 1)).n)
        part = chosen.part if self.filling is not None else ""
        before = self._statements.get((part, text))
        together = tuple(dict.fromkeys((*(before.citations if before else ()), *numbers)))
        self._statements[part, text] = Statement(
            text,
            together,
            part,
            Wording.COMPRESSED if isinstance(said, str) else Wording.ONE_LANGUAGE,
            quote if isinstance(said, str) else "",
            self._highlights(chosen, unit, text),
            unfinished(unit),
            translated(chosen.translation, text),
        )

    def answer(self) -> Answer | None:
        """What was added; None where that is nothing."""
        if not self._statements:
            return None
        parts = self.filling.parts() if self.filling is not None else ()
        statements, citations = tuple(self._statements.values()), tuple(self._citations.values())
        return Answer(statements, citations, parts, seal=Seal.VERIFIED)

    def _highlights(self, chosen: Chosen, unit: Unit, text: str) -> tuple[tuple[int, int], ...]:
        own = marked(chosen.words, text)
        if own is not None:
            return (own,)
        return highlights(self.question, text, cells(unit.text) if unit.kind is UnitKind.ROW else ())

    def _judged(self, chosen: Chosen, quote: str, passage: Passage, problem: Problem) -> None:
        self.verdicts.append(Verdict(_claim(chosen, quote, passage), problem.verdict, problem.reason))


def _claim(chosen: Chosen, quote: str, passage: Passage) -> Claim:
    return Claim(plain(chosen.text), (Quote(passage.id, quote),), chosen.part, chosen.value)
