"""Values to JSON and back: frozen dataclasses, enums, times, sets (as sorted lists). The one place that does it.

Reading is strict: what comes back from a disk, a log or a child process may be anything, so each part must
be of exactly the type that its field declares. Two forms: an object by field names, and a row, which is the
fields' values in order.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"

T = TypeVar("T")
_AS_THEY_ARE = frozenset({int, bool, type(None)})
_SURROGATE = re.compile("[\ud800-\udfff]")


class Unfit(ValueError):
    """A JSON value does not fit the type that it is read as."""


# --- writing -----------------------------------------------------------------------------


def clean(text: str) -> str:
    """A text with each surrogate (which no UTF-8 can carry) replaced by U+FFFD; the length stays."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def to_json(value: Any) -> Json:
    """With texts cleaned and fields sorted by name. Raises TypeError for what has no exact form (floats, bytes)."""
    kind: Any = type(value)
    if kind is str:
        return clean(value)
    if kind in _AS_THEY_ARE:
        result: Json = value
        return result
    if isinstance(value, dict):
        return {
            key if type(key) is str and key.isascii() else clean(str(key)): (
                item if type(item) in _AS_THEY_ARE or (type(item) is str and item.isascii()) else to_json(item)
            )
            for key, item in value.items()
        }
    if (shape := _shape(kind)) is not None:
        return _converted(shape, value)
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, int):
        return value
    if isinstance(value, Enum):
        return to_json(value.value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {clean(str(key)): to_json(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted((to_json(item) for item in value), key=_order)
    raise TypeError(f"{kind.__name__} has no exact JSON form")


def to_object(value: object, leave_out: tuple[str, ...] = ()) -> dict[str, Json]:
    """A dataclass as `to_json` writes it, without the fields in `leave_out`. Raises TypeError."""
    kind: Any = type(value)
    shape = _shape(kind, leave_out)
    if shape is None:
        raise TypeError(f"{kind.__name__} is no object")
    return _converted(shape, value)


def as_object(value: object) -> dict[str, Any]:
    """A dataclass by field names, in the order of its fields; what is in them is left as it is, but for times."""
    return {name: _time(getattr(value, name)) for name in _names(_any(type(value)))}


def as_row(value: object) -> list[Any]:
    """The values of a dataclass's fields, in their order, likewise."""
    return list(as_object(value).values())


_Shape = tuple[tuple[str, ...], Callable[[object], tuple[Any, ...]]]
"""The names of a dataclass's fields, and what reads their values off an instance, in that order."""


def _converted(shape: _Shape, value: object) -> dict[str, Json]:
    names, values_in = shape
    # Most values are numbers or ASCII texts, with nothing to convert or clean: they skip a call each.
    return {
        name: item if type(item) in _AS_THEY_ARE or (type(item) is str and item.isascii()) else to_json(item)
        for name, item in zip(names, values_in(value), strict=True)
    }


@cache
def _shape(kind: Any, leave_out: tuple[str, ...] = ()) -> _Shape | None:
    """None for a type that is no dataclass."""
    if not is_dataclass(kind):
        return None
    # In the order of the canonical form, which then finds nothing left to sort.
    names = tuple(sorted(field.name for field in fields(kind) if field.name not in leave_out))
    if len(names) > 1:
        return names, attrgetter(*names)  # reads all in one call
    return names, lambda value: tuple(getattr(value, name) for name in names)


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _any(kind: Any) -> Any:
    """A type as a key of a cache, which mypy does not take for hashable."""
    return kind


def _time(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (datetime, date)) else value


def _order(value: Json) -> str:
    return value if isinstance(value, str) else repr(value)


# --- reading -----------------------------------------------------------------------------


def from_json(kind: type[T], value: object) -> T:
    """The value that `to_json` or `as_object` wrote. Raises Unfit when the JSON does not fit the type."""
    result: T = _read(kind, kind, value)
    return result


def from_row(kind: type[T], row: object) -> T:
    """The dataclass that `as_row` wrote; fields that are lacking at the end have their defaults. Raises Unfit."""
    result: T = _read(kind, _any(kind), row, _row_reader)
    return result


def each(kind: type[T], values: object, read: Callable[[type[T], object], T] = from_json) -> tuple[T, ...]:
    """A list of such values, each by `read`. Raises Unfit."""
    return tuple(read(kind, value) for value in _list(values))


def member(of: object, name: str) -> Any:
    """What an object holds under a name. Raises Unfit."""
    if not isinstance(of, dict) or name not in of:
        raise Unfit(f"no {name!r} in it")
    return of[name]


def spans(values: object, size: int = 2) -> tuple[Any, ...]:
    """A list of lists of so many whole numbers; of whole numbers alone where `size` is 1. Raises Unfit."""
    if size == 1:
        return each(int, values)
    found = tuple(each(int, value) for value in _list(values))
    if any(len(span) != size for span in found):
        raise Unfit(f"a span is not of {size} numbers")
    return found


def _read(said: Any, kind: Any, value: object, reader: Callable[[Any], Callable[[Any], Any]] | None = None) -> Any:
    try:
        return (reader or _reader)(kind)(value)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise Unfit(f"no {getattr(said, '__name__', said)}: {error}") from error


def _list(value: object) -> Iterable[Any]:
    if not isinstance(value, (list, tuple)):
        raise Unfit(f"{type(value).__name__} instead of a list")
    return value


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """Made once for each type, so that reading is quick."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _either(arguments)
    if origin is tuple:
        return _tuple(arguments)
    if origin is frozenset:
        item = _reader(arguments[0])
        return lambda value: frozenset(item(part) for part in _list(value))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(_reader(arguments[1]))
    if isinstance(kind, type) and is_dataclass(kind):
        return _object(kind)
    if kind in (datetime, date):
        parse: Callable[[Any], Any] = kind.fromisoformat
        return parse
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _exactly(kind)


def _exactly(kind: Any) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise Unfit(f"{type(value).__name__} instead of {kind.__name__}")
        return value

    return read


def _either(options: tuple[Any, ...]) -> Callable[[Any], Any]:
    readers = [_reader(option) for option in options if option is not type(None)]
    optional = type(None) in options

    def read(value: Any) -> Any:
        if value is None and optional:
            return None
        for reader in readers[:-1]:
            try:
                return reader(value)
            except (TypeError, ValueError):
                continue
        return readers[-1](value)

    return read


def _tuple(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        item = _reader(arguments[0])
        return lambda value: tuple([item(part) for part in _list(value)])
    items = [_reader(argument) for argument in arguments]
    return lambda value: tuple(item(part) for item, part in zip(items, _list(value), strict=True))


def _mapping(item: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Unfit(f"{type(value).__name__} instead of an object")
        return {key: item(part) for key, part in value.items()}

    return read


@cache
def _parts(kind: Any) -> dict[str, tuple[frozenset[type] | None, Callable[[Any], Any]]]:
    """For each field the types that it may be of, or None with what reads it: most are plain, and skip a call."""
    hints = get_type_hints(kind)
    return {name: (_plain(hints[name]), _reader(hints[name])) for name in _names(kind)}


def _plain(kind: Any) -> frozenset[type] | None:
    options = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    return frozenset(options) if set(options) <= {str, int, bool, type(None)} else None


def _object(kind: Any) -> Callable[[Any], Any]:
    parts = _parts(kind)

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Unfit(f"{type(value).__name__} instead of a {kind.__name__}")
        found = {}
        for name, part in value.items():
            allowed, reader = parts[name]
            if allowed is None:
                found[name] = reader(part)
            elif type(part) in allowed:
                found[name] = part
            else:
                raise Unfit(f"{name} is of type {type(part).__name__}")
        return kind(**found)

    return read


@cache
def _row_reader(kind: Any) -> Callable[[Any], Any]:
    parts = tuple(_parts(kind).values())

    def read(row: Any) -> Any:
        if not isinstance(row, (list, tuple)) or len(row) > len(parts):
            raise Unfit(f"no row of a {kind.__name__}")
        found = []
        for (allowed, reader), part in zip(parts, row, strict=False):
            if allowed is None:
                found.append(reader(part))
            elif type(part) in allowed:
                found.append(part)
            else:
                raise Unfit(f"a part is of type {type(part).__name__}")
        return kind(*found)

    return read
