"""`footnote serve`: the chat platforms that are set up, health pages, and regular syncs, until a signal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import structlog
from aiohttp import web

from bot.answering.memory import ThreadMemory
from bot.errors import PlatformDenied, PlatformUnauthorized, SettingsError
from bot.ports import ChatAdapter, Intake, Viewer
from bot.queue.inbox import Inbox
from bot.queue.worker import Worker
from bot.service.front import Front
from bot.service.logs import configure
from bot.service.metrics import Metrics, Outside
from bot.service.ready import Readiness
from bot.service.scheduled import regularly, started
from bot.settings.values import Settings
from bot.wiring.app import App, open_app
from bot.wiring.databases import inbox_store
from bot.wiring.platforms import build, how_to_set_up, none_set_up

log = structlog.get_logger(__name__)

Make = Callable[[Settings, Intake, Viewer, ThreadMemory], list[ChatAdapter]]


async def serve(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT. Raises SettingsError when no platform is set up."""
    configure(settings.log_level)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        app, worker = await stack.enter_async_context(running(settings))
        await started(app)
        outside = Outside()
        await stack.enter_async_context(metered(app, outside))
        upkeep = asyncio.create_task(regularly(app, outside))
        log.info("serving", host=settings.host, port=settings.port)
        await stopped.wait()
        log.info("stopping; questions in flight are finished or kept for the next start")
        upkeep.cancel()
        await asyncio.gather(upkeep, return_exceptions=True)
        await worker.stop()
    return 0


@asynccontextmanager
async def metered(app: App, outside: Outside) -> AsyncIterator[int]:
    """The metrics, where the settings name a port for them; the port, 0 where they name none. Raises SettingsError."""
    if not app.settings.metrics_port:
        yield 0
        return
    front = Front([web.get("/metrics", Metrics(app.audit, outside).answer)])
    try:
        yield await _listen(front, app.settings.metrics_host, app.settings.metrics_port, "FOOTNOTE_METRICS_PORT")
    finally:
        await front.close()


@asynccontextmanager
async def running(settings: Settings, make: Make = build) -> AsyncIterator[tuple[App, Worker]]:
    """The service with its web server on `settings.host` and `settings.port`; `make` makes the adapters."""
    async with AsyncExitStack() as stack:
        memory = ThreadMemory(settings.home / "memory.db", timedelta(hours=settings.memory_hours))
        stack.callback(memory.close)
        app = await stack.enter_async_context(open_app(settings, memory=memory))
        inbox = Inbox(inbox_store(settings))
        stack.push_async_callback(inbox.close)
        worker = app.worker(memory, inbox)
        adapters = make(settings, worker, app.viewer(), memory)
        if not adapters:
            nothing = none_set_up()
            raise SettingsError(
                f"{nothing[0].upper()}{nothing[1:]}. Set {how_to_set_up()}; the README shows how to get them."
            )
        routes: list[web.AbstractRouteDef] = [
            web.get("/healthz", _alive),
            web.get("/readyz", Readiness(adapters).answer),
        ]
        for adapter in adapters:
            worker.attach(adapter)
            routes += adapter.routes()
        front = Front(routes)
        stack.push_async_callback(front.close)
        for adapter in adapters:
            try:
                await adapter.start()
            except (PlatformDenied, PlatformUnauthorized) as error:
                raise SettingsError(str(error)) from error
            stack.push_async_callback(adapter.stop)
        await worker.start()
        stack.push_async_callback(worker.stop)
        await _listen(front, settings.host, settings.port, "FOOTNOTE_PORT")
        yield app, worker


async def _listen(front: Front, host: str, port: int, setting: str) -> int:
    """Raises SettingsError where that place cannot be listened on."""
    try:
        return await front.open(host, port)
    except OSError as error:
        raise SettingsError(
            f"{host}:{port} cannot be listened on: {error.strerror or error}. Is it in use, by another `footnote "
            f"serve` perhaps? Stop that one, or set {setting}."
        ) from error


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")
