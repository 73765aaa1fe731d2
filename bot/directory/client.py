"""Questions to a directory over HTTPS: a time-out and a size limit on each, repeated when it is busy or failing.

All of them only read, POST too, so that asking twice does no harm.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import tenacity
from yarl import URL

from bot.directory.file import DirectoryDown
from retrieval.outbound.over_aiohttp import AnswerTooLarge, bounded_session, read_bounded

_CHANCE = random.SystemRandom()
_STATUS_BUSY = 429


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in seconds, `most_bytes` of an answer. A longer Retry-After than `longest_wait` is not waited for."""

    timeout: float = 5.0
    tries: int = 3
    first_pause: float = 0.2
    longest_wait: float = 5.0
    most_bytes: int = 4_000_000


class _Again(DirectoryDown):
    """Asking once more may help."""


class JsonClient:
    """One connection pool for one directory, opened at the first question."""

    def __init__(self, name: str, patience: Patience, *, proxies: bool = False) -> None:
        """`name` stands in error messages, e.g. "Microsoft Graph". `proxies` honours HTTPS_PROXY and NO_PROXY."""
        self._name = name
        self._patience = patience
        self._proxies = proxies
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = bounded_session(
                self._patience.timeout, proxies=self._proxies, headers={"Accept": "application/json"}
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(self, verb: str, url: URL, bearer: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """Status and JSON of the answer (None where it has none). Raises DirectoryDown when there is none to use."""
        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(self._patience.tries),
            wait=self._wait,
            retry=tenacity.retry_if_exception(self._worth_it),
            reraise=True,
        )
        answer: tuple[int, Any] = await retrying(self._once, verb, url, bearer, body)
        return answer

    def _worth_it(self, error: BaseException) -> bool:
        return isinstance(error, _Again) and error.retry_after <= self._patience.longest_wait

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        told = error.retry_after if isinstance(error, _Again) else 0.0
        growing = self._patience.first_pause * 2.0 ** (state.attempt_number - 1)
        return max(told, growing) + _CHANCE.random() * self._patience.first_pause

    async def _once(self, verb: str, url: URL, bearer: str, body: Mapping[str, Any] | None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {bearer}"}
        try:
            async with self.session.request(verb, url, headers=headers, json=body, allow_redirects=False) as response:
                if response.status == _STATUS_BUSY or response.status >= 500:
                    wait = _seconds(response.headers.get("Retry-After"))
                    what = "asks to wait" if response.status == _STATUS_BUSY else "failed"
                    raise _Again(f"{self._name} {what} (status {response.status}); try again later.", wait)
                if 300 <= response.status < 400:
                    raise DirectoryDown(
                        f"{self._name} answers with a redirect, which is not followed; set its address."
                    )
                return response.status, _parsed(await read_bounded(response, self._patience.most_bytes))
        except AnswerTooLarge as error:
            raise DirectoryDown(f"{self._name} answers {error}; check its address.") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _Again(
                f"{self._name} cannot be reached at {url.host} ({type(error).__name__}). "
                "Check its address and the network."
            ) from error


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _seconds(header: str | None) -> float:
    """Retry-After (RFC 9110, section 10.2.3) in seconds; a date, which neither kind of directory sends, counts as 1."""
    if header is None:
        return 0.0
    try:
        value = float(header)
    except ValueError:
        return 1.0
    return value if 0 <= value < float("inf") else 1.0
