"""Embeddings from any endpoint that speaks OpenAI's protocol, e.g. OpenAI, Azure, vLLM, Ollama, TEI.

Protocol: https://platform.openai.com/docs/api-reference/embeddings/create
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import EmbedderUnavailable
from retrieval.outbound.over_openai import Endpoint, Named, Pace, RequestRefused

BATCH = 128  # texts a request, where nothing else is set; TEI takes 32 unless told otherwise, and says so
_NUMBER = 32  # bytes of a number as text, with what stands around it
_REST = 1_000_000  # bytes of an answer beside its numbers
_LONGEST_WAIT = 60.0  # seconds; a longer Retry-After is an outage, not a pause
_NAMED = Named("embeddings endpoint", "FOOTNOTE_EMBEDDING", "FOOTNOTE_EMBEDDING_MODEL", "", EmbedderUnavailable)

Rows = NDArray[np.float32]


class OpenAIEmbedder:
    """Implements `retrieval.ports.Embedder`. One client a process: make one, and close it at the end.

    `dimensions` is checked against every vector that arrives. `batch` is the most texts of a request; where the
    server refuses as many, half of them are sent from then on. `timeout` is in seconds, for one request; timeouts,
    429 and 5xx are tried `attempts` times, waiting as the server says, or `pause` seconds and then longer.
    """

    def __init__(
        self,
        model: str,
        *,
        dimensions: int,
        api_key: str,
        base_url: str | None = None,
        batch: int = BATCH,
        timeout: float = 30.0,
        attempts: int = 5,
        pause: float = 1.0,
    ) -> None:
        self._model = model
        self._dimensions = dimensions
        self._batch_size = self._most = batch
        self._plain = True  # vectors are asked for as numbers: base64 is not known to every server
        self._endpoint = Endpoint(
            _NAMED,
            model,
            api_key=api_key,
            base_url=base_url,
            pace=Pace(timeout, attempts=attempts, pause=pause, longest_wait=_LONGEST_WAIT),
            most_bytes=batch * dimensions * _NUMBER + _REST,
        )

    @property
    def fingerprint(self) -> str:
        return f"openai:{self._endpoint.where}:{self._model}:{self._dimensions}"

    @property
    def dimensions(self) -> int:
        return self._dimensions

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        """One vector a text. Raises EmbedderUnavailable."""
        vectors: list[bytes] = []
        while len(vectors) < len(texts):
            part = texts[len(vectors) : len(vectors) + self._batch_size]
            # Most servers refuse an empty text; a blank means the same.
            vectors += await self._batch([text or " " for text in part])
        return vectors

    async def close(self) -> None:
        await self._endpoint.close()

    async def _batch(self, texts: list[str]) -> list[bytes]:
        """The vectors of these texts, or, where the server wants fewer at once, of the first of them."""
        while True:
            body: dict[str, Any] = {"model": self._model, "input": texts}
            if self._plain:
                body["encoding_format"] = "float"
            try:
                answer = await self._endpoint.call("/embeddings", body)
            except RequestRefused as refused:
                if self._plain and "encoding_format" in refused.complaint:
                    self._plain = False
                elif len(texts) > 1 and not refused.final:
                    self._batch_size = len(texts) // 2
                    texts = texts[: self._batch_size]
                else:
                    self._batch_size = self._most  # their number was not what it refused
                    raise refused.failure from refused
                continue
            return self._read(answer, len(texts))

    def _read(self, answer: object, count: int) -> list[bytes]:
        try:
            rows = [_numbers(item["embedding"]) for item in _in_order(answer["data"])]  # type: ignore[index]
            with np.errstate(all="ignore"):  # what is too large for a number becomes infinite, and is refused below
                return self._checked(np.array(rows, np.float32), count)
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
            raise self._endpoint.nonsense("vectors that cannot be read") from error

    def _checked(self, rows: Rows, count: int) -> list[bytes]:
        if rows.shape != (count, self._dimensions):
            raise EmbedderUnavailable(
                f"The embeddings endpoint {self._endpoint.where} answered vectors of shape {rows.shape} for "
                f"{self._model}, not {(count, self._dimensions)}. Set FOOTNOTE_EMBEDDING_DIMENSIONS to the model's "
                "size, then run `footnote index rebuild`."
            )
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or not (norms > 0).all():
            raise EmbedderUnavailable(
                f"The embeddings endpoint {self._endpoint.where} answered a vector without a direction (zero or not a "
                f"number) for model {self._model}. Choose another embedding model."
            )
        return [row.astype("<f4").tobytes() for row in rows / norms]


def _in_order(items: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """By their `index`; where some have none, or not each its own, as they came."""
    indices = [item.get("index") for item in items]
    if sorted(n for n in indices if isinstance(n, int)) != list(range(len(items))):
        return items
    return sorted(items, key=lambda item: int(item["index"]))


def _numbers(vector: object) -> object:
    """The numbers of a vector; from base64 of little-endian float32 where the server prefers that."""
    return np.frombuffer(base64.b64decode(vector, validate=True), "<f4") if isinstance(vector, str) else vector
