"""What strangers cost the web server: `python -m bench.front --connections 3000`, on this machine alone.

A server process answers /healthz, and takes signed events of Slack. Strangers open connections: a third sends part of
a request's headers, a third the headers of a request with a large body and then drips, a third sends an unsigned body
in chunks. Meanwhile somebody asks /healthz. Printed: the server's memory before and at its most, and how long the
answers took. `--plain` measures aiohttp as it comes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import resource
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.service.front import Front
from bot.slack.receive import signed_body

DRIP_S = 2.0
SECRET = "a secret of a bench"
STRANGERS = (
    b"POST /slack/events HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 4_000,
    b"POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Length: 1900000\r\n"
    b"X-Slack-Request-Timestamp: %(now)d\r\nX-Slack-Signature: v0=" + b"0" * 64 + b"\r\n\r\n" + b"a" * 60_000,
    b"POST /slack/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b"a" * 0x8000,
)


async def take(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await signed_body(SignatureVerifier(SECRET), request))))


async def take_all(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


async def alive(_: web.Request) -> web.Response:
    return web.Response(text="ok")


async def serve(plain: bool) -> None:
    if plain:
        site = web.Application(client_max_size=2_000_000)
        site.add_routes([web.get("/healthz", alive), web.post("/slack/events", take_all)])
        runner = web.AppRunner(site, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
    else:
        port = await Front([web.get("/healthz", alive), web.post("/slack/events", take)]).open("127.0.0.1", 0)
    print(port, flush=True)
    await asyncio.sleep(600)


async def stranger(port: int, opening: bytes, end: float) -> None:
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(opening.replace(b"%(now)d", str(int(time.time())).encode()))
                while time.monotonic() < end and not writer.is_closing():
                    writer.write(b"a")
                    await asyncio.sleep(DRIP_S)
            finally:
                writer.close()
        await asyncio.sleep(DRIP_S)


def ask(port: int, seconds: float) -> list[float]:
    """Seconds that each answer took; 30 for none. For a process of its own: the strangers' is busy."""
    took = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30) as answer:
                answer.read()
            took.append(time.monotonic() - began)
        except OSError:
            took.append(30.0)
        time.sleep(0.1)
    return sorted(took)


def memory(pid: int) -> int:
    """Resident megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * resource.getpagesize() >> 20


async def measure(port: int, pid: int, connections: int, seconds: float, name: str) -> None:
    before = most = memory(pid)
    end = time.monotonic() + seconds
    strangers = [asyncio.create_task(stranger(port, STRANGERS[n % 3], end)) for n in range(connections)]
    await asyncio.sleep(seconds / 4)  # until they are there
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
        asking = asyncio.get_running_loop().run_in_executor(other, ask, port, seconds / 2)
        while not asking.done():
            most = max(most, memory(pid))
            await asyncio.sleep(0.2)
        took = await asking
    await asyncio.gather(*strangers, return_exceptions=True)
    late = sum(t >= 30 for t in took)
    print(
        f"{name}: {connections} strangers for {seconds:.0f} s, memory {before} MB, at most {most} MB; {len(took)} "
        f"answers, median {took[len(took) // 2] * 1000:.0f} ms, longest {took[-1] * 1000:.0f} ms, none to {late}"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--connections", type=int, default=3000)
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--plain", action="store_true")
    options.add_argument("--serve", action="store_true")
    given = options.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most if given.serve else min(most, 8192), most))
    if given.serve:
        asyncio.run(serve(given.plain))
        return
    command = [sys.executable, "-m", "bench.front", "--serve", *(["--plain"] if given.plain else [])]
    name = "aiohttp as it comes" if given.plain else "front"
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            port = int(server.stdout.readline() if server.stdout else 0)
            asyncio.run(measure(port, server.pid, given.connections, given.seconds, name))
        finally:
            server.kill()


if __name__ == "__main__":
    main()
