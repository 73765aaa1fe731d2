"""An httpx client under the rules of this package, in the form that the openai library takes.

The library repeats and follows redirects by itself, and reads an answer whole, whatever its size; its time-outs are
for each read, so that a server may drip for ever. So `send`, through which every request goes, is bounded here.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpx2

MOST_BYTES = 16 * 1024 * 1024
"""Of an answer: 128 vectors of 3,072 numbers as text are 9 MB, an answer in words a few kB."""

_PIECE = 1 << 16


class AnswerRefused(httpx2.TransportError):
    """The answer is too large or packed in a way that is not read. Asking again would bring the same."""


class BoundedClient(httpx2.AsyncClient):
    """`deadline` (seconds) is for the whole request: connecting, sending, waiting and reading the answer."""

    def __init__(self, *, deadline: float, most_bytes: int = MOST_BYTES) -> None:
        super().__init__(timeout=deadline, follow_redirects=False, headers={"Accept-Encoding": "identity"})
        self._deadline = deadline
        self._most_bytes = most_bytes
        self.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """The answer, read. Raises httpx's errors; AnswerRefused is one of them."""
        options |= {"stream": True, "follow_redirects": False}
        request.headers["Accept-Encoding"] = "identity"
        try:
            async with asyncio.timeout(self._deadline):
                response = await super().send(request, **options)
                try:
                    body = await self._read(response)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise httpx2.ReadTimeout("no whole answer in time", request=request) from error
        kept = [(k, v) for k, v in response.headers.multi_items() if k not in ("content-encoding", "content-length")]
        return httpx2.Response(response.status_code, headers=kept, content=body, request=request)

    async def _read(self, response: httpx2.Response) -> bytes:
        unpack = _unpacker(response.headers.get("content-encoding", "identity").strip().lower())
        body = bytearray()
        async for packed in response.aiter_raw(_PIECE):
            for piece in unpack.pieces(packed):
                body += piece
                if len(body) > self._most_bytes:
                    raise AnswerRefused(f"more than {self._most_bytes} bytes")
        return bytes(body)


class _Plain:
    def pieces(self, packed: bytes) -> Iterator[bytes]:
        yield packed


class _Packed:
    """Unpacked a piece at a time, so that a bomb is met before it has grown."""

    def __init__(self) -> None:
        self._state = zlib.decompressobj(zlib.MAX_WBITS | 32)  # the header tells gzip from deflate

    def pieces(self, packed: bytes) -> Iterator[bytes]:
        try:
            yield self._state.decompress(packed, _PIECE)
            while self._state.unconsumed_tail:
                yield self._state.decompress(self._state.unconsumed_tail, _PIECE)
        except zlib.error as error:
            raise AnswerRefused("it cannot be unpacked") from error


def _unpacker(encoding: str) -> _Plain | _Packed:
    """For a server that packs its answer though it was asked not to."""
    if encoding in ("", "identity"):
        return _Plain()
    if encoding in ("gzip", "x-gzip", "deflate"):
        return _Packed()
    raise AnswerRefused(f"it is packed as {encoding[:40]!r}")
