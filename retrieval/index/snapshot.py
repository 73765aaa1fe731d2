"""The searchable state of the embedded index at one generation, and how it ranks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from retrieval import fusion
from retrieval.index import postings
from retrieval.index.postings import BM25, Floats, Ints, Mask, Segment
from retrieval.text.stems import asked, pairs, stems
from retrieval.types import Query

# A low k1: in a short passage the second mention of a word says little (ObliQA, keywords alone:
# recall@10 0.780 and MAP@10 0.636 with 0.6, against 0.776 and 0.624 with 1.2).
CHUNKS = BM25(k1=0.6, b=0.75, fields=(1.0, 1.0, 1.0))
PAIR_WEIGHT = np.float32(0.5)  # of two words that follow each other, beside the words themselves
SECTIONS = BM25(k1=1.2, b=0.75, fields=(1.0, 1.0, 1.0))
# Measured on contracts, filings and rules: the strongest single lever of ranking.
DOCUMENTS = BM25(k1=1.2, b=0.5, fields=(1.0, 0.0, 3.0))


@dataclass(frozen=True, slots=True)
class Version:
    """A stored document version: `owner` is its row in the database, never used twice."""

    owner: int
    document_id: str
    acl_id: str


@dataclass(frozen=True, slots=True)
class RankedChunk:
    """A chunk by its version's `owner` and its number there, with its scores."""

    owner: int
    n: int
    score: float
    keyword: float
    vector: float
    document: float


@dataclass(frozen=True, slots=True)
class Part:
    """A segment and the versions its documents are; dead ones wait for a merge."""

    segment: Segment
    owners: NDArray[np.int64]


class Snapshot:
    """Immutable. `versions` are the live ones; a part may hold others, which no search sees."""

    def __init__(self, generation: int, parts: Sequence[Part], versions: Mapping[int, Version]) -> None:
        self.generation = generation
        self.parts = tuple(parts)
        self.versions = versions
        self._segments = [part.segment for part in parts]
        sizes = [len(s.documents) for s in self._segments]
        self._offsets = np.concatenate([[0], np.cumsum(sizes)])[:-1].astype(np.int64)
        self.size = sum(sizes)
        self._owners = [int(owner) for part in parts for owner in part.owners]
        self._acl_ids, self._access, self._places = _access(self._owners, versions)
        self._documents = _joined([s.documents for s in self._segments], [len(p.owners) for p in parts])
        spans = [int(s.sections.max(initial=-1)) + 1 for s in self._segments]
        self._sections = _joined([s.sections for s in self._segments], spans)
        self._section_count = sum(spans)
        lengths = [s.lengths for s in self._segments] or [np.zeros((3, 0), np.int32)]
        self._lengths = np.concatenate(lengths, axis=1).astype(np.float32)
        self._first = np.searchsorted(self._documents, np.arange(len(self._owners)))

    def rank(self, query: Query) -> list[RankedChunk]:
        """The best chunks that the query may see. Statistics are of what it may see alone."""
        open_documents = self._open(query.acl_ids, query.document_ids)
        visible = open_documents[self._documents] if self.size else np.zeros(0, np.bool_)
        if query.limit <= 0 or not visible.any():
            return []
        found, paired = self._find(asked(query.text)), self._find(dict.fromkeys(pairs(stems(query.text))))
        keyword = self._keyword(found, visible)
        if paired:
            keyword += PAIR_WEIGHT * self._keyword(paired, visible)
        vector = self._vector(query.vector)
        # Without a vector keywords carry all the weight, and the other way round.
        alpha = (query.alpha if found else 1.0) if query.vector else 0.0
        length = max(fusion.LIST, query.limit)
        by_keyword = fusion.best(keyword, visible & (keyword > 0), length if alpha < 1 else 0)
        by_vector = fusion.best(vector, visible, length if alpha > 0 else 0)
        fused, order = fusion.fuse(fusion.relative(keyword, by_keyword), fusion.relative(vector, by_vector), alpha)
        document = self._document(found, open_documents) if query.document_weight else None
        extra = np.zeros(self.size, np.float32)
        wanted = by_keyword | by_vector
        if document is not None:
            extra += np.float32(query.document_weight) * document[self._documents]
            wanted |= visible & (keyword > 0)  # the right document's chunks may stand in neither list
        if query.section_weight:
            extra += np.float32(query.section_weight) * self._section(found, visible)
        if query.preferred:
            extra += self._preferred(query.preferred)[self._documents]
            wanted |= visible & (keyword > 0) & (extra > 0)
        if query.neighbour_weight:
            fused = fused + np.float32(query.neighbour_weight) * self._beside(fused, visible)
        total = fused + extra
        return self._top(query.limit, np.flatnonzero(wanted), (total, order, keyword, vector, extra))

    def known(
        self, words: Sequence[str], acl_ids: frozenset[str], document_ids: frozenset[str] | None, most: int
    ) -> dict[str, int]:
        """In how many chunks that may be seen each stem stands, up to `most`; without those of none."""
        if not self.size:
            return {}
        numbers = np.array([postings.number(word) for word in words], np.int64)
        there = np.zeros(len(words), np.bool_)
        for segment in self._segments:
            at = np.searchsorted(segment.terms, numbers).clip(max=len(segment.terms) - 1)
            there |= segment.terms[at] == numbers
        held = [word for word, is_there in zip(words, there, strict=True) if is_there]
        visible = self._open(acl_ids, document_ids)[self._documents]
        counts = [int(np.count_nonzero(visible[rows])) for rows, _ in self._find(held)]
        return {word: min(most, count) for word, count in zip(held, counts, strict=True) if count}

    def _find(self, terms: Iterable[str]) -> list[postings.Found]:
        offsets = self._offsets.tolist()
        return [postings.find(self._segments, offsets, postings.number(term)) for term in terms]

    def _preferred(self, weights: Mapping[str, float]) -> Floats:
        """What each document is given for itself."""
        given = np.zeros(len(self._owners), np.float32)
        for id_, weight in weights.items():
            given[self._places.get(id_, [])] = weight
        return given

    def _beside(self, scores: Floats, visible: Mask) -> Floats:
        """For each chunk the scores of the one before and the one after it in its document version."""
        held = np.where(visible, scores, np.float32(0))
        same = self._documents[1:] == self._documents[:-1]
        beside = np.zeros(self.size, np.float32)
        beside[1:] += held[:-1] * same
        beside[:-1] += held[1:] * same
        return beside

    def _open(self, acl_ids: frozenset[str], document_ids: frozenset[str] | None) -> Mask:
        """The live documents that a query may see."""
        allowed = np.array([acl_id in acl_ids for acl_id in self._acl_ids], np.bool_)
        documents = np.append(allowed, False)[self._access]
        if document_ids is not None:
            chosen = [self._places.get(id_, []) for id_ in document_ids]
            wanted = np.zeros(len(documents), np.bool_)
            wanted[[place for places in chosen for place in places]] = True
            documents &= wanted
        return np.asarray(documents, np.bool_)

    def _keyword(self, found: Sequence[postings.Found], visible: Mask) -> Floats:
        return CHUNKS.scores([postings.in_chunks(f, CHUNKS.fields) for f in found], self._chunk_lengths, visible)

    @cached_property
    def _chunk_lengths(self) -> Floats:
        return np.asarray(np.asarray(CHUNKS.fields, np.float32) @ self._lengths)

    @cached_property
    def _document_lengths(self) -> Floats:
        return postings.unit_lengths(self._lengths, DOCUMENTS.fields, self._documents, len(self._owners))

    @cached_property
    def _section_lengths(self) -> Floats:
        return postings.unit_lengths(self._lengths, SECTIONS.fields, self._sections, self._section_count)

    def _document(self, found: Sequence[postings.Found], visible: Mask) -> Floats:
        lengths = self._document_lengths
        held = [postings.in_units(f, DOCUMENTS.fields, self._documents, len(lengths)) for f in found]
        return fusion.share(DOCUMENTS.scores(held, lengths, visible))

    def _section(self, found: Sequence[postings.Found], visible: Mask) -> Floats:
        seen = np.zeros(self._section_count, np.bool_)
        seen[self._sections[visible]] = True
        lengths = self._section_lengths
        held = [postings.in_units(f, SECTIONS.fields, self._sections, len(lengths)) for f in found]
        return np.asarray(fusion.share(SECTIONS.scores(held, lengths, seen))[self._sections])

    def _vector(self, vector: bytes) -> Floats:
        if not vector:
            return np.zeros(self.size, np.float32)
        asked_for = np.frombuffer(vector, "<f4")
        # Each row for itself: a product of the whole matrix rounds by the number of rows, and so tells of others.
        return np.concatenate([np.einsum("ij,j->i", s.vectors, asked_for) for s in self._segments])

    def _top(self, limit: int, rows: NDArray[np.intp], columns: tuple[Floats, ...]) -> list[RankedChunk]:
        """The best rows. Equal to six digits is equal: the order must not hang on how numpy adds up."""
        if len(rows) > limit:
            total = np.round(columns[0][rows], 6)
            rows = rows[total >= np.partition(total, -limit)[-limit]]
        total, order, keyword, vector, extra = (np.round(column[rows], 6) for column in columns)
        documents = self._documents[rows]
        numbers = rows - self._first[documents]
        owners = [self._owners[d] for d in documents]
        names = [self.versions[owner].document_id for owner in owners]
        ranking = sorted(range(len(rows)), key=lambda i: (-total[i], -order[i], names[i], numbers[i]))[:limit]
        return [
            RankedChunk(
                owners[i], int(numbers[i]), float(total[i]), float(keyword[i]), float(vector[i]), float(extra[i])
            )
            for i in ranking
        ]


def _access(
    owners: Sequence[int], versions: Mapping[int, Version]
) -> tuple[list[str], NDArray[np.intp], dict[str, list[int]]]:
    """Access list ids, the place there of each document's (-1: the document is gone), and documents by their id."""
    acl_ids: dict[str, int] = {}
    access = np.full(len(owners), -1, np.intp)
    places: dict[str, list[int]] = {}
    for n, owner in enumerate(owners):
        if (version := versions.get(owner)) is not None:
            access[n] = acl_ids.setdefault(version.acl_id, len(acl_ids))
            places.setdefault(version.document_id, []).append(n)
    return list(acl_ids), access, places


def _joined(numbers: Sequence[Ints], counts: Sequence[int]) -> Ints:
    """Per-segment numbers as one numbering over all segments."""
    at, joined = 0, [np.zeros(0, np.int32)]
    for part, count in zip(numbers, counts, strict=True):
        joined.append(part + np.int32(at))
        at += count
    return np.concatenate(joined)


def grown(
    old: Snapshot, generation: int, new: Sequence[tuple[int, Segment]], versions: Mapping[int, Version]
) -> Snapshot:
    """The next snapshot: new one-document segments join, dead documents leave when parts merge.

    Parts grow like the levels of a log-structured merge tree: a part at least half as large as
    its elder is merged into it, so a chunk is copied a logarithmic number of times.
    """
    parts = [*old.parts]
    if new:
        merged = postings.merge([s for _, s in new], [np.ones(1, np.bool_)] * len(new))
        parts.append(Part(merged, np.array([owner for owner, _ in new], np.int64)))
    live = [np.array([int(o) in versions for o in part.owners], np.bool_) for part in parts]
    done: list[tuple[Part, Mask]] = []
    for part, flags in zip(parts, live, strict=True):
        done.append((part, flags))
        while len(done) > 1 and 2 * _weight(done[-1]) >= _weight(done[-2]):
            done[-2:] = [_merged(done[-2:])]
        if 3 * _weight(done[-1]) < 2 * len(done[-1][0].segment.documents):
            done[-1:] = [_merged(done[-1:])]
    kept = [part for part, flags in done if flags.any()]
    return Snapshot(generation, kept, versions)


def _weight(part: tuple[Part, Mask]) -> int:
    return int(part[1][part[0].segment.documents].sum())


def _merged(parts: Sequence[tuple[Part, Mask]]) -> tuple[Part, Mask]:
    alive = [flags for _, flags in parts]
    owners = np.concatenate([part.owners[flags] for part, flags in parts])
    merged = postings.merge([part.segment for part, _ in parts], alive)
    return Part(merged, owners), np.ones(len(owners), np.bool_)
