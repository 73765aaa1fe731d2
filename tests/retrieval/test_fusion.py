from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval import fusion


def scores(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def flags(*values: int) -> NDArray[np.bool_]:
    return np.array(values, np.bool_)


@pytest.mark.parametrize(
    ("values", "eligible", "count", "expected"),
    [
        ([3, 1, 2], [1, 1, 1], 2, [1, 0, 1]),
        ([3, 1, 2], [0, 1, 1], 1, [0, 0, 1]),
        ([2, 2, 2], [1, 1, 1], 1, [1, 1, 1]),
        ([3, 1, 2], [1, 1, 1], 0, [0, 0, 0]),
        ([3, 1, 2], [0, 0, 0], 2, [0, 0, 0]),
        ([3, 1], [1, 1], 9, [1, 1]),
    ],
    ids=["the best two", "eligible alone", "ties stay together", "none asked", "none eligible", "fewer than asked"],
)
def test_best(values: list[float], eligible: list[int], count: int, expected: list[int]) -> None:
    assert fusion.best(scores(*values), flags(*eligible), count).tolist() == [bool(v) for v in expected]


def test_relative_scores_span_the_list() -> None:
    got = fusion.relative(scores(10, 6, 2, 0), flags(1, 1, 1, 0))
    assert got.tolist() == [1.0, 0.5, 0.0, -0.25]
    assert fusion.relative(scores(5, 5, 1), flags(1, 1, 0)).tolist() == [1, 1, 0]
    assert fusion.relative(scores(5, 5), flags(0, 0)).tolist() == [0, 0]


def test_fusing_is_as_weaviate_documents_it() -> None:
    """weaviate.io/blog/hybrid-search-fusion-algorithms: what stands in one list gets 0 from the other."""
    keyword = fusion.relative(scores(8, 4, 0), flags(1, 1, 0))
    vector = fusion.relative(scores(0.1, 0.7, 0.9), flags(0, 1, 1))
    fused, order = fusion.fuse(keyword, vector, 0.25)
    assert fused.tolist() == pytest.approx([0.75, 0.0, 0.25])
    assert order[1] < fused[1] + 1e-6


@given(st.lists(st.floats(0, 100, width=32), min_size=1, max_size=30), st.floats(0, 1))
def test_fused_scores_stay_between_zero_and_one(values: list[float], alpha: float) -> None:
    keyword = scores(*values)
    vector = keyword[::-1].copy()
    listed = fusion.best(keyword, np.ones(len(values), np.bool_), 10)
    mirrored = fusion.best(vector, np.ones(len(values), np.bool_), 10)
    fused, _ = fusion.fuse(fusion.relative(keyword, listed), fusion.relative(vector, mirrored), alpha)
    assert (fused >= 0).all()
    assert (fused <= 1 + 1e-6).all()


def test_a_share_keeps_near_equals_near() -> None:
    assert fusion.share(scores(10, 9, 0)).tolist() == pytest.approx([1, 0.9, 0])
    assert fusion.share(scores(0, 0)).tolist() == [0, 0]
    assert fusion.share(scores()).tolist() == []
