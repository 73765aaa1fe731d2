"""Calls to an endpoint that speaks OpenAI's protocol, as such endpoints are in the world; for models and embeddings.

One place for what both need: addresses with a query (Azure), keys in either header, retries as the server asks, and
what a broken body or a failure means. Protocol: https://platform.openai.com/docs/api-reference
Azure's addresses: https://learn.microsoft.com/azure/ai-services/openai/reference
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import httpx2
import openai
from openai import AsyncOpenAI
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from retrieval.errors import RetrievalError
from retrieval.outbound.addresses import shown
from retrieval.outbound.over_httpx import AnswerRefused, BoundedClient
from retrieval.outbound.waits import retry_after

_PATHS = ("/chat/completions", "/embeddings")
_COMPLAINT = 2_000  # characters of what a server says against a request that are looked at
_FILTER, _TOO_LONG, _SPENT = "content_filter", "context_length_exceeded", "insufficient_quota"


@dataclass(frozen=True, slots=True)
class Named:
    """How messages speak of an endpoint: `what` it is, what the names of its settings begin with, the settings of its
    model and of its time limit ("" without one), and the error.
    """

    what: str
    setting: str
    model: str
    time: str
    error: type[RetrievalError]


@dataclass(frozen=True, slots=True)
class Pace:
    """`timeout` (seconds) is for one request, `deadline` for all of one call. Timeouts, 408, 429 and 5xx are tried
    `attempts` times, waiting as the server says, or `pause` seconds and then longer; no wait outlasts `longest_wait`.
    """

    timeout: float = 30.0
    deadline: float = math.inf
    attempts: int = 3
    pause: float = 0.5
    longest_wait: float = 20.0


class RequestRefused(Exception):
    """The endpoint does not take this request: its form, its size. `complaint` is what it says, untrusted; `failure`
    is the error to raise where no other form is left, `final` that none would help.
    """

    def __init__(self, complaint: str, failure: RetrievalError, *, final: bool) -> None:
        super().__init__(complaint)
        self.complaint = complaint
        self.failure = failure
        self.final = final


class Endpoint:
    """One endpoint and model. Make one a process, and close it at the end."""

    def __init__(
        self, named: Named, model: str, *, api_key: str | None, base_url: str | None, pace: Pace, most_bytes: int
    ) -> None:
        self._named = named
        self._model = model
        self._pace = pace
        http = BoundedClient(deadline=pace.timeout, most_bytes=most_bytes)
        self._client, self._headers = client(model, api_key=api_key, base_url=base_url, http=http)
        self._backoff = wait_random_exponential(multiplier=pace.pause, max=pace.longest_wait)
        self.where = shown(str(self._client.base_url))

    async def call(self, path: str, body: Mapping[str, Any]) -> object:
        """The JSON that is answered. Raises RequestRefused, and the error that the endpoint is named with."""
        retrying = AsyncRetrying(
            retry=retry_if_exception(self._passing),
            stop=stop_after_attempt(self._pace.attempts) | stop_before_delay(self._pace.deadline),
            wait=self._wait,
            reraise=True,
        )
        try:
            async for attempt in retrying:
                with attempt:
                    answer = await self._client.post(
                        path, cast_to=httpx2.Response, body=dict(body), options={"headers": self._headers}
                    )
        except openai.OpenAIError as error:
            raise self._translated(error) from error
        except (ValueError, TypeError, AttributeError, RecursionError) as error:  # the body of a failure is broken
            raise self.nonsense("a failure whose text is no JSON") from error
        return self._read(answer)

    def _read(self, answer: httpx2.Response) -> object:
        try:
            return json.loads(answer.content)
        except (ValueError, RecursionError) as error:
            kind = answer.headers.get("content-type", "").partition(";")[0].strip()[:40]
            what = f"a page ({kind})" if kind.endswith("html") else "a body that is no JSON"
            raise self.nonsense(what) from error

    def nonsense(self, what: str) -> RetrievalError:
        """The error for an answer that arrived and is not of the protocol's form."""
        return self._error(f"answered in another form than OpenAI's: {what}", f"Check {self._named.setting}_BASE_URL.")

    async def close(self) -> None:
        await self._client.close()

    def _error(self, what: str, then: str) -> RetrievalError:
        return self._named.error(f"The {self._named.what} {self.where} {what}. {then}")

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = retry_after(error.response.headers) if isinstance(error, openai.APIStatusError) else None
        return float(self._backoff(state)) if asked is None else asked

    def _passing(self, error: BaseException) -> bool:
        """Whether trying again may help. A spent quota says 429 too, and does not pass."""
        if isinstance(error, openai.APIStatusError):
            wait = retry_after(error.response.headers) or 0
            passes = error.status_code in (408, 429) or error.status_code >= 500
            return passes and error.code != _SPENT and wait <= self._pace.longest_wait
        refused = isinstance(error.__cause__, AnswerRefused)
        return isinstance(error, openai.APIConnectionError) and not refused  # timeouts are a kind of it

    def _translated(self, error: openai.OpenAIError) -> Exception:
        """The one table from the client's errors to ours; the most special first."""
        setting = self._named.setting
        late = f"Try again later, or raise {self._named.time}." if self._named.time else "Try again later."
        table: tuple[tuple[type[openai.OpenAIError], str, str], ...] = (
            (openai.APITimeoutError, "does not answer in time", late),
            (openai.APIConnectionError, "cannot be reached", f"Check {setting}_BASE_URL and the network."),
            (openai.AuthenticationError, "refuses the key", f"Check {setting}_API_KEY."),
            (openai.PermissionDeniedError, "refuses the key", "Give the key the right to use this model."),
            (
                openai.NotFoundError,
                f"does not know model {self._model}",
                f"Check {self._named.model} and {setting}_BASE_URL.",
            ),
            (openai.RateLimitError, "limits the rate", "Try again later, or ask the provider for a higher limit."),
            (
                openai.BadRequestError,
                "refuses the request",
                f"Check {self._named.model}; the texts may be too long for it.",
            ),
            (openai.UnprocessableEntityError, "refuses the request", f"Check {self._named.model}."),
            (openai.APIStatusError, "fails", "Try again later; ask the endpoint's operator if it stays."),
            (openai.OpenAIError, "answers nonsense", f"Check that {setting}_BASE_URL speaks OpenAI's protocol."),
        )
        what, then = next((what, then) for kind, what, then in table if isinstance(error, kind))
        if isinstance(error.__cause__, AnswerRefused):
            what, then = f"answers what is not read: {error.__cause__}", f"Check {setting}_BASE_URL."
        if not isinstance(error, openai.APIStatusError):
            return self._error(what, then)
        codes = _codes(error)
        if error.status_code < 400:
            what, then = "answers with a redirect, which is not followed", f"Set {setting}_BASE_URL to its target."
        elif _FILTER in codes:
            what, then = "stopped this with its content filter", "Ask in other words, or have the filter changed."
        elif _TOO_LONG in codes:
            what, then = "takes less text than this", f"Choose a {self._named.model} that reads longer texts."
        failure = self._error(f"{what} (HTTP {error.status_code})", then)
        if error.status_code not in (400, 413, 422):
            return failure
        complaint = json.dumps(error.body, default=str, ensure_ascii=False)[:_COMPLAINT]
        return RequestRefused(complaint, failure, final=bool({_FILTER, _TOO_LONG} & codes))


def client(
    model: str, *, api_key: str | None, base_url: str | None, http: BoundedClient
) -> tuple[AsyncOpenAI, dict[str, str | openai.Omit]]:
    """The library's client, and the headers of each request, for an address as operators copy it: with the last part
    of a path, or with a query.

    Where the query has Azure's `api-version`, the key goes in Azure's header, and a path that ends before the
    deployment is completed with the model's name.
    """
    parts = urlsplit(base_url or "")
    path = parts.path.rstrip("/")
    for last in _PATHS:
        path = path.removesuffix(last)
    query = dict(parse_qsl(parts.query))
    headers: dict[str, str | openai.Omit] = {}
    if "api-version" in query:
        headers = {"api-key": api_key or "none", "Authorization": openai.Omit()}
        path = f"{path or '/openai'}/deployments/{model}" if path in ("", "/openai") else path
    # The retries are ours: the client's own would multiply with them.
    made = AsyncOpenAI(
        api_key=api_key or "none",
        base_url=urlunsplit((parts.scheme, parts.netloc, path, "", "")) if base_url else None,
        default_query=query or None,
        max_retries=0,
        http_client=http,
    )
    return made, headers


def _codes(error: openai.APIStatusError) -> set[str]:
    """The codes of a failure: its own, and those of the parts that Azure puts into it."""
    body: dict[str, object] = error.body if isinstance(error.body, dict) else {}
    inner = body.get("innererror")
    inner = inner if isinstance(inner, dict) else {}
    found = {str(error.code or ""), str(body.get("code", "")), str(inner.get("code", ""))}
    return found | ({_FILTER} if "ResponsibleAIPolicyViolation" in found else set())
