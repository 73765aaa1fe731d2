"""Canonical bytes of JSON values: RFC 8785 (JCS) for the part of JSON that audit records use.

The part: null, true, false, integers of at most 2^53 - 1 in size, strings without lone surrogates,
lists and objects. There are no floats, so that no two programs print a number differently. Objects
are sorted by the UTF-16 code units of their keys, no space stands between tokens, strings escape
only `"`, `\\` and control characters below U+0020 (two-letter forms where JSON has them, else
`\\u00xx` in lower case), and the whole is UTF-8. One value has one form; `parse` accepts no other.

msgspec writes the tokens. What it would take that has no form (floats, bytes, huge integers), and keys
that it would sort by code points, are found before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from audit.errors import RecordInvalid
from audit.record import Json

LARGEST = 2**53 - 1
_SORTING = msgspec.json.Encoder(order="deterministic")
_KEEPING = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def canonical(value: Json) -> bytes:
    """The one byte form of a value. Raises RecordInvalid for floats, huge integers and lone surrogates."""
    return canonical_each([value])[0]


def canonical_each(values: Sequence[Json]) -> list[bytes]:
    """The form of each of these values, looked through once for all. Raises RecordInvalid."""
    try:
        if _is_plain(values):
            return [_SORTING.encode(value) for value in values]
        return [_KEEPING.encode(_sorted(value)) for value in values]
    except UnicodeEncodeError as error:
        raise RecordInvalid("a text holds half of a surrogate pair; clean it before it is recorded") from error
    except RecursionError as error:
        raise RecordInvalid("a value is nested too deeply to be recorded") from error


def parse(data: bytes) -> Json:
    """The value of canonical bytes. Raises RecordInvalid when they are not the one form of a value."""
    try:
        value: Json = _DECODER.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise RecordInvalid(f"not canonical JSON: {error}") from error
    if canonical(value) != data:  # duplicate keys, spaces, another order, another escape
        raise RecordInvalid("not canonical JSON: the same value has another form")
    return value


def _is_plain(values: Sequence[Json]) -> bool:
    """Are these JSON's own types with ASCII keys, which the encoder sorts well itself? Raises RecordInvalid."""
    waiting: list[Any] = [values]
    for item in waiting:  # grows on the way
        if type(item) is dict:
            if not _ascii_keys(item):
                return False
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
                return False
    return True


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
        return {str(key): _sorted(value[key]) for key in sorted(value, key=_utf16)}
    if isinstance(value, (list, tuple)):
        return [_sorted(item) for item in value]
    raise RecordInvalid(f"a record holds no {type(value).__name__}; use an integer with the unit in the name")


def _in_range(number: int) -> int:
    if abs(number) > LARGEST:
        raise RecordInvalid(f"the integer {number} is larger than 2^53 - 1; record it as a text")
    return int(number)


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")
