"""Domain values to JSON and back: frozen dataclasses, enums, times, sets (as sorted lists)."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from audit.canonical import clean
from audit.errors import AuditCorrupt
from audit.record import Json

T = TypeVar("T")


def to_json(value: object) -> Json:
    """Raises TypeError for what has no exact JSON form (floats, bytes)."""
    kind: Any = type(value)
    if kind is str:
        return clean(str(value))
    if isinstance(value, (bool, int)) or value is None:
        return value
    if (names := _names(kind)) is not None:
        return {name: to_json(getattr(value, name)) for name in names}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, Enum):
        return to_json(value.value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {clean(str(key)): to_json(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted((to_json(item) for item in value), key=_order)
    raise TypeError(f"{kind.__name__} has no exact JSON form")


@cache
def _names(kind: Any) -> tuple[str, ...] | None:
    """The fields of a dataclass; None for another type."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None


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
