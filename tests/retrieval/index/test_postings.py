from __future__ import annotations

import math
import random

import numpy as np
import pytest

from retrieval.index import postings
from retrieval.index.postings import BM25, Segment

EMPTY = np.zeros((0, 4), np.float32)


def one(*bodies: str, path: str = "", title: str = "") -> Segment:
    rows = [(body.split(), path.split()) for body in bodies]
    vectors = np.ones((len(bodies), 4), np.float32)
    return postings.segment(rows, title.split(), list(range(len(bodies))), vectors)


def counts(segments: list[Segment], word: str, size: int) -> list[list[float]]:
    offsets = np.cumsum([0, *(len(s.documents) for s in segments)])[:-1].tolist()
    rows, found = postings.find(segments, offsets, postings.number(word))
    table = np.zeros((3, size))
    table[:, rows] = found
    return table.T.tolist()


def same(a: Segment, b: Segment) -> bool:
    fields = ("terms", "starts", "rows", "counts", "documents", "sections", "lengths", "vectors")
    return all(np.array_equal(getattr(a, f), getattr(b, f)) for f in fields)


def test_counts_stand_by_field() -> None:
    segment = one("a a b", "c", path="b", title="c c d")
    assert counts([segment], "a", 2) == [[2, 0, 0], [0, 0, 0]]
    assert counts([segment], "b", 2) == [[1, 1, 0], [0, 1, 0]]
    assert counts([segment], "c", 2) == [[0, 0, 2], [1, 0, 2]]
    assert counts([segment], "x", 2) == [[0, 0, 0], [0, 0, 0]]
    assert segment.lengths.tolist() == [[3, 1], [1, 1], [3, 3]]
    assert counts([one("a " * 1000)], "a", 1) == [[255, 0, 0]]


def test_a_segment_survives_its_bytes_and_damage_is_noticed() -> None:
    segment = one("a b", "", "c c", title="t")
    data = postings.dump(segment)
    assert same(postings.load(data, segment.vectors), segment)
    for bad in (b"", data[:-1], data + b"\0", data[:5]):
        with pytest.raises(ValueError, match="stored segment"):
            postings.load(bad, segment.vectors)
    with pytest.raises(ValueError, match="wrong size"):
        postings.load(data, EMPTY)


@pytest.mark.parametrize("seed", range(20))
def test_merging_in_any_grouping_gives_the_same_segment(seed: int) -> None:
    dice = random.Random(seed)
    words = "abcdefgh"
    singles = [
        one(
            *(" ".join(dice.choices(words, k=dice.randint(0, 5))) for _ in range(dice.randint(1, 4))),
            title=dice.choice(words),
        )
        for _ in range(8)
    ]
    alive = [dice.random() < 0.7 for _ in singles]
    kept = [s for s, flag in zip(singles, alive, strict=True) if flag] or singles[:1]
    if not any(alive):
        alive[0] = True
    direct = postings.merge(kept, [np.ones(1, np.bool_)] * len(kept))
    cut = dice.randint(1, 7)
    halves = [singles[:cut], singles[cut:]]
    merged = [postings.merge(half, [np.ones(1, np.bool_)] * len(half)) for half in halves]
    flags = [np.array(alive[:cut]), np.array(alive[cut:])]
    assert same(postings.merge(merged, flags), direct)


def test_bm25_is_the_textbook_formula_over_visible_units_alone() -> None:
    texts = ["a a b", "a c", "c c c d", "a secret a a"]
    visible = np.array([True, True, True, False])
    segment = one(*texts)
    model = BM25(k1=1.2, b=0.75, fields=(1.0, 0.0, 0.0))
    found = postings.find([segment], [0], postings.number("a"))
    term = postings.in_chunks(found, model.fields)
    got = model.scores([term], segment.lengths[0].astype(np.float32), visible)
    lengths = [3, 2, 4]
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    for n, tf in enumerate([2, 1, 0]):
        norm = 1.2 * (1 - 0.75 + 0.75 * lengths[n] / 3)
        assert got[n] == pytest.approx(idf * tf * 2.2 / (tf + norm), rel=1e-5)
    assert got[3] == 0


def test_units_add_up_bodies_and_count_title_and_path_once() -> None:
    segment = one("a a", "a", "b", path="a", title="a a")
    found = postings.find([segment], [0], postings.number("a"))
    units = np.array([0, 0, 1], np.int32)
    assert [part.tolist() for part in postings.in_units(found, (1.0, 0.0, 3.0), units, 2)] == [[0, 1], [3 + 6, 6]]
    assert [part.tolist() for part in postings.in_units(found, (1.0, 2.0, 0.0), units, 2)] == [[0, 1], [3 + 2, 2]]
    assert [part.tolist() for part in postings.in_units(found, (1.0, 0.0, 0.0), units, 2)] == [[0], [3]]
    lengths = postings.unit_lengths(segment.lengths.astype(np.float32), (1.0, 0.0, 3.0), units, 2)
    assert lengths.tolist() == [3 + 6, 1 + 6]


def test_pairs_are_counted_beside_words_and_make_no_text_longer() -> None:
    segment = one("cost limit cost limit", "limit cost")
    assert counts([segment], "cost_limit", 2) == [[2, 0, 0], [0, 0, 0]]
    assert segment.lengths[0].tolist() == [4, 2]
