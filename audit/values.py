"""Domain values to JSON and back: frozen dataclasses, enums, times, sets (as sorted lists)."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from audit.canonical import clean
from audit.errors import AuditCorrupt
from audit.record import Json

T = TypeVar("T")
_AS_THEY_ARE = frozenset({int, bool, type(None)})


def to_json(value: Any) -> Json:
    """Raises TypeError for what has no exact JSON form (floats, bytes)."""
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


def from_json(kind: type[T], value: Json) -> T:
    """The value that `to_json` wrote. Raises AuditCorrupt when the JSON does not fit the type."""
    try:
        result = _decode(kind, value)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise AuditCorrupt(f"a recorded value is no {kind.__name__}: {error}") from error
    if not isinstance(result, kind):
        raise AuditCorrupt(f"a recorded value is no {kind.__name__}")
    return result


def _order(value: Json) -> str:
    return value if isinstance(value, str) else repr(value)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode(kind: Any, value: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(arguments, value)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_decode(arguments[0], item) for item in value)
        return tuple(_decode(argument, item) for argument, item in zip(arguments, value, strict=True))
    if origin is frozenset:
        return frozenset(_decode(arguments[0], item) for item in value)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _decode(arguments[1], item) for key, item in value.items()}
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        return kind(**{name: _decode(hints[name], item) for name, item in value.items()})
    if kind in (datetime, date):
        return kind.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if type(value) is not kind:
        raise TypeError(f"expected {kind}, found {type(value).__name__}")
    return value


def _decode_union(options: tuple[Any, ...], value: Any) -> Any:
    if value is None and type(None) in options:
        return None
    for option in options:
        if option is type(None):
            continue
        try:
            return _decode(option, value)
        except (TypeError, ValueError):
            continue
    raise TypeError(f"{value!r} fits none of {options}")
