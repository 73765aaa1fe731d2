"""Writes an ONNX model: the few messages of https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto that we need.

The bytes are Protocol Buffers (https://protobuf.dev/programming-guides/encoding/): a field is its number and wire
type, then its value. onnxruntime only reads models, and the package that writes them is larger than all of ours.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FLOAT, UINT8, INT8, INT64 = 1, 2, 3, 7
"""TensorProto.DataType."""
_TYPES = {np.dtype(np.float32): FLOAT, np.dtype(np.uint8): UINT8, np.dtype(np.int8): INT8, np.dtype(np.int64): INT64}
_VARINT, _LENGTH, _FIXED32 = 0, 2, 5

Attribute = int | float | Sequence[int]


@dataclass(frozen=True, slots=True)
class Value:
    """An input or an output of the graph; a size that is a name may be any."""

    name: str
    type: int
    shape: tuple[int | str, ...]


def node(op: str, inputs: Iterable[str], outputs: Iterable[str], domain: str, given: Mapping[str, Attribute]) -> bytes:
    """A NodeProto."""
    return b"".join(
        [
            *(_text(1, name) for name in inputs),
            *(_text(2, name) for name in outputs),
            _text(4, op),
            *(_field(5, _attribute(name, value)) for name, value in sorted(given.items())),
            _text(7, domain),
        ]
    )


def tensor(name: str, value: NDArray[np.generic]) -> bytes:
    """A TensorProto; a single number is a list of one. Raises KeyError for a type that is not named here."""
    value = np.ascontiguousarray(value)
    sizes = b"".join(_number(1, size) for size in value.shape)
    raw = value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes()
    return sizes + _number(2, _TYPES[value.dtype]) + _text(8, name) + _field(9, raw)


def model(
    name: str,
    nodes: Iterable[bytes],
    tensors: Iterable[bytes],
    *,
    inputs: Iterable[Value],
    outputs: Iterable[Value],
    opsets: Mapping[str, int],
    ir_version: int,
) -> bytes:
    """A ModelProto of one graph."""
    graph = b"".join(
        [
            *(_field(1, made) for made in nodes),
            _text(2, name),
            *(_field(5, made) for made in tensors),
            *(_field(11, _value(value)) for value in inputs),
            *(_field(12, _value(value)) for value in outputs),
        ]
    )
    sets = b"".join(_field(8, _text(1, domain) + _number(2, version)) for domain, version in opsets.items())
    return _number(1, ir_version) + _field(7, graph) + sets


def _attribute(name: str, value: Attribute) -> bytes:
    """An AttributeProto with its kind: 1 a float, 2 a whole number, 7 a list of them."""
    if isinstance(value, float):
        held, kind = _key(2, _FIXED32) + struct.pack("<f", value), 1
    elif isinstance(value, int):
        held, kind = _number(3, value), 2
    else:
        held, kind = b"".join(_number(8, one) for one in value), 7
    return _text(1, name) + held + _number(20, kind)


def _value(value: Value) -> bytes:
    """A ValueInfoProto."""
    sizes = (_text(2, size) if isinstance(size, str) else _number(1, size) for size in value.shape)
    shape = b"".join(_field(1, size) for size in sizes)
    return _text(1, value.name) + _field(2, _field(1, _number(1, value.type) + _field(2, shape)))


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; a negative number as its 64-bit complement."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _key(field, _VARINT) + _varint(value)


def _field(field: int, value: bytes) -> bytes:
    return _key(field, _LENGTH) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _field(field, value.encode())
