"""An inverted index in numpy, and BM25 over it at three levels: chunks, sections, whole documents.

A `Segment` is immutable. One document version is a segment; several merge into one. Each posting
holds a term's counts in the body, the section path and the title of a chunk, so the score of a
section or a document comes from the same postings, added up.

Statistics (number of units, document frequency, mean length) are taken over the units that the
query may see: a score tells nothing of documents that the reader may not read.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.text.stems import pairs

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_HEADER = struct.Struct("<3I")
BODY, PATH, TITLE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Segment:
    """`terms` is sorted and distinct; the postings of `terms[i]` stand at `starts[i]` to `starts[i + 1]`.

    Posting p says that chunk `rows[p]` holds its term as often as `counts[:, p]` says (at most 255).
    Chunk j belongs to document `documents[j]` and to section `sections[j]`, both numbered from 0
    in this segment, and has `lengths[:, j]` words (body, path, title). A document's chunks stand together.
    """

    terms: NDArray[np.int64]
    starts: NDArray[np.int64]
    rows: Ints
    counts: NDArray[np.uint8]
    documents: Ints
    sections: Ints
    lengths: Ints
    vectors: Floats


@lru_cache(maxsize=200_000)
def number(stem: str) -> int:
    """A stem's number: 64 bits of its BLAKE2b hash, so that no table of words has to be kept in step."""
    return int.from_bytes(blake2b(stem.encode("utf-8"), digest_size=8).digest(), "little", signed=True)


def segment(
    chunks: Sequence[tuple[Sequence[str], Sequence[str]]],
    title: Sequence[str],
    sections: Sequence[int],
    vectors: Floats,
) -> Segment:
    """The segment of one document version: stems of body and path for each chunk, stems of the title, sections."""
    named = Counter(title)
    found: list[tuple[int, int, int, int, int]] = []
    for row, (body, path) in enumerate(chunks):
        in_body, in_path = Counter([*body, *pairs(body)]), Counter(path)
        found += [(number(s), row, in_body[s], in_path[s], named[s]) for s in {*in_body, *in_path, *named}]
    table = np.array(sorted(found), np.int64).reshape(-1, 5).T
    terms, starts = _distinct(table[0])
    return Segment(
        terms=terms,
        starts=starts,
        rows=table[1].astype(np.int32),
        counts=table[2:].clip(max=255).astype(np.uint8),
        documents=np.zeros(len(chunks), np.int32),
        sections=np.array(sections, np.int32),
        lengths=np.array([(len(b), len(p), len(title)) for b, p in chunks], np.int32).reshape(-1, 3).T,
        vectors=vectors,
    )


def dump(one: Segment) -> bytes:
    """A one-document segment as bytes, its vectors left out."""
    parts = (one.terms, one.starts, one.rows, one.counts, one.sections, one.lengths)
    header = _HEADER.pack(len(one.terms), len(one.rows), len(one.sections))
    return header + b"".join(np.ascontiguousarray(p, p.dtype.newbyteorder("<")).tobytes() for p in parts)


def load(data: bytes, vectors: Floats) -> Segment:
    """The inverse of `dump`. Raises ValueError when the bytes are damaged."""
    if len(data) < _HEADER.size:
        raise ValueError("a stored segment is cut off")
    terms, postings, chunks = _HEADER.unpack_from(data)
    shape = (
        ("<i8", terms),
        ("<i8", terms + 1),
        ("<i4", postings),
        ("u1", 3 * postings),
        ("<i4", chunks),
        ("<i4", 3 * chunks),
    )
    if (
        len(data) != _HEADER.size + sum(np.dtype(kind).itemsize * count for kind, count in shape)
        or len(vectors) != chunks
    ):
        raise ValueError("a stored segment has the wrong size")
    at = _HEADER.size
    parts = []
    for kind, count in shape:
        parts.append(np.frombuffer(data, kind, count, at))
        at += parts[-1].nbytes
    return Segment(
        terms=parts[0],
        starts=parts[1],
        rows=parts[2],
        counts=parts[3].reshape(3, -1),
        documents=np.zeros(chunks, np.int32),
        sections=parts[4],
        lengths=parts[5].reshape(3, -1),
        vectors=vectors,
    )


def merge(parts: Sequence[Segment], alive: Sequence[Mask]) -> Segment:
    """One segment of several, in order, without the documents that `alive` (a flag a document) drops."""
    terms, rows, counts, documents, sections, lengths, vectors = [], [], [], [], [], [], []
    row = document = section = 0
    for part, flags in zip(parts, alive, strict=True):
        chunk = flags[part.documents]
        posting = chunk[part.rows]
        terms.append(np.repeat(part.terms, np.diff(part.starts))[posting])
        rows.append(_renumbered(chunk)[part.rows[posting]] + np.int32(row))
        counts.append(part.counts[:, posting])
        documents.append(_renumbered(flags)[part.documents[chunk]] + np.int32(document))
        sections.append(part.sections[chunk] + np.int32(section))
        lengths.append(part.lengths[:, chunk])
        vectors.append(part.vectors[chunk])
        row, document = row + int(chunk.sum()), document + int(flags.sum())
        section += int(part.sections.max(initial=-1)) + 1
    every = np.concatenate(terms)
    order = np.argsort(every, kind="stable")
    distinct, starts = _distinct(every[order])
    return Segment(
        terms=distinct,
        starts=starts,
        rows=np.concatenate(rows)[order],
        counts=np.ascontiguousarray(np.concatenate(counts, axis=1)[:, order]),
        documents=np.concatenate(documents),
        # Numbered anew: dropped documents would leave numbers without a chunk behind.
        sections=np.unique(np.concatenate(sections), return_inverse=True)[1].astype(np.int32),
        lengths=np.concatenate(lengths, axis=1),
        vectors=np.concatenate(vectors),
    )


def _distinct(ordered: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    terms, first = np.unique(ordered, return_index=True)
    return terms, np.append(first, len(ordered)).astype(np.int64)


def _renumbered(flags: Mask) -> Ints:
    return (np.cumsum(flags) - 1).astype(np.int32)


Counted = tuple[NDArray[np.integer[Any]], Floats]
"""Units (each once) and the weighted count of a term in each, above 0."""


@dataclass(frozen=True, slots=True)
class BM25:
    """Robertson and Zaragoza 2009, with term counts weighted by field: (body, path, title)."""

    k1: float
    b: float
    fields: tuple[float, float, float]

    def scores(self, terms: Sequence[Counted], lengths: Floats, visible: Mask) -> Floats:
        """Scores of all units. `terms`: for each term the units that hold it, each once, and its weighted counts."""
        total = np.zeros(len(lengths), np.float32)
        units = int(visible.sum())
        if not units:
            return total
        mean = float(lengths[visible].mean()) or 1.0
        norm = (self.k1 * (1 - self.b + self.b * lengths / mean)).astype(np.float32)
        for rows, count in terms:  # only what holds the term is touched: most words of a question are rare
            held = int(np.count_nonzero(visible[rows]))
            if held:
                idf = np.float32(np.log1p((units - held + 0.5) / (held + 0.5)))
                total[rows] += idf * count * np.float32(self.k1 + 1) / (count + norm[rows])
        total[~visible] = 0
        return total


Found = tuple[Ints, Floats]
"""The chunks that hold a term, numbered over all segments, and its counts (3, n) by field."""


def find(parts: Sequence[Segment], offsets: Sequence[int], term: int) -> Found:
    rows, counts = [], []
    for part, offset in zip(parts, offsets, strict=True):
        at = int(np.searchsorted(part.terms, term))
        held = slice(0, 0)
        if at < len(part.terms) and part.terms[at] == term:
            held = slice(int(part.starts[at]), int(part.starts[at + 1]))
        rows.append(part.rows[held] + np.int32(offset))
        counts.append(part.counts[:, held])
    return np.concatenate(rows), np.concatenate(counts, axis=1).astype(np.float32)


def in_chunks(found: Found, fields: Sequence[float]) -> Counted:
    """A term's weighted counts in the chunks that hold it."""
    rows, counts = found
    return _above_zero(rows, np.asarray(fields, np.float32) @ counts)


def in_units(found: Found, fields: Sequence[float], units: Ints, size: int) -> Counted:
    """A term's weighted counts in units (sections or documents): bodies add up, path and title count once."""
    rows, counts = found
    total = _added_up(units[rows], counts, fields, size)
    return _above_zero(np.arange(size), total)


def _above_zero(rows: NDArray[np.integer[Any]], counts: Floats) -> Counted:
    held = counts > 0
    return (rows, counts) if held.all() else (rows[held], counts[held])


def unit_lengths(lengths: Floats, fields: Sequence[float], units: Ints, size: int) -> Floats:
    """The weighted length of every unit, as `in_units` counts."""
    return _added_up(units, lengths, fields, size)


def _added_up(units: Ints, counts: Floats, fields: Sequence[float], size: int) -> Floats:
    total: Floats = fields[BODY] * np.bincount(units, counts[BODY], size).astype(np.float32)
    if fields[PATH]:
        longest = np.zeros(size, np.float32)
        np.maximum.at(longest, units, counts[PATH])
        total += np.float32(fields[PATH]) * longest
    if fields[TITLE]:
        title = np.zeros(size, np.float32)
        title[units] = counts[TITLE]  # the chunks of a unit have one title
        total += np.float32(fields[TITLE]) * title
    return total
