"""An aiohttp session under the rules of this package, and how an answer is read in it."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import aiohttp

MOST_BYTES = 4_000_000
"""Of an answer, where the caller knows no better."""


class RedirectRefused(aiohttp.ClientError):
    """The server sent the request on to another address, with what it carries."""


class AnswerTooLarge(aiohttp.ClientError):
    """More bytes than the caller is willing to hold."""


def bounded_session(
    deadline: float,
    *,
    proxies: bool = False,
    headers: Mapping[str, str] | None = None,
    unpack: bool = False,
    connector: aiohttp.BaseConnector | None = None,
) -> aiohttp.ClientSession:
    """A session to be closed by the caller. `deadline` (seconds) is for a whole request, its answer included.

    `proxies` honours HTTPS_PROXY and NO_PROXY. No cookie is kept, no redirect followed (RedirectRefused), and without
    `unpack` no answer unpacked, so no packed one is asked for: a small body could become a huge one.
    """
    watch = aiohttp.TraceConfig()
    watch.on_request_redirect.append(_refuse)
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=deadline),
        headers={**({} if unpack else {"Accept-Encoding": "identity"}), **(headers or {})},
        auto_decompress=unpack,
        trust_env=proxies,
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[watch],
    )


async def read_bounded(response: aiohttp.ClientResponse, most_bytes: int = MOST_BYTES) -> bytes:
    """The body. Raises AnswerTooLarge as soon as more than `most_bytes` have come, and aiohttp's errors."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > most_bytes:
            response.close()
            raise AnswerTooLarge(f"more than {most_bytes} bytes")
    return bytes(body)


async def _refuse(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, told: aiohttp.TraceRequestRedirectParams
) -> None:
    raise RedirectRefused(f"a redirect (status {told.response.status}), which is not followed")
