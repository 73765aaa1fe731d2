"""Values to JSON and back: what was written is read, and nothing of another type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import pytest

from retrieval.codec import Unfit, as_object, as_row, each, from_json, from_row, spans, to_json


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    n: int
    word: str | None = None


@dataclass(frozen=True, slots=True)
class Outer:
    at: datetime
    day: date | None
    colour: Colour
    flag: bool
    inner: tuple[Inner, ...]
    pair: tuple[str, int]
    names: frozenset[str]
    counts: Mapping[str, int] = field(default_factory=dict)


VALUE = Outer(
    datetime(2026, 3, 1, tzinfo=UTC), date(2026, 3, 2), Colour.RED, True, (Inner(1), Inner(2, "two")), ("a", 3),
    frozenset({"y", "x"}), {"k": 4},
)  # fmt: skip


def test_what_is_written_is_read() -> None:
    assert from_json(Outer, json.loads(json.dumps(to_json(VALUE)))) == VALUE
    assert from_json(Inner, as_object(Inner(1))) == Inner(1)
    assert from_row(Inner, as_row(Inner(1, "one"))) == Inner(1, "one")
    assert from_row(Inner, [1]) == Inner(1)
    assert each(Inner, [[1], [2, "b"]], from_row) == (Inner(1), Inner(2, "b"))
    assert spans([[0, 1]]) == ((0, 1),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("at", "yesterday"),
        ("at", 5),
        ("day", "2026-02-30"),
        ("colour", "blue"),
        ("colour", ["red"]),
        ("flag", 1),
        ("inner", "ab"),
        ("inner", [{"n": True}]),
        ("inner", [{"n": 1.0}]),
        ("inner", [{"n": 1, "word": 2}]),
        ("inner", [{"n": 1, "more": 2}]),
        ("inner", [{}]),
        ("inner", {"n": 1}),
        ("pair", ["a"]),
        ("pair", "a1"),
        ("names", "xy"),
        ("names", [1]),
        ("names", [[]]),
        ("counts", [["k", 4]]),
        ("counts", {"k": "4"}),
    ],
)
def test_another_type_is_unfit(name: str, value: Any) -> None:
    written = to_json(VALUE)
    assert isinstance(written, dict)
    with pytest.raises(Unfit, match="no Outer"):
        from_json(Outer, {**written, name: value})


@pytest.mark.parametrize("row", [[], [1, "a", 2], "a", {"n": 1}, [None], ["1"], None, 5])
def test_no_row(row: Any) -> None:
    with pytest.raises(Unfit):
        from_row(Inner, row)
