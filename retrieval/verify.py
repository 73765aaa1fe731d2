"""Draft in, Answer out: the only place an Answer is made.

Pure: values in, verdicts out. The caller guarantees that the passages are current and that everyone
who will see the reply may read them; the gate takes them as the only truth. Title, section, page and
version of a citation come from the passage, and the printed quote is a slice of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from retrieval.form import AnswerForm
from retrieval.gate.entities import check_entities
from retrieval.gate.evidence import Evidence, Found, Problem, Shelf, Weights, evidence_of
from retrieval.gate.injection import check_injection
from retrieval.gate.locating import locate_quote
from retrieval.gate.numbers import check_numbers
from retrieval.gate.parts import Filling
from retrieval.gate.polarity import check_polarity
from retrieval.gate.support import check_support
from retrieval.gate.words import squash
from retrieval.places import locate
from retrieval.types import (
    Answer,
    AnswerPart,
    Citation,
    Claim,
    Draft,
    Passage,
    Statement,
    Verdict,
    VerdictClass,
    Verified,
)

_MARKERS = re.compile(r"\s*\[\s*\d+(?:\s*[,;]\s*\d+)*\s*\]")

CHECKS: tuple[Callable[[Evidence], Problem | None], ...] = (
    check_numbers,  # 3. every number, date, percent and currency of the claim stands in its quotes
    check_support,  # 4. the words of the claim, weighted by rarity, stand in its quotes
    check_polarity,  # 5. negation, duty, bounds and exceptions are the quotes' own
    check_entities,  # 6. who and what is named, is named there
    check_injection,  # 7. the quotes speak to people: what is planted for a model is no evidence
)


def verify(draft: Draft, passages: Sequence[Passage], form: AnswerForm | None = None) -> Verified:
    """Keep the claims that stand on their quotes; a claim that fails falls, with its text.

    With a form, each claim fills a part of it. No claim left: no answer. Every claim gets a verdict, in the
    draft's order. Raises nothing.
    """
    shelf, weights = Shelf(passages), Weights(passages)
    filling = Filling(form) if form is not None else None
    verdicts: list[Verdict] = []
    kept: list[tuple[Claim, Evidence]] = []
    for claim in draft.claims:
        judged = _judge(claim, shelf, weights)
        if isinstance(judged, Evidence) and filling is not None:
            # 8. The organisation's form has room for it, and it carries the value that it chooses.
            judged = filling.take(claim.part, claim.value, _said(claim), judged) or judged
        if isinstance(judged, Problem):
            verdicts.append(Verdict(claim, judged.verdict, judged.reason))
        else:
            verdicts.append(Verdict(claim, VerdictClass.SUPPORTED, ""))
            kept.append((claim, judged))
    return Verified(_answer(kept, filling.parts() if filling is not None else ()), tuple(verdicts))


def _judge(claim: Claim, shelf: Shelf, weights: Weights) -> Evidence | Problem:
    """What a claim stands on, or the first step that it fails."""
    text = _said(claim)
    if not text:
        return Problem(VerdictClass.UNSUPPORTED, "the claim says nothing")
    if not claim.quotes:
        return Problem(VerdictClass.UNSUPPORTED, "the claim has no quote")
    found: list[Found] = []
    for quote in claim.quotes:
        # 1. The passage was retrieved for this question.
        # 2. The quote stands in it; from here on its source slice stands for it.
        place = locate_quote(quote, shelf)
        if isinstance(place, Problem):
            return place
        found.append(place)
    evidence = evidence_of(text, found, weights)
    for check in CHECKS:  # 3. to 7.
        problem = check(evidence)
        if problem is not None:
            return problem
    return evidence


def _said(claim: Claim) -> str:
    """A claim as it will be printed: one line, without markers of the generator's own ("[1]")."""
    return squash(_MARKERS.sub("", claim.text))


def _answer(kept: Sequence[tuple[Claim, Evidence]], parts: tuple[AnswerPart, ...]) -> Answer | None:
    """Statements in the order of the parts and the draft; the same place cited twice has one number."""
    numbers: dict[tuple[str, int, int], int] = {}
    citations: list[Citation] = []
    statements: dict[tuple[str, str], tuple[int, ...]] = {}
    order = {part.name: at for at, part in enumerate(parts)}
    for claim, evidence in sorted(kept, key=lambda pair: order.get(pair[0].part, 0)):
        cited: list[int] = []
        for place in evidence.found:
            citation = _citation(len(citations) + 1, place)
            key = (citation.document.id, citation.start, citation.end)
            if key not in numbers:
                numbers[key] = citation.n
                citations.append(citation)
            cited.append(numbers[key])
        said = (claim.part if parts else "", _said(claim))
        statements[said] = tuple(dict.fromkeys((*statements.get(said, ()), *cited)))
    if not statements:
        return None
    found = tuple(Statement(text, cited, part) for (part, text), cited in statements.items())
    return Answer(found, tuple(citations), parts)


def _citation(n: int, found: Found) -> Citation:
    passage = found.passage
    start, end = passage.start + found.start, passage.start + found.end
    page, locator = locate(passage.places, start, end)
    # The innermost section that holds the quote: small clauses share a passage, and each has its own number.
    holders = [s for s in passage.sections if s.start <= start and end <= s.end]
    section = holders[-1] if holders else passage.section
    return Citation(n, passage.document, section, passage.chunk_id, start, end, found.text, page, locator)
