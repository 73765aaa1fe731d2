"""The way in: what comes back when we call our own public address, as a platform would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from bot.errors import PlatformError
from retrieval.outbound.over_aiohttp import bounded_session, read_bounded

DEADLINE_S = 15.0
_MOST = 65_536


@dataclass(frozen=True, slots=True)
class Came:
    """What came back."""

    status: int
    body: bytes


async def knock(url: str, path: str, body: bytes, headers: Mapping[str, str]) -> Came:
    """POST to our own public address. Raises PlatformError when nothing of ours can be there."""
    address = f"{url.rstrip('/')}{path}"
    try:
        async with (
            bounded_session(DEADLINE_S, proxies=not address.startswith("http://"), headers=headers) as session,
            session.post(address, data=body) as response,
        ):
            return Came(response.status, await read_bounded(response, _MOST))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise PlatformError(
            f"{address} cannot be reached from here ({why}). Is `footnote serve` running, and does the name, the "
            "certificate and the proxy lead to it?"
        ) from error
