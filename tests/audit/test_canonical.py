"""One value, one form: canonical JSON against RFC 8785's own rules, and against a slow encoder as a judge."""

from __future__ import annotations

import json
from enum import IntEnum, StrEnum
from typing import cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import canonical, canonical_each, parse
from audit.errors import RecordInvalid
from audit.record import Json

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=20,
)


class _Word(StrEnum):
    A = "a"
    PAIR = "\U0001f600"


class _Number(IntEnum):
    ONE = 1
    HUGE = 2**53


# Whatever a caller may hand over: most has a form, some has none; keys on both sides of the surrogates' code units.
_keys = st.text(st.sampled_from("ab~\u00e9\ud7ff\ue000\ufb33\U00010000\U0001f600"), max_size=3) | st.sampled_from(_Word)
_anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(2**53 - 3, 2**53 + 3).flatmap(lambda n: st.sampled_from([n, -n]))
    | st.floats()
    | st.text(st.characters(), max_size=6)
    | st.sampled_from(_Word)
    | st.sampled_from(_Number)
    | st.sampled_from([UUID(int=1), b"x", 2**64, '\x00\x1f\x7f\u2028\u2029\\"/']),
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(_keys, inner, max_size=4)
    ),
    max_leaves=12,
)


def slow(value: object) -> bytes:
    """RFC 8785, section 3.2, in the plainest way. Raises ValueError for what has no form."""
    return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False).encode()


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and abs(value) < 2**53:
        return int(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    raise ValueError(f"{value!r} has no form")


@given(_anything)
def test_the_bytes_are_those_of_the_slow_encoder(value: Json) -> None:
    try:
        form = slow(value)
    except ValueError:
        with pytest.raises(RecordInvalid):
            canonical(value)
        return
    assert canonical(value) == form
    assert canonical(parse(form)) == form
    assert canonical_each([value, "x", value]) == [form, b'"x"', form]


@pytest.mark.parametrize("depth", [254, 255, 400])
@pytest.mark.parametrize("key", ["k", "\ufb33"])
def test_deep_values_have_the_form_they_had(depth: int, key: str) -> None:
    value: Json = "x"
    for level in range(depth):
        value = [value] if level % 2 else {key: value, "\U0001f600": level}
    assert canonical(value) == slow(value)
    assert parse(slow(value)) == value


def test_what_is_nested_without_end_is_refused() -> None:
    value: Json = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(RecordInvalid, match="nested too deeply"):
        canonical(value)
    with pytest.raises(RecordInvalid):
        parse(b"[" * 100_000 + b"]" * 100_000)


@given(_values)
def test_a_value_survives_and_has_one_form(value: Json) -> None:
    data = canonical(value)
    assert parse(data) == value
    assert canonical(parse(data)) == data
    assert json.loads(data) == value


@given(st.dictionaries(_texts, st.integers(0, 9), min_size=2, max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, Json]) -> None:
    shuffled: dict[str, Json] = dict(reversed(value.items()))
    assert canonical(shuffled) == canonical(value)
    keys = [*json.loads(canonical(value))]
    assert keys == sorted(keys, key=lambda key: key.encode("utf-16-be"))


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ({"b": 1, "a": [True, None]}, b'{"a":[true,null],"b":1}'),
        ('\u20ac$\u000f\u000aA\'B"\\\\"/', b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),  # RFC 8785, 3.2.2
        # RFC 8785, 3.2.3: a surrogate pair sorts before U+FB33
        (
            {"\ufb33": 1, "\U0001f600": 2, "\u0080": 3, "1": 4, "\r": 5},
            '{"\\r":5,"1":4,"\u0080":3,"\U0001f600":2,"\ufb33":1}'.encode(),
        ),
    ],
    ids=["sorted", "escapes", "UTF-16 order"],
)
def test_known_forms(value: Json, form: bytes) -> None:
    assert canonical(value) == form


@pytest.mark.parametrize("value", [1.0, float("nan"), 2**53, b"x", {1: 2}, "\udc00", [{"a": {1.5}}]])
def test_what_has_no_form_is_refused(value: object) -> None:
    with pytest.raises(RecordInvalid):
        canonical(cast(Json, value))


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b"1.0",
        b"1e3",
        b"NaN",
        b'"\\u0041"',
        b'"\\/"',
        b"01",
        b"-0",
        b"",
        b"\xff",
        b'"\\ud800"',
        b'[{"a":[1.5]}]',
        b"9007199254740992",
        b"18446744073709551616",
        b"\xef\xbb\xbf1",
        '{"\ufb33":1,"\U0001f600":2}'.encode(),
    ],
)
def test_other_forms_of_a_value_are_refused(data: bytes) -> None:
    with pytest.raises(RecordInvalid):
        parse(data)
