"""Vectors of units, a byte a dimension: a quarter of the room, and the same order. Pure.

A unit's direction is all that counts, so the bytes are scaled to the largest and need no scale beside them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


def packed(vector: bytes) -> bytes:
    """Little-endian float32 to signed bytes."""
    values = np.frombuffer(vector, "<f4")
    largest = float(np.abs(values).max(initial=0.0))
    return np.rint(values * (127.0 / largest)).astype(np.int8).tobytes() if largest else bytes(len(values))


def directions(vectors: Sequence[bytes]) -> Matrix:
    """Packed vectors of one size as rows of unit length."""
    values = np.frombuffer(b"".join(vectors), np.int8).reshape(len(vectors), -1).astype(np.float32)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.maximum(lengths, 1e-9), np.float32)
