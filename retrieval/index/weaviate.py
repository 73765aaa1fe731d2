"""The index at scale: Weaviate, through its asynchronous client over gRPC.

Three collections hold a document version: its chunks with their vectors, its sections and the
whole document as text. Weaviate has no transaction over several objects: the document's object
is written last and removed first, so `versions` names complete versions only, and what may be
cited is decided by the state store, never here. Keywords are stems made in our code (see `words`),
since Weaviate's tokenizers do not stem.

The name of the collections holds the embedder's fingerprint: vectors of two embedders cannot mix.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

import grpc
import httpx
import numpy as np
from weaviate import WeaviateAsyncClient, exceptions
from weaviate.classes.config import Configure, StopwordsPreset
from weaviate.classes.data import DataObject
from weaviate.classes.init import AdditionalConfig, Auth, Timeout
from weaviate.classes.query import Filter, HybridFusion, MetadataQuery
from weaviate.collections import CollectionAsync
from weaviate.collections.classes.filters import _Filters
from weaviate.connect import ConnectionParams

from retrieval import fusion
from retrieval.errors import IndexMismatch, IndexUnavailable
from retrieval.index.codec import load_chunk, load_document
from retrieval.index.weaviate_objects import FIELDS, LEVELS, objects, of_version, properties
from retrieval.text.stems import asked, pairs, stems
from retrieval.types import Chunk, Hit, Query

FORMAT = "2"
BATCH = 250  # objects a request
_WRITE = 6  # times the limit of a read
AT_ONCE = 8  # updates in flight
PAGE = 1000
UNITS = 30  # documents and sections scored; Weaviate reads each one's whole text to answer
WITHIN = 50
_RECORD = ("record", "document", "acl_id")
TOP_DOCUMENTS = 3  # documents whose chunks are searched again for themselves
RANKING = {"Chunk": (0.75, 0.6), "Section": (0.75, 1.2), "Document": (0.5, 1.2)}  # b, k1 of BM25, as in `snapshot`
# Weaviate weighs a word as often as it is asked for (properties take whole numbers only): 1/2 = PAIR_WEIGHT.
PAIRED = (2, 1)

Collection = CollectionAsync[Any, Any]

# What escapes the client, the most special first: (error, what happened, what to do).
_ERRORS: tuple[tuple[type[BaseException], str, str], ...] = (
    (exceptions.AuthenticationFailedError, "refuses the key", "Check FOOTNOTE_WEAVIATE_API_KEY."),
    (exceptions.InsufficientPermissionsError, "refuses the key", "Let the key read and write collections."),
    (exceptions.WeaviateTimeoutError, "does not answer in time", "Check its load; try again later."),
    (exceptions.WeaviateClosedClientError, "was closed meanwhile", "Start the program again."),
    (exceptions.WeaviateConnectionError, "cannot be reached", "Check FOOTNOTE_WEAVIATE_URL and that it runs."),
    (exceptions.WeaviateGRPCUnavailableError, "cannot be reached", "Check FOOTNOTE_WEAVIATE_GRPC_PORT."),
    (exceptions.WeaviateBaseError, "fails", "Run `footnote doctor`; look into the server's log."),
    (grpc.RpcError, "fails", "Check FOOTNOTE_WEAVIATE_GRPC_PORT; look into the server's log."),
    (httpx.HTTPError, "cannot be reached", "Check FOOTNOTE_WEAVIATE_URL and that it runs."),
    (TimeoutError, "does not answer in time", "Check FOOTNOTE_WEAVIATE_URL, and that it runs and is not overloaded."),
    (OSError, "cannot be reached", "Check FOOTNOTE_WEAVIATE_URL and that it runs."),
)
_KINDS = tuple(kind for kind, _, _ in _ERRORS)

T = TypeVar("T")


class WeaviateIndex:
    """Implements `retrieval.ports.Index`. One a process; it connects at first use and creates what is missing.

    `url` is Weaviate's HTTP address, e.g. "http://localhost:8080"; https means TLS for gRPC too.
    `name` begins the collections' names, so that several installations can share a server.
    `timeout` is in seconds, for one question to the server; a batch of writes may take six times as long.
    """

    def __init__(
        self,
        url: str,
        fingerprint: str,
        *,
        grpc_port: int = 50051,
        api_key: str = "",
        name: str = "Footnote",
        timeout: float = 10.0,
    ) -> None:
        at = urlsplit(url)
        secure = at.scheme == "https"
        host = at.hostname or "localhost"
        self._where = f"Weaviate at {url}"
        self._fingerprint = fingerprint
        self._prefix = name[:1].upper() + name[1:]
        suffix = hashlib.sha256(f"{FORMAT} {fingerprint}".encode()).hexdigest()[:10]
        self._names = {level: f"{self._prefix}{level}_{suffix}" for level in LEVELS}
        self._client = WeaviateAsyncClient(
            ConnectionParams.from_params(host, at.port or (443 if secure else 80), secure, host, grpc_port, secure),
            auth_client_secret=Auth.api_key(api_key) if api_key else None,
            additional_config=AdditionalConfig(timeout=Timeout(init=timeout, query=timeout, insert=timeout * _WRITE)),
            skip_init_checks=True,
        )
        self._timeout = timeout
        self._connecting = asyncio.Lock()
        self._open = self._closed = False

    # --- writing

    async def add(self, chunks: Sequence[Chunk], vectors: Sequence[bytes]) -> None:
        """Add the chunks of one document version. When it raises, nothing of this version is left.

        Raises IndexUnavailable, IndexMismatch; ValueError when the chunks are not of one version.
        """
        if len(chunks) != len(vectors):
            raise ValueError(f"{len(chunks)} chunks with {len(vectors)} vectors")
        if len({(c.document.id, c.document.version) for c in chunks}) > 1:
            raise ValueError("the chunks are of several document versions")
        if not chunks:
            return
        document = chunks[0].document
        mine = of_version(document.id, document.version)
        batch = uuid.uuid4().hex
        made = await asyncio.to_thread(objects, chunks, vectors, batch)
        async with self._translated():
            try:
                for level in LEVELS:  # the document's object comes last: it says that the version is complete
                    await self._insert(level, made[level])
            except BaseException:
                await self._undo(mine)
                raise
            for level in reversed(LEVELS):
                await self._delete(level, mine & Filter.by_property("batch").not_equal(batch))

    async def _undo(self, where: _Filters) -> None:
        """Remove what a failed write left. When that fails too, the next write of the version replaces it."""
        try:
            for level in reversed(LEVELS):
                await self._delete(level, where)
        except IndexUnavailable:
            return
        except _KINDS:
            return

    async def withdraw(self, document_id: str, *, keep: str | None = None) -> None:
        """Remove every version of a document but `keep`. Raises IndexUnavailable."""
        where = Filter.by_property("document_id").equal(document_id)
        if keep is not None:
            where = where & Filter.by_property("version").not_equal(keep)
        async with self._translated():
            for level in reversed(LEVELS):
                await self._delete(level, where)

    async def set_access(self, document_id: str, acl_id: str) -> None:
        """Point a document's objects to another access list, object by object. Raises IndexUnavailable."""
        where = Filter.by_property("document_id").equal(document_id) & Filter.by_property("acl_id").not_equal(acl_id)
        slots = asyncio.Semaphore(AT_ONCE)

        async def move(collection: Collection, id_: uuid.UUID) -> None:
            async with slots:
                await self._limited(collection.data.update(id_, properties={"acl_id": acl_id}))

        async with self._translated():
            for level in LEVELS:
                collection = await self._collection(level)
                while True:  # what is moved falls out of the filter
                    asked_for = collection.query.fetch_objects(filters=where, limit=PAGE, return_properties=False)
                    page = await self._limited(asked_for)
                    if not page.objects:
                        break
                    await asyncio.gather(*(move(collection, o.uuid) for o in page.objects))

    async def clear(self) -> None:
        """Remove this installation's collections, of any embedder: the start of a rebuild. Raises IndexUnavailable."""
        async with self._translated():
            await self._collection("Chunk")
            for name in await self._client.collections.list_all():
                if name.partition("_")[0] in {f"{self._prefix}{level}" for level in LEVELS}:
                    await self._client.collections.delete(name)
            await self._create()

    async def close(self) -> None:
        self._closed = True
        await self._client.close()

    async def _insert(self, level: str, objects: Sequence[DataObject[Any, Any]]) -> None:
        collection = await self._collection(level)
        for at in range(0, len(objects), BATCH):
            part = objects[at : at + BATCH]
            try:
                answer = await self._limited(collection.data.insert_many(part), _WRITE)
                errors = [error.message for error in answer.errors.values()]
            except exceptions.WeaviateInsertManyAllFailedError as error:
                errors = [str(error)]
            if errors:
                reason = errors[0]
                if "dimensions" in reason:
                    raise IndexMismatch(
                        f"{self._where} holds vectors of another size than the embedder {self._fingerprint} gives: "
                        f"{reason}. Run `footnote index rebuild`."
                    )
                raise IndexUnavailable(
                    f"{self._where} refused a batch of {len(part)} objects: {reason}. "
                    "Look into the server's log (a full disk makes it read-only)."
                )

    async def _delete(self, level: str, where: _Filters) -> None:
        collection = await self._collection(level)
        while True:  # one call removes at most the server's QUERY_MAXIMUM_RESULTS
            answer = await self._limited(collection.data.delete_many(where=where), _WRITE)
            if answer.failed:
                raise IndexUnavailable(f"{self._where} could not remove {answer.failed} objects. Try again.")
            if not answer.successful:
                return

    # --- reading

    async def versions(self) -> Mapping[str, Mapping[str, int]]:
        """Number of chunks by document id and version, of complete versions. Raises IndexUnavailable."""
        found: dict[str, dict[str, int]] = {}
        names = ["document_id", "version", "number"]
        last: uuid.UUID | None = None
        async with self._translated():
            collection = await self._collection("Document")
            while True:
                asked_for = collection.query.fetch_objects(limit=PAGE, after=last, return_properties=names)
                page = await self._limited(asked_for)
                for o in page.objects:
                    last, p = o.uuid, o.properties
                    found.setdefault(p["document_id"], {})[p["version"]] = int(p["number"])
                if len(page.objects) < PAGE:
                    return found

    async def check(self) -> str:
        """Raises IndexUnavailable."""
        async with self._translated():
            await self._collection("Document")
            return f"Weaviate {(await self._limited(self._client.get_meta()))['version']}"

    async def search(self, query: Query) -> tuple[Hit, ...]:
        """At most `query.limit` hits, best first. Raises IndexUnavailable."""
        words = " ".join(asked(query.text))
        nothing = not query.acl_ids or query.document_ids == frozenset() or query.limit <= 0
        if nothing or not (words or query.vector):
            return ()
        where = Filter.by_property("acl_id").contains_any(sorted(query.acl_ids))
        if query.document_ids is not None:
            where = where & Filter.by_property("document_id").contains_any(sorted(query.document_ids))
        async with self._translated():
            await self._collection("Chunk")
            if not query.document_weight and not query.section_weight:
                # Weaviate makes lists of 100 whatever the limit: one request is enough.
                found = await self._limited(self._chunks(query, words, where, query.limit, _RECORD))
                return self._hits(query, _ranked(query, found, {}, {}), {i: c.values for i, c in found.items()})
            searches = asyncio.gather(
                self._chunks(query, words, where, max(fusion.LIST, query.limit)),
                self._units("Document", words, where) if query.document_weight else _none(),
                self._units("Section", words, where) if query.section_weight else _none(),
            )
            found, documents, sections = await self._limited(searches)
            best = sorted(documents, key=lambda key: -documents[key])[:TOP_DOCUMENTS]
            chosen = sorted(query.preferred, key=lambda id_: -query.preferred[id_])[:TOP_DOCUMENTS]
            if best or chosen:
                either = [Filter.by_property("key").contains_any([key for key, _ in best])] if best else []
                either += [Filter.by_property("document_id").contains_any(chosen)] if chosen else []
                inside = where & Filter.any_of(either)
                within = await self._limited(self._chunks(query, words, inside, WITHIN))
                for id_, chunk in within.items():
                    # In no list over all documents: 0 there, and this list tells the order.
                    found.setdefault(id_, replace(chunk, score=0.0, order=chunk.score - 1.0))
            ranked = _ranked(query, found, documents, sections)
            return self._hits(query, ranked, await self._limited(self._records([id_ for id_, _, _ in ranked])))

    async def known(
        self, words: Sequence[str], acl_ids: frozenset[str], document_ids: frozenset[str] | None = None, most: int = 1
    ) -> Mapping[str, int]:
        """In how many chunks each of these stems stands, up to `most`. Raises IndexUnavailable.

        Whatever a search by words finds holds one of them; they are taken away until it finds nothing more.
        """
        left = dict.fromkeys(word for word in words if word)
        if not acl_ids or document_ids == frozenset() or not left:
            return {}
        where = Filter.by_property("acl_id").contains_any(sorted(acl_ids))
        if document_ids is not None:
            where = where & Filter.by_property("document_id").contains_any(sorted(document_ids))
        found: list[str] = []
        async with self._translated():
            while left:
                seen = {s for text in await self._limited(self._worded(left, where, WITHIN)) for s in text.split()}
                held = [word for word in left if word in seen]
                if not held:
                    break
                found += held
                left = {word: None for word in left if word not in seen}
            if most == 1:
                return dict.fromkeys(found, 1)
            counted = await self._limited(asyncio.gather(*(self._worded([w], where, most) for w in found)))
        return {word: len(texts) for word, texts in zip(found, counted, strict=True)}

    async def _worded(self, words: Iterable[str], where: _Filters, count: int) -> list[str]:
        """The stems of chunks that hold one of these words, with those of their heads."""
        collection = await self._collection("Chunk")
        fields = [name for name in FIELDS["Chunk"] if name != "pairs"]
        answer = await collection.query.bm25(
            query=" ".join(words), query_properties=fields, limit=count, filters=where, return_properties=fields
        )
        return [" ".join(str(o.properties[name]) for name in fields) for o in answer.objects]

    async def _chunks(
        self, query: Query, words: str, where: _Filters, count: int, more: Sequence[str] = ()
    ) -> dict[uuid.UUID, _Found]:
        """The best chunks by fused score. Without a vector keywords carry all the weight, and the other way round."""
        collection = await self._collection("Chunk")
        followed = " ".join(dict.fromkeys(pairs(stems(query.text))))
        phrase = " ".join([*[words] * PAIRED[0], *[followed] * PAIRED[1]])
        answer = await collection.query.hybrid(
            query=phrase if words else None,
            alpha=(query.alpha if words else 1.0) if query.vector else 0.0,
            vector=np.frombuffer(query.vector, "<f4").tolist() if query.vector else None,
            query_properties=FIELDS["Chunk"],
            fusion_type=HybridFusion.RELATIVE_SCORE,
            limit=count,
            filters=where,
            return_metadata=MetadataQuery(score=True),
            return_properties=["key", "section", "document_id", "ordinal", *more],
        )
        found = {}
        for o in answer.objects:
            p = o.properties
            score = float(o.metadata.score or 0.0)
            place = (p["document_id"], int(p["ordinal"]))
            found[o.uuid] = _Found(score, score, p["key"], int(p["section"]), place, p)
        return found

    async def _units(self, level: str, words: str, where: _Filters) -> dict[tuple[str, int], float]:
        """Keyword scores of documents or sections as a share of the highest, by version key and section number."""
        if not words:
            return {}
        collection = await self._collection(level)
        answer = await collection.query.bm25(
            query=words,
            query_properties=FIELDS[level],
            limit=UNITS,
            filters=where,
            return_metadata=MetadataQuery(score=True),
            return_properties=["key", "number"],
        )
        scores = np.array([o.metadata.score or 0.0 for o in answer.objects], np.float32)
        keys = [(o.properties["key"], int(o.properties["number"]) if level == "Section" else 0) for o in answer.objects]
        return dict(zip(keys, fusion.share(scores).tolist(), strict=True))

    async def _records(self, ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Mapping[str, Any]]:
        if not ids:
            return {}
        collection = await self._collection("Chunk")
        answer = await collection.query.fetch_objects_by_ids(ids, limit=len(ids), return_properties=list(_RECORD))
        return {o.uuid: o.properties for o in answer.objects}

    def _hits(
        self,
        query: Query,
        ranked: Sequence[tuple[uuid.UUID, float, float]],
        records: Mapping[uuid.UUID, Mapping[str, Any]],
    ) -> tuple[Hit, ...]:
        """The ranked chunks; what a writer removed or moved meanwhile is left out."""
        hits = []
        for id_, score, extra in ranked:
            values = records.get(id_)
            if values is None or values["acl_id"] not in query.acl_ids:
                continue
            try:
                chunk = load_chunk(values["record"], load_document(values["document"], values["acl_id"]))
            except (ValueError, KeyError, TypeError) as error:
                raise IndexUnavailable(
                    f"{self._where} holds an object that Footnote did not write ({id_}: {error}). "
                    "Run `footnote index rebuild`."
                ) from error
            hits.append(Hit(chunk, score, document_score=extra))
        return tuple(hits)

    # --- the server

    async def _collection(self, level: str) -> Collection:
        if self._closed:
            raise IndexUnavailable(f"{self._where} is used after close. Start the program again.")
        if not self._open:
            async with self._connecting:
                if not self._open:
                    await self._limited(self._client.connect())
                    await self._create()
                    self._open = True
        return self._client.collections.use(self._names[level])

    async def _create(self) -> None:
        for level in LEVELS:
            if await self._client.collections.exists(self._names[level]):
                continue
            b, k1 = RANKING[level]
            try:
                await self._client.collections.create(
                    self._names[level],
                    properties=properties(level),
                    vector_config=Configure.Vectors.self_provided() if level == "Chunk" else None,
                    inverted_index_config=Configure.inverted_index(
                        bm25_b=b, bm25_k1=k1, stopwords_preset=StopwordsPreset.NONE
                    ),
                )
            except exceptions.UnexpectedStatusCodeError:  # another process may have made it meanwhile
                if not await self._client.collections.exists(self._names[level]):
                    raise

    async def _limited(self, call: Awaitable[T], times: int = 1) -> T:
        """The client tries again for a minute when the server is away; nobody waits that long for an answer."""
        return await asyncio.wait_for(call, self._timeout * times)

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        try:
            yield
        except _KINDS as error:
            what, then = next((what, then) for kind, what, then in _ERRORS if isinstance(error, kind))
            raise IndexUnavailable(f"{self._where} {what}: {str(error)[:300]}. {then}") from error


@dataclass(frozen=True, slots=True)
class _Found:
    """A chunk in a list: fused score, what orders equals, the version's key, its section, (document id, ordinal)."""

    score: float
    order: float
    key: str
    section: int
    place: tuple[str, int]
    values: Mapping[str, Any]


def _ranked(
    query: Query,
    found: Mapping[uuid.UUID, _Found],
    documents: Mapping[tuple[str, int], float],
    sections: Mapping[tuple[str, int], float],
) -> list[tuple[uuid.UUID, float, float]]:
    """The best chunks: id, score, and the part of it that documents and sections gave."""
    scores = {(chunk.key, chunk.place[1]): chunk.score for chunk in found.values()}
    rows = []
    for id_, chunk in found.items():
        document_id, ordinal = chunk.place
        extra = query.document_weight * documents.get((chunk.key, 0), 0.0)
        extra += query.section_weight * sections.get((chunk.key, chunk.section), 0.0)
        extra += query.preferred.get(document_id, 0.0)
        beside = scores.get((chunk.key, ordinal - 1), 0.0) + scores.get((chunk.key, ordinal + 1), 0.0)
        total = round(chunk.score + query.neighbour_weight * beside + extra, 6)
        rows.append((-total, -round(chunk.order, 6), chunk.place, id_, extra))
    return [(id_, -total, extra) for total, _, _, id_, extra in sorted(rows)[: query.limit]]


async def _none() -> dict[tuple[str, int], float]:
    return {}
