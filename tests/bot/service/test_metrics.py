"""The alarm about a forked log reaches whoever watches: the service's log, its metrics, `doctor`, `audit verify`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import aiohttp
import structlog

from audit.search import Filter
from audit.verify_home import verify_home
from bot.service.doctor import examine
from bot.service.metrics import Outside
from bot.service.scheduled import regularly
from bot.service.serve import metered
from bot.settings.values import Settings
from bot.wiring.app import open_app
from bot.wiring.databases import audit_home
from tests.waiting import until


async def scraped(port: int) -> dict[str, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = [line for line in (await answer.text()).splitlines() if not line.startswith("#")]
    return dict(line.rsplit(" ", 1) for line in lines)


async def test_a_fork_is_told_wherever_somebody_looks(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    settings = Settings(home=tmp_path / "home", checkpoint_folder=outside, sync_every_s=0)
    seen = Outside()
    async with open_app(settings) as app, metered(app, seen) as nothing:
        assert nothing == 0
        with_port = app.settings.model_copy(update={"metrics_port": await free_port()})
        async with metered(replace(app, settings=with_port), seen) as port:
            with structlog.testing.capture_logs() as logs:
                task = asyncio.create_task(regularly(app, seen))

                async def compared() -> bool:
                    return seen.compared_at > 0

                await until(compared)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                assert seen.agrees
                assert (await scraped(port))["footnote_audit_checkpoint_agrees"] == "1"
                assert [line for line in logs if line["log_level"] == "critical"] == []

                (kept,) = outside.iterdir()
                kept.write_text(kept.read_text().replace("\n", "x\n", 1))
                seen.compared_at = 0.0
                task = asyncio.create_task(regularly(app, seen))
                await until(compared)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                assert [line["event"][:6] for line in logs if line["log_level"] == "critical"] == ["ALARM:"]
            found = await scraped(port)
            assert found["footnote_audit_checkpoint_agrees"] == "0"
            assert found["footnote_audit_alarms_total"] == "1"
            assert int(found["footnote_audit_records"]) == await app.audit.size()
            assert len((await app.audit.find(Filter(event="alarm"))).records) == 1
    (finding,) = [one for one in await examine(settings) if one.check == "checkpoints outside"]
    assert not finding.ok
    assert "ALARM" in finding.detail
    assert not (await verify_home(audit_home(settings))).ok


async def free_port() -> int:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()
    return port


async def test_doctor_says_in_words_what_is_not_protected(tmp_path: Path) -> None:
    for folder, ok, said in (
        (None, True, "would still say ok"),
        (tmp_path / "missing", False, "no folder"),
        (tmp_path / "home" / "kept", False, "lies in the home"),
    ):
        (tmp_path / "home" / "kept").mkdir(parents=True, exist_ok=True)
        settings = Settings(home=tmp_path / "home", checkpoint_folder=folder)
        (finding,) = [one for one in await examine(settings) if one.check == "checkpoints outside"]
        assert (finding.ok, said in finding.detail) == (ok, True)
