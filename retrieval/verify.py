"""Draft in, Answer out: the only place an Answer is made.

Pure: values in, verdicts out. The caller guarantees that the passages are current and that everyone
who will see the reply may read them; the gate takes them as the only truth. Title, section, page and
version of a citation come from the passage, and the printed quote is a slice of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from retrieval.answer_form import AnswerForm
from retrieval.gate.characters import check_digits, check_hidden
from retrieval.gate.entities import check_entities
from retrieval.gate.evidence import Evidence, Found, Problem, Shelf, Weights, evidence_of
from retrieval.gate.injection import check_injection
from retrieval.gate.locating import locate_quote
from retrieval.gate.parts import Filling
from retrieval.gate.support import check_support
from retrieval.gate.translation import check_direction, check_figures, check_translation, languages
from retrieval.highlights import highlights
from retrieval.locators import locate
from retrieval.quoting import citations as quotes
from retrieval.quoting import more_of, statement, unfinished
from retrieval.text.sentences import cells
from retrieval.text.words import squash
from retrieval.types import (
    Answer,
    AnswerPart,
    Citation,
    Claim,
    Draft,
    Passage,
    Seal,
    Selection,
    Statement,
    UnitKind,
    Verdict,
    VerdictClass,
    Verified,
    Wording,
)

_MARKERS = re.compile(r"\s*\[\s*\d+(?:\s*[,;]\s*\d+)*\s*\]")

CHECKS: tuple[Callable[[Evidence], Problem | None], ...] = (
    check_digits,  # 0. what looks like a number is one
    check_figures,  # 3. every number, date, percent and currency of the claim stands in its quotes
    check_support,  # 4. the words of the claim, weighted by rarity, stand in its quotes
    check_direction,  # 5. negation, duty, bounds and exceptions are the quotes' own
    check_entities,  # 6. who and what is named, is named there
    check_injection,  # 7. the quotes speak to people: what is planted for a model is no evidence
)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A claim that passed: what is printed of it, and what it stands on. `reason`: why it is not translated."""

    claim: Claim
    text: str
    evidence: Evidence
    wording: Wording = Wording.ONE_LANGUAGE
    source: str = ""
    reason: str = ""


def verify_units(selection: Selection, passages: Sequence[Passage], question: str = "") -> Verified:
    """The units that a selector named, as the documents have them: an answer where it is sure, else the nearest.

    1. Each is a unit of a passage that was retrieved; a name of none falls.
    2. What is shown are slices of the source: a selector adds no word. What the question asked for is marked in them.
       Raises nothing.
    """
    held = {unit.id: (unit, passage) for passage in reversed(passages) for unit in passage.units}
    statements: dict[str, Statement] = {}
    citations: dict[tuple[str, int, int], Citation] = {}
    for chosen in selection.chosen:
        if chosen.unit not in held:
            continue
        unit, passage = held[chosen.unit]
        text = statement(unit)
        numbers = []
        for made in quotes(unit, passage, len(citations) + 1):
            key = (made.document.id, made.start, made.end)
            numbers.append(citations.setdefault(key, replace(made, n=len(citations) + 1)).n)
        asked = highlights(question, text, cells(unit.text) if unit.kind is UnitKind.ROW else ())
        statements.setdefault(text, Statement(text, tuple(numbers), highlights=asked, more=unfinished(unit)))
    shown = None
    if statements:
        shown = Answer(tuple(statements.values()), tuple(citations.values()), seal=Seal.VERIFIED)
    return Verified(shown, ()) if selection.sure else Verified(None, (), shown)


def verify(
    draft: Draft, passages: Sequence[Passage], form: AnswerForm | None = None, *, originals: bool = False
) -> Verified:
    """Keep the claims that stand on their quotes; a claim that fails falls, with its text.

    With a form, each claim fills a part of it. A translation that cannot be checked gives way to what it
    translates; with `originals`, so does one that fails. No claim left: no answer. Every claim gets a verdict, in
    the draft's order. Raises nothing.
    """
    shelf, weights = Shelf(passages), Weights(passages)
    filling = Filling(form) if form is not None else None
    verdicts: list[Verdict] = []
    kept: list[_Judged] = []
    for claim in draft.claims:
        judged = _judge(claim, shelf, weights, originals)
        if isinstance(judged, _Judged) and filling is not None:
            # 8. The organisation's form has room for it, and it carries the value that it chooses.
            judged = filling.take(claim.part, claim.value, judged.text, judged.evidence) or judged
        if isinstance(judged, Problem):
            verdicts.append(Verdict(claim, judged.verdict, judged.reason))
        else:
            verdicts.append(Verdict(claim, VerdictClass.SUPPORTED, judged.reason))
            kept.append(judged)
    return Verified(_answer(kept, filling.parts() if filling is not None else ()), tuple(verdicts))


def _judge(claim: Claim, shelf: Shelf, weights: Weights, originals: bool) -> _Judged | Problem:
    """A claim as it may be printed, or the first step that it fails."""
    text, source = _said(claim.text), _said(claim.source_text)
    if not source or source == text:
        evidence = _stands(text, claim, shelf, weights)
        return evidence if isinstance(evidence, Problem) else _Judged(claim, text, evidence)
    # What is translated must stand on the quotes by itself, as any claim.
    evidence = _stands(source, claim, shelf, weights)
    if isinstance(evidence, Problem):
        return evidence
    original = _Judged(claim, source, evidence, Wording.ORIGINAL)
    ours, theirs = languages(text, evidence)
    if not ours or not theirs:
        return replace(original, reason="the language of the translation, or of the quotes, is none that is checked")
    if ours == theirs:  # it translates nothing
        evidence = _stands(text, claim, shelf, weights)
        return evidence if isinstance(evidence, Problem) else _Judged(claim, text, evidence)
    problem = check_translation(text, ours, evidence, theirs)
    if problem is None:
        return _Judged(claim, text, evidence, Wording.TRANSLATED, source)
    return replace(original, reason=problem.reason) if originals else problem


def _stands(text: str, claim: Claim, shelf: Shelf, weights: Weights) -> Evidence | Problem:
    """What a text stands on with the claim's quotes, or the first step that it fails."""
    if not text:
        return Problem(VerdictClass.UNSUPPORTED, "the claim says nothing")
    if not claim.quotes:
        return Problem(VerdictClass.UNSUPPORTED, "the claim has no quote")
    unseen = check_hidden(text)  # 0. a reader sees every character of the claim
    if unseen is not None:
        return unseen
    found: list[Found] = []
    for quote in claim.quotes:
        # 1. The passage was retrieved for this question.
        # 2. The quote stands in it; from here on its source slice stands for it.
        place = locate_quote(quote, shelf)
        if isinstance(place, Problem):
            return place
        found.append(place)
    evidence = evidence_of(text, found, weights)
    for check in CHECKS:
        problem = check(evidence)
        if problem is not None:
            return problem
    return evidence


def _said(text: str) -> str:
    """A claim as it will be printed: one line, without markers of the generator's own ("[1]")."""
    return squash(_MARKERS.sub("", text))


def _answer(kept: Sequence[_Judged], parts: tuple[AnswerPart, ...]) -> Answer | None:
    """Statements in the order of the parts and the draft; the same place cited twice has one number."""
    numbers: dict[tuple[str, int, int], int] = {}
    citations: list[Citation] = []
    statements: dict[tuple[str, str], Statement] = {}
    order = {part.name: at for at, part in enumerate(parts)}
    for judged in sorted(kept, key=lambda one: order.get(one.claim.part, 0)):
        cited: list[int] = []
        for place in judged.evidence.found:
            citation = _citation(len(citations) + 1, place)
            key = (citation.document.id, citation.start, citation.end)
            if key not in numbers:
                numbers[key] = citation.n
                citations.append(citation)
            cited.append(numbers[key])
        part = judged.claim.part if parts else ""
        before = statements.get((part, judged.text))
        together = tuple(dict.fromkeys((*(before.citations if before else ()), *cited)))
        statements[part, judged.text] = Statement(judged.text, together, part, judged.wording, judged.source)
    if not statements:
        return None
    return Answer(tuple(statements.values()), tuple(citations), parts, seal=Seal.VERIFIED)


def _citation(n: int, found: Found) -> Citation:
    passage = found.passage
    start, end = passage.start + found.start, passage.start + found.end
    page, locator = locate(passage.places, start, end)
    # The innermost section that holds the quote: small clauses share a passage, and each has its own number.
    holders = [s for s in passage.sections if s.start <= start and end <= s.end]
    section = holders[-1] if holders else passage.section
    more = more_of(passage, start, end)
    return Citation(n, passage.document, section, passage.chunk_id, start, end, found.text, page, locator, more)
