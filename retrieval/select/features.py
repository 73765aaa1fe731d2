"""What the embedded selector knows of a question and each unit it might be answered with. Pure, numpy.

A row a unit, a column a feature; the same code makes them for training (`training/`) and at question time.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.text.stems import asked, pairs, stems, title_stems
from retrieval.types import Unit, UnitKind
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
)


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
    for said, above in zip(own, heads, strict=True):
        inside = sum(w for t, w in weights.items() if t in said)
        over = sum(w for t, w in weights.items() if t in above and t not in said)
        covered.append(inside / total)
        headed.append((inside + 0.5 * over) / total)
        content = [s for s in said if s in weights]
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
