"""Salts, digests and leaves against the plain definition in docs/audit.md, however they are computed."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from enum import IntEnum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import canonical
from audit.disclosure import disclosures_of, opened, seal, timestamp
from audit.errors import AuditCorrupt, RecordInvalid
from audit.record import AuditRecord, Json
from tests.audit.fixtures import START

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ['["', '\\"', "~?>", "\ufffd"]
)
_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=20,
)


def plain_digest(salt: str, name: str, value: Json) -> str:
    """RFC 9901, section 4.2: over the base64url of the disclosure's JSON."""
    encoded = base64.urlsafe_b64encode(canonical([salt, name, value])).rstrip(b"=")
    return base64.urlsafe_b64encode(hashlib.sha256(encoded).digest()).rstrip(b"=").decode()


def plain_names(names: Iterable[str]) -> str:
    hashed = hashlib.sha256(canonical([*sorted(names)])).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


@given(st.dictionaries(_texts, _values, max_size=6), st.none() | _texts, _texts)
def test_a_sealed_record_has_the_documented_form(fields: dict[str, Json], refers_to: str | None, name: str) -> None:
    record = AuditRecord(name, "question", START, "answered", fields, refers_to)
    sealed = seal(record)
    rows = disclosures_of(sealed.body)
    assert {name: value for _, name, value in rows} == fields
    assert sealed.body == canonical([[*row] for row in rows])
    assert all(len(base64.urlsafe_b64decode(salt + "==")) == 16 for salt, _, _ in rows)
    assert all(re.fullmatch("[A-Za-z0-9_-]{21}[AQgw]", salt) for salt, _, _ in rows)  # no bit beyond the 128
    assert len({salt for salt, _, _ in rows}) == len(rows)
    digests = [plain_digest(*row) for row in rows]
    listed: list[Json] = [*sorted(digests)]
    assert sealed.leaf == canonical(
        {
            "v": 3,
            "id": name,
            "event": "question",
            "time": timestamp(START),
            "outcome": "answered",
            "refers_to": refers_to,
            "sd_alg": "sha-256",
            "sd": listed,
            "names": plain_names(fields),
        }
    )
    assert opened(sealed.body) == (rows, digests)


class Word(StrEnum):
    ONE = "one"


class Number(IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (Word.ONE, b'"one"'),
        ([Word.ONE, {"a": Word.ONE}], b'["one",{"a":"one"}]'),
        ([Number.ONE], b"[1]"),
        ([("a", "b"), []], b'[["a","b"],[]]'),
        ([{}, [[]], 0, False, None], b"[{},[[]],0,false,null]"),
        (-(2**53) + 1, b"-9007199254740991"),
    ],
)
def test_values_of_other_types_have_the_form_of_their_json(value: Json, form: bytes) -> None:
    assert canonical(value) == form


@pytest.mark.parametrize("value", [2**53, [2**53], {"a": [-(2**53)]}, [{"a": 1.5}], [{1: 2}], [b"x"], ["\ud800"]])
def test_what_has_no_form_is_not_sealed(value: Json) -> None:
    with pytest.raises(RecordInvalid):
        seal(AuditRecord("r1", "question", START, "answered", {"text": value}))


ROW: list[Json] = ["c2FsdHNhbHRzYWx0c2FsdA", "text", "x"]
WHOLE = canonical([ROW, ROW])  # twice the same: the layout is right, what it says is for others to check


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"[]]",
        b"{}",
        b" " + WHOLE,
        WHOLE + b" ",
        WHOLE[:-1],
        WHOLE.replace(b"],[", b"] ,["),
        WHOLE.replace(b"],[", b"], ["),
        WHOLE.replace(b"],[", b"]["),
        b'[["a","b"]]',
        b'[["a","b",1,2]]',
        b'[[1,"b",1]]',
        b'[["a",null,1]]',
        b'["abc"]',
        b'[{"a":1,"b":2,"c":3}]',
        b"[\xff]",
        b"[" * 100_000,
    ],
)
def test_stored_disclosures_in_another_layout_are_refused(body: bytes) -> None:
    with pytest.raises(AuditCorrupt):
        opened(body)


def test_digests_are_over_the_stored_bytes() -> None:
    spaced = json.dumps(ROW).encode()  # the same value in another form is another disclosure
    assert opened(b"[" + spaced + b"]")[0] == opened(canonical([ROW]))[0]
    assert opened(b"[" + spaced + b"]")[1] != opened(canonical([ROW]))[1]
