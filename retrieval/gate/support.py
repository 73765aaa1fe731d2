"""Step 4 of the gate: the words of a claim, weighted by rarity, stand in its quotes.

Words that another step judges (units, months, "must", "at least", "Section") are not counted here.
"""

from __future__ import annotations

import re
from functools import lru_cache

from retrieval.gate.evidence import Evidence, Problem
from retrieval.text.numerals import CURRENCIES, NUMERAL_WORDS, SCALES, UNITS
from retrieval.text.sentences import pieces
from retrieval.text.words import STOP, content_of, stem, stem_set, word_set, words
from retrieval.types import VerdictClass

_LEAST = 0.6  # share of the claim's weight that quotes, headings and title carry together
_LEAST_QUOTED = 0.35  # share that the quotes alone carry

_ELSEWHERE = word_set(
    """january february march april may june july august september october november december jan feb mar apr jun jul
    aug sep sept oct nov dec fiscal fy q1 q2 q3 q4 h1 h2 half section sections article articles clause clauses
    paragraph paragraphs chapter page pages note item schedule annex exhibit appendix say says said state states
    stated provide provides provided according under required requires require obliged obligated obligation mandatory
    compulsory allowed allow allows permitted permit permits entitled eligible prohibited prohibits forbidden
    forbids banned recommended recommends advised encouraged exempt optional unless except exceed exceeds exceeding
    least maximum minimum limit limited greater fewer less later earlier longer never always none consent approval yes
    following follows cost costs amount amounts apply applies"""
)
_JUDGED = frozenset(
    stem(w) for phrase in (*_ELSEWHERE, *UNITS, *CURRENCIES, *SCALES, *NUMERAL_WORDS.split("|")) for w in words(phrase)
)
SAME = (
    word_set("employee staff worker personnel colleague workforce"),
    word_set("supplier vendor seller"),
    word_set("customer client buyer purchaser"),
    word_set("company firm organisation organization corporation"),
    word_set("manager supervisor"),
    word_set("lessee tenant"),
    word_set("lessor landlord"),
    word_set("recipient receiver receiving"),
    word_set("discloser disclosing"),
    word_set("keep retain store"),
    word_set("pay reimburse refund"),
    word_set("end terminate expire cease"),
    word_set("start begin commence"),
    word_set("buy purchase"),
    word_set("tell notify inform"),
    word_set("need require"),
    word_set("cost price"),
    word_set("yearly annual"),
    word_set("flat apartment"),
)
ALIKE = {stem(word): frozenset(map(stem, group)) for group in SAME for word in group}
"""Words that name the same in policies and contracts, by stem. Few on purpose: each is a way to be wrong."""


def alike(part: str, held: frozenset[str] | set[str]) -> bool:
    return part in held or bool(ALIKE.get(part, frozenset()) & held)


def wanted(text: str) -> frozenset[str]:
    """The stems of a claim that step 4 counts."""
    plain = (w for w in words(text) if w not in STOP and len(w) > 1 and not w[0].isdigit())
    return frozenset(map(stem, plain)) - _JUDGED


@lru_cache(maxsize=256)
def initials(text: str) -> frozenset[str]:
    """Acronyms that the text's words could have: "Receiving Party" has "rp", "Non-Disclosure Agreement" "nda"."""
    tokens = [w for w in re.findall(r"[^\W\d_]+", text.casefold()) if w not in ("of", "the", "and", "for")]
    letters = "".join(t[0] for t in tokens)
    return frozenset(letters[at : at + n] for at in range(len(letters)) for n in range(2, 6) if at + n <= len(letters))


def check_support(evidence: Evidence) -> Problem | None:
    """A claim, or one of its sentences, of which little stands in its quotes."""
    sentences = [evidence.claim[p.start : p.end] for p in pieces(evidence.claim)]
    if not all(content_of(s) for s in sentences):
        return Problem(VerdictClass.UNSUPPORTED, "the claim, or a sentence of it, states nothing that can be checked")
    if _share(evidence, evidence.claim, evidence.quotes) < _LEAST_QUOTED:
        return Problem(VerdictClass.UNSUPPORTED, "the quotes say little of what the claim says")
    around = f"{evidence.quotes}\n{evidence.context}"
    for sentence in sentences:
        if len(sentences) > 1 and _share(evidence, sentence, around) < _LEAST:
            return Problem(VerdictClass.UNSUPPORTED, f"the quotes say little of “{sentence}”")
    return None


def check_rest(evidence: Evidence) -> Problem | None:
    """Too much of the claim neither in its quotes nor in the headings and title above them."""
    if _share(evidence, evidence.claim, f"{evidence.quotes}\n{evidence.context}") < _LEAST:
        return Problem(VerdictClass.UNSUPPORTED, "the quotes do not say all that the claim says")
    return None


def _share(evidence: Evidence, said: str, text: str) -> float:
    """Share of the weight of what is said that a text carries; 1 for what says nothing.

    Where only words are left that other steps judge ("No approval is required."), those count.
    """
    terms = wanted(said) or frozenset(content_of(said))
    held = stem_set(text)
    lacking = [t for t in terms if not alike(t, held)]
    if lacking:
        short = initials(text)
        lacking = [t for t in lacking if t not in short]
    if not lacking:
        return 1.0
    return 1.0 - sum(map(evidence.weights, lacking)) / sum(map(evidence.weights, terms))
