"""What the core needs from the world, in the core's own words.

Adapters translate every vendor error into the errors named here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from retrieval.people import AccessList
from retrieval.selection import Completion, Selection
from retrieval.types import Chunk, Document, Hit, ParsedDocument, Passage, Query, Question, Section
from retrieval.verdicts import Opinion


class Parser(Protocol):
    async def parse(self, name: str, content: bytes) -> ParsedDocument:
        """Read a file. `name` tells the type with the content's own signature.

        Raises DocumentUnreadable, with a reason for people.
        """
        ...


class Embedder(Protocol):
    @property
    def fingerprint(self) -> str:
        """Names weights, quantization and runtime: vectors of different fingerprints never mix."""
        ...

    @property
    def dimensions(self) -> int: ...

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        """One vector a text: little-endian float32, unit length. Raises EmbedderUnavailable."""
        ...


class Index(Protocol):
    """Chunks of document versions, found by keywords and vectors. Derived: it can be rebuilt."""

    async def add(self, chunks: Sequence[Chunk], vectors: Sequence[bytes]) -> None:
        """Add the chunks of one document version. All or nothing for a search that follows.

        Adding the same version again replaces it. Raises IndexUnavailable, IndexMismatch.
        """
        ...

    async def withdraw(self, document_id: str, *, keep: str | None = None) -> None:
        """Remove every version of a document but `keep`. Unknown ids are no error. Raises IndexUnavailable."""
        ...

    async def search(self, query: Query) -> tuple[Hit, ...]:
        """At most `query.limit` hits, best first, all within `query.acl_ids`. Raises IndexUnavailable."""
        ...

    async def known(
        self, words: Sequence[str], acl_ids: frozenset[str], document_ids: frozenset[str] | None = None, most: int = 1
    ) -> Mapping[str, int]:
        """In how many chunks, titles and headings included, each of these stems stands, counted up to `most`; what
        stands in none is left out. Only chunks within `acl_ids` count, and of these documents, unless None.

        Raises IndexUnavailable.
        """
        ...

    async def set_access(self, document_id: str, acl_id: str) -> None:
        """Point a document's chunks to another access list, touching no vector. Raises IndexUnavailable."""
        ...

    async def versions(self) -> Mapping[str, Mapping[str, int]]:
        """Number of chunks by document id and version. Raises IndexUnavailable."""
        ...

    async def check(self) -> str:
        """What it is, for people, where it can be searched. Raises IndexUnavailable, IndexMismatch."""
        ...

    async def clear(self) -> None:
        """Remove everything, what another embedder made too. Raises IndexUnavailable."""
        ...

    async def close(self) -> None: ...


class Library(Protocol):
    """The state store's view of what is in force: it decides, whatever an index says."""

    async def current(self, document_ids: Sequence[str]) -> Mapping[str, Document]:
        """The current version of each document that has one and may be cited."""
        ...

    async def access_lists(self) -> Mapping[str, AccessList]:
        """Every access list by its id."""
        ...

    async def text(self, document_id: str, version: str, start: int, end: int) -> str:
        """canonical[start:end] of a stored version; "" when it is gone."""
        ...

    async def sections(self, document_id: str, version: str) -> tuple[Section, ...]:
        """The section tree of a stored version in reading order; () when it is gone."""
        ...

    async def documents(self) -> Mapping[str, Document]:
        """Every current, citable document by its id. The caller filters by permission."""
        ...


class Chat(Protocol):
    async def complete(self, messages: Sequence[tuple[str, str]], form: Mapping[str, object]) -> Completion:
        """What a language model says to these (role, content) messages, in JSON of this schema where it can.

        Raises GeneratorUnavailable.
        """
        ...


class Checker(Protocol):
    async def opinion(self, text: str, quote: str) -> Opinion:
        """Whether a quote says what a sentence says, and why. Raises GeneratorUnavailable."""
        ...


class Selector(Protocol):
    async def select(self, question: Question, passages: Sequence[Passage]) -> Selection:
        """Which units of these passages answer, and how surely; none when they hold nothing near.

        Raises GeneratorUnavailable, EmbedderUnavailable.
        """
        ...
