"""Canonical bytes of JSON values: RFC 8785 (JCS) for the part of JSON that audit records use.

The part: null, true, false, integers of at most 2^53 - 1 in size, strings without lone surrogates,
lists and objects. There are no floats, so that no two programs print a number differently. Objects
are sorted by the UTF-16 code units of their keys, no space stands between tokens, strings escape
only `"`, `\\` and control characters below U+0020 (two-letter forms where JSON has them, else
`\\u00xx` in lower case), and the whole is UTF-8. One value has one form; `parse` accepts no other.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn, cast

from audit.errors import RecordInvalid
from audit.record import Json

LARGEST = 2**53 - 1
_SORTING = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False, sort_keys=True)
_KEEPING = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False)


def canonical(value: Json) -> bytes:
    """The one byte form of a value. Raises RecordInvalid for floats, huge integers and lone surrogates."""
    return utf8(json_text(value))


def json_text(value: Json) -> str:
    """The text of the canonical form, lone surrogates not yet refused (`utf8` does)."""
    kind = type(value)
    if kind is str:
        return _KEEPING.encode(value)
    if kind is bool or value is None:
        return "true" if value else "false" if value is False else "null"
    if kind is int:
        return str(_in_range(cast(int, value)))
    if kind is dict or kind is list:
        if not value:
            return "{}" if kind is dict else "[]"
        try:
            return _SORTING.encode(value) if _is_plain(value) else _KEEPING.encode(_sorted(value))
        except RecursionError as error:
            raise RecordInvalid("a value is nested too deeply to be recorded") from error
    return json_text(_sorted(value))


def utf8(text: str) -> bytes:
    """Raises RecordInvalid for a lone surrogate."""
    try:
        return text.encode()
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


def _is_plain(value: Json) -> bool:
    """Are these JSON's own types with ASCII keys, which the encoder sorts well itself? Raises RecordInvalid."""
    waiting: list[Any] = [value]
    plain = True
    for item in waiting:  # grows on the way
        if type(item) is dict:
            plain = plain and _ascii_keys(item)
            parts = item.values()
        else:
            parts = item
        for part in parts:
            kind = type(part)
            if kind is str:
                continue
            if kind is int:
                if not -LARGEST <= part <= LARGEST:
                    _in_range(part)
            elif kind is dict or kind is list:
                waiting.append(part)
            elif part is not None and kind is not bool:
                plain = False
    return plain


def _ascii_keys(item: dict[Any, Any]) -> bool:
    try:
        return "".join(item).isascii()
    except TypeError:  # a key that is no text
        return False


def _sorted(value: Json) -> Json:
    """A copy with every object sorted by UTF-16 code units. Raises RecordInvalid for other types."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):  # also an enum's
        return str(value)
    if isinstance(value, int):
        return _in_range(value)
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise RecordInvalid("an object's keys must be texts")
        return {key: _sorted(value[key]) for key in sorted(value, key=_utf16)}
    if isinstance(value, (list, tuple)):
        return [_sorted(item) for item in value]
    raise RecordInvalid(f"a record holds no {type(value).__name__}; use an integer with the unit in the name")


def _in_range(number: int) -> int:
    if abs(number) > LARGEST:
        raise RecordInvalid(f"the integer {number} is larger than 2^53 - 1; record it as a text")
    return int(number)


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"a number that is no integer: {text}")
