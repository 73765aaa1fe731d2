"""Embeddings from any endpoint that speaks OpenAI's protocol, e.g. OpenAI, Azure, vLLM, Ollama, TEI.

Protocol: https://platform.openai.com/docs/api-reference/embeddings/create
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import openai
from openai import AsyncOpenAI
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from retrieval.errors import EmbedderUnavailable
from retrieval.outbound.addresses import shown
from retrieval.outbound.over_httpx import AnswerRefused, BoundedClient

_BATCH = 128  # texts a request; below the limit of every server we know
_NUMBER = 32  # bytes of a number as text, with what stands around it
_REST = 1_000_000  # bytes of an answer beside its numbers
_LONGEST_WAIT = 60.0  # seconds; a longer Retry-After is an outage, not a pause


class OpenAIEmbedder:
    """Implements `retrieval.ports.Embedder`. One client a process: make one, and close it at the end.

    `dimensions` is checked against every vector that arrives. `timeout` is in seconds, for one
    request; timeouts, 429 and 5xx are tried `attempts` times, waiting as Retry-After says, or
    `pause` seconds and then longer.
    """

    def __init__(
        self,
        model: str,
        *,
        dimensions: int,
        api_key: str,
        base_url: str | None = None,
        timeout: float = 30.0,
        attempts: int = 5,
        pause: float = 1.0,
    ) -> None:
        self._model = model
        self._dimensions = dimensions
        # The retries are ours: the client's own would multiply with them.
        self._client = AsyncOpenAI(
            api_key=api_key or "none",
            base_url=base_url,
            max_retries=0,
            http_client=BoundedClient(deadline=timeout, most_bytes=_BATCH * dimensions * _NUMBER + _REST),
        )
        self._attempts = attempts
        self._backoff = wait_random_exponential(multiplier=pause, max=_LONGEST_WAIT)
        self._where = shown(str(self._client.base_url))

    @property
    def fingerprint(self) -> str:
        return f"openai:{self._where}:{self._model}:{self._dimensions}"

    @property
    def dimensions(self) -> int:
        return self._dimensions

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        """One vector a text. Raises EmbedderUnavailable."""
        vectors: list[bytes] = []
        for at in range(0, len(texts), _BATCH):
            # Most servers refuse an empty text; a blank means the same.
            vectors += await self._batch([text or " " for text in texts[at : at + _BATCH]])
        return vectors

    async def close(self) -> None:
        await self._client.close()

    async def _batch(self, texts: list[str]) -> list[bytes]:
        retrying = AsyncRetrying(
            retry=retry_if_exception(_passing), stop=stop_after_attempt(self._attempts), wait=self._wait, reraise=True
        )
        try:
            async for attempt in retrying:
                with attempt:
                    # "float" is what every compatible server knows; base64 is not.
                    answer = await self._client.embeddings.create(
                        model=self._model, input=texts, encoding_format="float"
                    )
        except openai.OpenAIError as error:
            raise self._translated(error) from error
        except (
            ValueError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:  # of a broken body
            raise self._misshapen("no JSON") from error
        try:
            rows = [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
            with np.errstate(all="ignore"):  # what is too large for a number becomes infinite, and is refused below
                return self._checked(np.array(rows, np.float32), len(texts))
        except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise self._misshapen(str(error)[:200]) from error

    def _misshapen(self, what: str) -> EmbedderUnavailable:
        return EmbedderUnavailable(
            f"The embeddings endpoint {self._where} answered in another form than OpenAI's: {what}. "
            "Check FOOTNOTE_EMBEDDING_BASE_URL."
        )

    def _checked(self, rows: np.ndarray[tuple[int, ...], np.dtype[np.float32]], count: int) -> list[bytes]:
        if rows.shape != (count, self._dimensions):
            raise EmbedderUnavailable(
                f"The embeddings endpoint {self._where} answered vectors of shape {rows.shape} for {self._model}, "
                f"not {(count, self._dimensions)}. Set FOOTNOTE_EMBEDDING_DIMENSIONS to the model's size, "
                "then run `footnote index rebuild`."
            )
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or not (norms > 0).all():
            raise EmbedderUnavailable(
                f"The embeddings endpoint {self._where} answered a vector without a direction (zero or not a number) "
                f"for model {self._model}. Choose another embedding model."
            )
        return [row.astype("<f4").tobytes() for row in rows / norms]

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = _retry_after(error) if isinstance(error, openai.APIStatusError) else None
        return float(self._backoff(state)) if asked is None else asked

    def _translated(self, error: openai.OpenAIError) -> EmbedderUnavailable:
        """The one table from the client's errors to ours; the most special first."""
        table: tuple[tuple[type[openai.OpenAIError], str, str], ...] = (
            (openai.APITimeoutError, "does not answer in time", "Try again later, or raise the time limit."),
            (openai.APIConnectionError, "cannot be reached", "Check FOOTNOTE_EMBEDDING_BASE_URL and the network."),
            (openai.AuthenticationError, "refuses the key", "Check FOOTNOTE_EMBEDDING_API_KEY."),
            (openai.PermissionDeniedError, "refuses the key", "Give the key the right to use this model."),
            (openai.NotFoundError, f"does not know model {self._model}", "Check FOOTNOTE_EMBEDDING_MODEL."),
            (openai.RateLimitError, "limits the rate", "Try again later, or ask the provider for a higher limit."),
            (openai.APIStatusError, "fails", "Try again later; ask the endpoint's operator if it stays."),
            (
                openai.OpenAIError,
                "answers nonsense",
                "Check that FOOTNOTE_EMBEDDING_BASE_URL speaks OpenAI's protocol.",
            ),
        )
        what, then = next((what, then) for kind, what, then in table if isinstance(error, kind))
        if isinstance(error.__cause__, AnswerRefused):
            what, then = f"answers what is not read: {error.__cause__}", "Check FOOTNOTE_EMBEDDING_BASE_URL."
        status = f" (HTTP {error.status_code})" if isinstance(error, openai.APIStatusError) else ""
        if isinstance(error, openai.APIStatusError) and error.status_code < 400:
            what, then = "answers with a redirect, which is not followed", "Set FOOTNOTE_EMBEDDING_BASE_URL."
        return EmbedderUnavailable(f"The embeddings endpoint {self._where} {what}{status}. {then}")


def _passing(error: BaseException) -> bool:
    """Whether trying again may help."""
    if isinstance(error, openai.APIStatusError):
        wait = _retry_after(error)
        return (error.status_code in (408, 429) or error.status_code >= 500) and (wait or 0) <= _LONGEST_WAIT
    refused = isinstance(error.__cause__, AnswerRefused)
    return isinstance(error, openai.APIConnectionError) and not refused  # timeouts are a kind of it


def _retry_after(error: openai.APIStatusError) -> float | None:
    """Seconds to wait as the server asked (RFC 9110, 10.2.3; the form in seconds), None when it did not."""
    value = error.response.headers.get("retry-after", "")
    return float(value) if value.isdigit() else None
