"""The source that docs/connectors.md shows works as it stands there."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from connectors.kinds import SourceKind, Surroundings
from connectors.ports import Source
from connectors.testing.suite import Conformance
from connectors.testing.world import World

DOCS = Path(__file__).parents[2] / "docs" / "connectors.md"
TOKEN = "token-of-tests"


def shown() -> str:
    found = re.search(r'```python\n("""Pages of an intranet.*?)```', DOCS.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def kind() -> SourceKind[Any]:
    module: dict[str, Any] = {}
    exec(compile(shown(), "our_intranet.py", "exec", dont_inherit=True), module)
    made = module["KIND"]
    assert isinstance(made, SourceKind)
    return made


class IntranetWorld(World):
    """A server that lists three pages at a time, asks for the token, and can fail and throttle."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, int]] = {}
        self.revision = 0
        self.broken_after: int | None = None
        self.wait = 0.0
        self.not_before = 0.0
        self.was_early = False
        self.url = ""
        self.sources: list[Any] = []
        self.app = web.Application()
        self.app.router.add_get("/pages.json", self.listing)
        self.app.router.add_get("/{path:.+}", self.page)

    def source(self) -> Source:
        known = kind()
        settings = known.settings.model_validate(
            {"name": "intranet", "kind": "intranet", "url": self.url, "token": "T"}
        )
        made = known.build(settings, Surroundings(Path(), {"T": TOKEN}.get))  # type: ignore[arg-type]
        self.sources.append(made)
        return made

    def _refused(self, request: web.Request) -> web.Response | None:
        now = time.monotonic()
        self.was_early |= now < self.not_before
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        if self.wait:
            self.not_before, wait, self.wait = now + self.wait, self.wait, 0.0
            return web.Response(status=429, headers={"Retry-After": str(wait)})
        return None

    async def listing(self, request: web.Request) -> web.Response:
        start = int(request.query.get("start", "0"))
        if self.broken_after is not None and start >= self.broken_after:
            self.broken_after = None
            return web.Response(status=501)
        part = sorted(self.pages)[start : start + 3]
        told = [{"path": p, "changed": "2026-01-01T00:00:00+00:00", "revision": str(self.pages[p][1])} for p in part]
        more = f"pages.json?start={start + 3}" if start + 3 < len(self.pages) else None
        return self._refused(request) or web.Response(text=json.dumps({"pages": told, "next": more}))

    async def page(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        refused = self._refused(request)
        if refused is not None or path not in self.pages:
            return refused or web.Response(status=404)
        return web.Response(body=self.pages[path][0].encode())

    async def put(self, path: str, text: str) -> None:
        self.revision += 1
        self.pages[path] = (text, self.revision)

    async def delete(self, path: str) -> None:
        del self.pages[path]

    async def rename(self, old: str, new: str) -> None:
        self.pages[new] = self.pages.pop(old)

    async def rename_folder(self, old: str, new: str) -> None:
        for path in [path for path in self.pages if path.startswith(f"{old}/")]:
            await self.rename(path, new + path.removeprefix(old))

    async def fail_after(self, items: int) -> None:
        self.broken_after = items

    async def throttle(self, seconds: float) -> None:
        self.wait = seconds

    async def early(self) -> bool:
        return self.was_early


class TestIntranet(Conformance):
    @pytest.fixture
    async def world(self, unused_tcp_port: int) -> AsyncIterator[World]:
        world = IntranetWorld()
        runner = web.AppRunner(world.app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
        world.url = f"http://127.0.0.1:{unused_tcp_port}"
        yield world
        for source in world.sources:
            await source.close()
        await runner.cleanup()


def test_it_has_forty_lines() -> None:
    assert len([line for line in shown().splitlines() if line.strip()]) <= 40
