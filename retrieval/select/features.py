"""What the embedded selector knows of a question and each unit it might be answered with. Pure, numpy.

A row a unit, a column a feature; the same code makes them for training (`training/`) and at question time.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.highlights import carried
from retrieval.text.stems import STOP_WORDS, asked, pairs, stems, title_stems
from retrieval.types import Unit, UnitKind
from retrieval.units import said
from retrieval.vectors import directions

Floats = NDArray[np.float32]

FEATURES = (
    "cosine",
    "cosine_below_best",
    "cosine_rank",
    "covered",
    "covered_with_heads",
    "covered_below_best",
    "together",
    "passage_rank",
    "passage_score",
    "row",
    "item",
    "list",
    "length",
    "opens",
    "carries",
)
_FEW = 2  # words that are neither names nor figures; a line of more of them tells something
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that could be shown, and how its passage was found. `score` is the passage's share of the best one's."""

    passage: str
    document: str
    title: str
    unit: Unit
    rank: int
    score: float
    opens: bool = False  # the first unit of its section


def telling(question: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Without those that are near to nothing: dates in force, page heads, addresses, signatures.

    What they have in common: they are names and figures, with few words between them. Where such a line, or the heading
    of its section, shares a word with the question, it is what was asked for. A table's row is told by its head.
    """
    terms = set(asked(question))
    return [c for c in candidates if c.unit.kind is UnitKind.ROW or _tells(said(c.unit)) or _named(c, terms)]


def _tells(text: str) -> bool:
    words = _WORD.findall(text)
    small = [word for n, word in enumerate(words) if n == 0 or not (word[0].isupper() or word[0].isdigit())]
    named = len(words) - len(small)
    if len(small) > named:
        return True
    content = len([stem for stem in stems(" ".join(small)) if stem not in STOP_WORDS])
    return content > _FEW or content >= named


def _named(candidate: Candidate, terms: Set[str]) -> bool:
    heads = [part for part in candidate.unit.heading.split(" > ") if part != candidate.title]
    return not terms.isdisjoint(stems("\n".join((*heads[-1:], said(candidate.unit)))))


def features(question: str, vector: Floats, candidates: Sequence[Candidate]) -> Floats:
    """A row of FEATURES for each candidate. `vector` is the question's, of unit length."""
    units = [c.unit for c in candidates]
    vectors = directions([u.vector for u in units])
    cosine = vectors @ vector
    covered, headed, together = _coverage(question, candidates)
    order = np.empty(len(units), np.float32)
    order[np.argsort(-cosine, kind="stable")] = np.arange(len(units))
    columns = (
        cosine,
        cosine - cosine.max(),
        1 / (1 + order),
        covered,
        headed,
        headed - headed.max(),
        together,
        np.array([1 / (1 + c.rank) for c in candidates]),
        np.array([c.score for c in candidates]),
        np.array([u.kind is UnitKind.ROW for u in units]),
        np.array([u.kind is UnitKind.ITEM for u in units]),
        np.array([u.kind is UnitKind.LIST for u in units]),
        np.array([math.log(1 + len(u.text)) for u in units]),
        np.array([c.opens for c in candidates]),
        np.array(carried(question, [u.text if u.kind is UnitKind.ROW else said(u) for u in units])),
    )
    return np.stack([np.asarray(column, np.float32) for column in columns], axis=1)


def _coverage(question: str, candidates: Sequence[Candidate]) -> tuple[Floats, Floats, Floats]:
    """The share of the question's words in each unit, with its heads too, and of its pairs; rare words weigh more."""
    terms = asked(question)
    wanted_pairs = set(pairs(stems(question)))
    own = [_words(c.unit.joined or c.unit.text) for c in candidates]
    heads = _heads(candidates)
    weights = _weights(terms, own)
    total = sum(weights.values()) or 1.0
    covered, headed, together = [], [], []
    for words, above in zip(own, heads, strict=True):
        inside = sum(w for t, w in weights.items() if t in words)
        over = sum(w for t, w in weights.items() if t in above and t not in words)
        covered.append(inside / total)
        headed.append((inside + 0.5 * over) / total)
        content = [s for s in words if s in weights]
        near = {f"{a}_{b}" for a, b in pairwise(content)} & wanted_pairs if wanted_pairs else set()
        together.append(len(near) / len(wanted_pairs) if wanted_pairs else 0.0)
    return np.array(covered, np.float32), np.array(headed, np.float32), np.array(together, np.float32)


def _words(text: str) -> dict[str, None]:
    return dict.fromkeys(stems(text))


def _heads(candidates: Sequence[Candidate]) -> list[frozenset[str]]:
    known: dict[str, frozenset[str]] = {}
    found = []
    for c in candidates:
        above = "\n".join((c.title, c.unit.heading, *(s.text for s in c.unit.lead)))
        if above not in known:
            known[above] = frozenset(title_stems(above))
        found.append(known[above])
    return found


def _weights(terms: Sequence[str], units: Sequence[Mapping[str, None]]) -> dict[str, float]:
    """Inverse frequency among the candidates; a word of none of them weighs as much as one of a single unit."""
    count = Counter(t for said in units for t in terms if t in said)
    n = len(units)
    return {t: math.log(1 + (n - max(1, count[t]) + 0.5) / (max(1, count[t]) + 0.5)) for t in terms}
