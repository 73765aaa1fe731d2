"""Relative-score fusion: scores of different kinds on one scale. Pure.

As Weaviate does it (weaviate.io/developers/weaviate/search/hybrid, "relativeScoreFusion"): within
each list of best hits the highest score becomes 1 and the lowest 0, and the sum is weighted by alpha.
What stands in no list gets 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]

LIST = 100
"""Length of the lists that are fused, at least: a scale made of ten hits says little."""


def best(scores: Scores, eligible: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """The `count` highest of the eligible scores, and what ties with the last of them."""
    rows = np.flatnonzero(eligible)
    chosen = np.zeros(len(scores), np.bool_)
    if count <= 0:
        return chosen
    if len(rows) > count:
        held = scores[rows]
        rows = rows[held >= np.partition(held, -count)[-count]]
    chosen[rows] = True
    return chosen


def relative(scores: Scores, listed: NDArray[np.bool_]) -> Scores:
    """Scores on the scale of the list: its lowest 0, its highest 1; all 1 when they are equal.

    What is not listed keeps its place on the scale, so it may be negative.
    """
    if not listed.any():
        return np.zeros(len(scores), np.float32)
    low, high = float(scores[listed].min()), float(scores[listed].max())
    if high <= low:
        return np.where(listed, np.float32(1), np.float32(0))
    return ((scores - low) / (high - low)).astype(np.float32)


def fuse(keyword: Scores, vector: Scores, alpha: float) -> tuple[Scores, Scores]:
    """Two relative scores as one: the fused score, and what orders equals.

    `alpha` weighs `vector` against `keyword` (0 = keywords alone). The second value does not
    forget how far below its list a score stands, so it tells apart what fusion gives 0.
    """
    fused = alpha * np.maximum(vector, 0) + (1 - alpha) * np.maximum(keyword, 0)
    return fused.astype(np.float32), (alpha * vector + (1 - alpha) * keyword).astype(np.float32)


def share(scores: Scores) -> Scores:
    """Scores as a share of the highest: near equals stay near, which a min-max scale would tear apart."""
    high = float(scores.max()) if len(scores) else 0.0
    return (scores / high).astype(np.float32) if high > 0 else np.zeros(len(scores), np.float32)
