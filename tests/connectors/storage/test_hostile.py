"""A storage service that is not what it seems costs a bounded time and memory, and gets no key for others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from connectors import storage
from connectors.errors import SourceUnavailable
from connectors.kinds import Surroundings
from connectors.ports import Item, Lister, Source
from connectors.registry import build, read_table

SIZE = 64
STAT = {"Content-Length": str(SIZE), "ETag": '"a"', "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}


class StrangeStorage:
    """Speaks as much of S3 as a listing and a file take. `seen`: the paths and Authorization headers that arrived."""

    def __init__(self, kind: str, other: str = "") -> None:
        self._kind = kind
        self._other = other
        self._pages = 0
        self.seen: list[tuple[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.path, request.headers.get("Authorization", "")))
        if self._kind == "redirects":
            raise web.HTTPTemporaryRedirect(f"{self._other}{request.path_qs}")
        if request.method == "HEAD":
            return web.Response(headers=STAT)
        if "list-type" in request.query:
            return web.Response(text=self._page(), content_type="application/xml")
        told = {"Content-Length": str(SIZE)} if self._kind == "drips" else {}
        answer = web.StreamResponse(headers=told)
        await answer.prepare(request)
        try:
            for _ in range(SIZE):
                await answer.write(b"x" if self._kind == "drips" else bytes(1 << 20))
                await asyncio.sleep(1 if self._kind == "drips" else 0)
        except ConnectionError:
            pass  # the client has had enough
        return answer

    def _page(self) -> str:
        self._pages += 1
        keys = [f"{self._pages}-{n}.txt" for n in range(500 if self._kind == "lists for ever" else 1)]
        more = self._kind == "lists for ever"
        token = f"<NextContinuationToken>{self._pages}</NextContinuationToken>" if more else ""
        return (
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>'
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}"
            + "".join(
                f"<Contents><Key>{key}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>"
                f'<ETag>"a"</ETag><Size>{SIZE}</Size></Contents>'
                for key in keys
            )
            + "</ListBucketResult>"
        )


class StorageServers:
    def __init__(self) -> None:
        self._runners: list[web.AppRunner] = []

    async def open(self, hostile: StrangeStorage) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", hostile.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def close(self) -> None:
        for runner in self._runners:
            await runner.cleanup()


@pytest.fixture
async def served() -> AsyncIterator[StorageServers]:
    made = StorageServers()
    yield made
    await made.close()


def source(endpoint: str) -> Source:
    table = {
        "kind": "s3",
        "name": "contracts",
        "options": {"bucket": "b", "endpoint": endpoint, "region": "us-east-1"},
        "secrets": {"access_key_id": "S3_KEY", "secret_access_key": "S3_SECRET"},
    }
    return build(read_table(table), Surroundings(Path("/"), lambda _: "secret"))  # type: ignore[arg-type] # of its kind


async def listed(made: Source) -> list[Item]:
    assert isinstance(made, Lister)
    return [item async for item in made.list() if isinstance(item, Item)]


async def test_a_listing_without_an_end_ends(served: StorageServers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "MAX_OBJECTS", 2_000)
    hostile = StrangeStorage("lists for ever")
    made = source(await served.open(hostile))
    with pytest.raises(SourceUnavailable, match="lists more than 2000 objects"):
        await listed(made)
    assert len(hostile.seen) < 20


async def test_a_file_that_drips_is_left_at_the_deadline(
    served: StorageServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "FETCH_SECONDS", 3.0)
    made = source(await served.open(StrangeStorage("drips")))
    (item,) = await listed(made)
    with pytest.raises(SourceUnavailable, match="for more than 3 s"):
        await made.fetch(item)


async def test_a_file_larger_than_was_told_is_not_read(served: StorageServers) -> None:
    made = source(await served.open(StrangeStorage("sends more")))
    (item,) = await listed(made)
    with pytest.raises(SourceUnavailable):
        await made.fetch(item)


async def test_a_redirect_takes_no_key_along(served: StorageServers) -> None:
    """OpenDAL follows it, and has no setting against that."""
    other = StrangeStorage("honest")
    made = source(await served.open(StrangeStorage("redirects", await served.open(other))))
    assert await listed(made)
    assert [key for _, key in other.seen] == [""]
