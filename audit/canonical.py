"""Canonical bytes of JSON values: RFC 8785 (JCS) for the part of JSON that audit records use.

The part: null, true, false, integers of at most 2^53 - 1 in size, strings without lone surrogates,
lists and objects. There are no floats, so that no two programs print a number differently. Objects
are sorted by the UTF-16 code units of their keys, no space stands between tokens, strings escape
only `"`, `\\` and control characters below U+0020 (two-letter forms where JSON has them, else
`\\u00xx` in lower case), and the whole is UTF-8. One value has one form; `parse` accepts no other.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn, cast

from audit.errors import RecordInvalid
from audit.record import Json

LARGEST = 2**53 - 1
_SURROGATE = re.compile("[\ud800-\udfff]")


def canonical(value: Json) -> bytes:
    """The one byte form of a value. Raises RecordInvalid for floats, huge integers and lone surrogates."""
    try:
        return json.dumps(_sorted(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise RecordInvalid("a text holds half of a surrogate pair; clean it before it is recorded") from error


def parse(data: bytes) -> Json:
    """The value of canonical bytes. Raises RecordInvalid when they are not the one form of a value."""
    try:
        value = cast(Json, json.loads(data, parse_float=_no_float, parse_constant=_no_float))
    except (ValueError, RecursionError) as error:
        raise RecordInvalid(f"not canonical JSON: {error}") from error
    if canonical(value) != data:  # duplicate keys, spaces, another order, another escape
        raise RecordInvalid("not canonical JSON: the same value has another form")
    return value


def clean(text: str) -> str:
    """A text with each surrogate (which no UTF-8 can carry) replaced by U+FFFD; the length stays."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _sorted(value: Json) -> Json:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > LARGEST:
            raise RecordInvalid(f"the integer {value} is larger than 2^53 - 1; record it as a text")
        return int(value)
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise RecordInvalid("an object's keys must be texts")
        keys = sorted(value) if all(map(str.isascii, value)) else sorted(value, key=_utf16)
        return {key: _sorted(value[key]) for key in keys}
    if isinstance(value, (list, tuple)):
        return [_sorted(item) for item in value]
    if isinstance(value, str):  # a StrEnum
        return str(value)
    raise RecordInvalid(f"a record holds no {kind.__name__}; use an integer with the unit in the name")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"a number that is no integer: {text}")
