"""One value, one form: canonical JSON against RFC 8785's own rules."""

from __future__ import annotations

import json
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import canonical, parse
from audit.errors import RecordInvalid
from audit.record import Json

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=20,
)


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
    ],
)
def test_other_forms_of_a_value_are_refused(data: bytes) -> None:
    with pytest.raises(RecordInvalid):
        parse(data)
