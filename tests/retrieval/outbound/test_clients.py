"""What a server that is not trusted can do to a client of ours: waste a bounded time and a bounded memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import httpx2
import pytest

from retrieval.outbound.over_aiohttp import AnswerTooLarge, RedirectRefused, bounded_session, read_bounded
from retrieval.outbound.over_httpx import AnswerRefused, BoundedClient
from tests.retrieval.outbound.servers import MEGABYTE, Hostile, hostile


@pytest.fixture
async def server() -> AsyncIterator[Hostile]:
    async with hostile() as made:
        yield made


@pytest.fixture
async def client() -> AsyncIterator[BoundedClient]:
    async with BoundedClient(deadline=20, most_bytes=MEGABYTE) as made:
        yield made


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with bounded_session(20) as made:
        yield made


@pytest.mark.parametrize("kind", ["large", "bomb", "strange"])
async def test_a_large_or_strange_answer_is_not_read(server: Hostile, client: BoundedClient, kind: str) -> None:
    with pytest.raises(AnswerRefused):
        await client.get(f"{server.url}/{kind}")
    assert (await client.get(f"{server.url}/good")).json() == {"a": 1}


async def test_a_packed_answer_is_read_though_none_was_asked_for(server: Hostile, client: BoundedClient) -> None:
    assert (await client.get(f"{server.url}/packed")).json() == {"a": 1}


async def test_a_server_that_drips_is_left_at_the_deadline(server: Hostile) -> None:
    async with BoundedClient(deadline=1.0) as client:
        with pytest.raises(httpx2.ReadTimeout):
            await client.get(f"{server.url}/drip")


async def test_a_redirect_is_the_answer(server: Hostile, client: BoundedClient) -> None:
    assert (await client.post(f"{server.url}/redirect", content=b"secret")).status_code == 302
    assert [path for path, _ in server.seen] == ["/redirect"]


async def test_no_cookie_comes_back(server: Hostile, client: BoundedClient, session: aiohttp.ClientSession) -> None:
    for _ in range(2):
        await client.get(f"{server.url}/cookie")
        async with session.get(f"{server.url}/cookie"):
            pass
    assert {cookie for _, cookie in server.seen} == {None}


async def test_a_session_follows_no_redirect(server: Hostile, session: aiohttp.ClientSession) -> None:
    with pytest.raises(RedirectRefused):
        await session.post(f"{server.url}/redirect", data=b"secret")
    assert [path for path, _ in server.seen] == ["/redirect"]


async def test_a_session_reads_a_bounded_answer(server: Hostile, session: aiohttp.ClientSession) -> None:
    async with session.get(f"{server.url}/large") as response:
        with pytest.raises(AnswerTooLarge):
            await read_bounded(response, MEGABYTE)
    async with session.get(f"{server.url}/bomb") as response:
        assert len(await read_bounded(response, MEGABYTE)) < MEGABYTE  # packed, as it came


async def test_a_session_has_one_deadline(server: Hostile) -> None:
    async with bounded_session(1.0) as session:
        with pytest.raises(TimeoutError):
            async with session.get(f"{server.url}/drip") as response:
                await read_bounded(response)
