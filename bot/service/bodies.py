"""Bodies of requests whose sender is not known yet: read in pieces, counted, and within a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError


@dataclass(slots=True)
class Bodies:
    """What all that are being read may take: `most` bytes together, each within `seconds`.

    `begins` and `ends` are called around the reading of each.
    """

    most: int = 32_000_000
    seconds: float = 10.0
    held: int = 0
    begins: Callable[[web.Request], None] = lambda _: None
    ends: Callable[[web.Request], None] = lambda _: None


BODIES = web.AppKey("bodies", Bodies)


async def read_body(request: web.Request, most: int) -> bytes:
    """At most `most` bytes, however they are sent. Check first what the headers prove.

    Raises HTTPRequestEntityTooLarge, HTTPRequestTimeout, HTTPServiceUnavailable when others send too much,
    HTTPBadRequest when the body breaks off or cannot be read.
    """
    told = request.content_length or 0
    if told > most:
        raise web.HTTPRequestEntityTooLarge(most, told)
    bodies = request.config_dict.get(BODIES) or Bodies()
    body = bytearray()
    bodies.begins(request)
    try:
        async with asyncio.timeout(bodies.seconds):
            while piece := await request.content.readany():
                body += piece
                bodies.held += len(piece)
                if len(body) > most:
                    raise web.HTTPRequestEntityTooLarge(most, len(body))
                if bodies.held > bodies.most:
                    raise web.HTTPServiceUnavailable(headers={"Retry-After": "2"})
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except (ClientPayloadError, HttpProcessingError, ConnectionError) as error:
        raise web.HTTPBadRequest(text="The body cannot be read.") from error
    finally:
        bodies.held -= len(body)
        bodies.ends(request)
    return bytes(body)
