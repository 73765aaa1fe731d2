"""The web server against strangers: slow ones, many, and such as send what is no HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier
from structlog.testing import capture_logs

from bot.service.bodies import Bodies
from bot.service.front import Front
from bot.slack.receive import MOST_BYTES, signed_body

SECRET = "a secret of a test"
OK = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def stamped(signature: str = "v0=" + "0" * 64, at: float | None = None) -> bytes:
    now = int(time.time() if at is None else at)
    return f"X-Slack-Request-Timestamp: {now}\r\nX-Slack-Signature: {signature}\r\n".encode()


def signed(body: bytes) -> bytes:
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return stamped(f"v0={digest}")


def post(headers: bytes, body: bytes = b"") -> bytes:
    return b"POST /slack/events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + headers + b"\r\n" + body


class Served:
    """A front with two routes; `bodies` counts what is read."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def say(self, data: bytes, within: float = 20) -> bytes:
        """What comes back until the connection is closed."""
        async with asyncio.timeout(within):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write(data)
                return await reader.read()
            except ConnectionError:
                return b""
            finally:
                writer.close()

    async def alive(self) -> bool:
        return (await self.say(OK)).endswith(b"ok")


@asynccontextmanager
async def served(
    bodies: Bodies | None = None, *, connections: int = 20, headers_s: float = 10
) -> AsyncIterator[Served]:
    verifier = SignatureVerifier(SECRET)

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def take(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await signed_body(verifier, request))))

    front = Front(
        [web.get("/healthz", alive), web.post("/slack/events", take)],
        connections=connections,
        headers_s=headers_s,
        bodies=bodies,
    )
    try:
        yield Served(await front.open("127.0.0.1", 0))
    finally:
        await front.close()


def status(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return int(found[1]) if found else 0


async def test_a_signed_body_is_taken_and_no_version_is_told() -> None:
    body = b'{"type": "event_callback"}'
    async with served() as front:
        good = await front.say(post(signed(body) + b"Content-Length: %d\r\n" % len(body), body))
        answers = [good, await front.say(OK), await front.say(b"nonsense\r\n\r\n"), await front.say(post(b""))]
    assert status(good) == 200
    assert [status(answer) for answer in answers[1:]] == [200, 400, 401]
    for answer in answers:
        assert re.findall(rb"(?i)server: ([^\r]*)", answer) == [b"Footnote"]
        assert b"aiohttp" not in answer


@pytest.mark.parametrize(
    "headers",
    [b"", stamped(at=0), stamped("v0=1"), b"X-Slack-Request-Timestamp: \xb2\r\n", stamped("v1=" + "0" * 64)],
    ids=["none", "old", "short", "no number", "another version"],
)
async def test_nothing_is_read_of_a_body_whose_headers_prove_nothing(headers: bytes) -> None:
    bodies = Bodies(seconds=60)
    async with served(bodies) as front:
        answer = await front.say(post(headers + b"Content-Length: 1000000\r\n", b"a" * 1000), within=20)
    assert status(answer) == 401


async def test_a_body_in_chunks_is_counted() -> None:
    chunks = b"%x\r\n" % (MOST_BYTES + 1) + b"a" * (MOST_BYTES + 1) + b"\r\n0\r\n\r\n"
    async with served() as front:
        assert status(await front.say(post(stamped() + b"Transfer-Encoding: chunked\r\n", chunks))) in (0, 413)
        told = b"Content-Length: %d\r\n" % (MOST_BYTES + 1)
        assert status(await front.say(post(stamped() + told))) == 413
        assert await front.alive()


async def test_slow_headers_and_slow_bodies_end() -> None:
    async with served(Bodies(seconds=1), headers_s=1) as front:
        assert await front.say(b"POST /slack/events HTTP/1.1\r\nHost: ") == b""
        assert status(await front.say(post(stamped() + b"Content-Length: 1000\r\n", b"a"))) in (0, 408)


async def test_all_bodies_together_are_bounded() -> None:
    async with served(Bodies(most=100_000, seconds=30)) as front:
        slow = [
            asyncio.create_task(front.say(post(stamped() + b"Content-Length: 90000\r\n", b"a" * 60_000)))
            for _ in range(3)
        ]
        done, _ = await asyncio.wait(slow, return_when=asyncio.FIRST_COMPLETED)
        assert {status(task.result()) for task in done} == {503}
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        assert await front.alive()


@pytest.mark.parametrize("opening", [b"", b"GET / HT", post(stamped() + b"Content-Length: 1000\r\n", b"a")])
async def test_those_that_wait_make_room(opening: bytes) -> None:
    async with served(connections=20, headers_s=60) as front:
        held = [await asyncio.open_connection("127.0.0.1", front.port) for _ in range(60)]
        for _, writer in held:
            writer.write(opening)
        assert await front.alive()
        gone = 0
        for reader, writer in held:
            try:
                async with asyncio.timeout(0.1):
                    gone += await reader.read() == b""
            except TimeoutError:
                pass
            except ConnectionError:
                gone += 1
            writer.close()
    assert gone >= 40


def strange(chance: random.Random) -> bytes:
    """A request with something wrong in it."""
    odd = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 12)))
    return chance.choice(
        [
            odd + b"\r\n\r\n",
            b"GET /" + odd + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            b"GET /%ff%00%" + odd.hex().encode() + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            b"GET /healthz?" + odd + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            post(b"X-A: " + odd + b"\r\n"),
            post(odd + b": a\r\n"),
            post(b"Authorization: " + odd + b"\r\n"),
            post(b"X-Slack-Request-Timestamp: " + odd + b"\r\nX-Slack-Signature: " + odd + b"\r\n"),
            post(b"Content-Length: " + odd + b"\r\n"),
            post(b"Content-Length: -1\r\n"),
            post(stamped() + b"Transfer-Encoding: chunked\r\n", odd + b"\r\n"),
            post(stamped() + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(odd), odd),
            post(stamped() + b"Content-Type: " + odd + b"\r\nContent-Length: 1\r\n", b"a"),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + odd,
        ]
    )


async def test_odd_bytes_are_refused_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(7)
    async with served(Bodies(seconds=1), headers_s=1) as front:
        for _ in range(150):
            data = strange(chance)
            with capture_logs() as lines:
                answer = await front.say(data)
            assert 400 <= status(answer) < 500 or status(answer) in (0, 200), (data, answer)
            assert len(lines) <= 1, (data, lines)
            assert not any("exc_info" in line for line in lines)
        assert await front.alive()
    assert not [r for r in caplog.records if r.exc_info or "Traceback" in r.getMessage()], caplog.text
