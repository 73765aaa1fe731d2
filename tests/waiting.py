"""Waiting for what must come to be: as long as a stuck test may take, since nothing promises a time."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

STUCK_S = 300.0  # never reached by a test that passes
LOOK_S = 0.01


async def until(holds: Callable[[], bool | Awaitable[bool]], what: str = "what the test waits for") -> None:
    """Returns when `holds()`. Raises TimeoutError naming `what`, when that will hardly come any more."""
    try:
        async with asyncio.timeout(STUCK_S):
            while True:
                found = holds()
                if await found if inspect.isawaitable(found) else found:
                    return
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        raise TimeoutError(f"{what} did not come about within {STUCK_S:.0f} seconds") from None
