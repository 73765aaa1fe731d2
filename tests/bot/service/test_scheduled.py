"""What the service does on its own, on a real home."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import SecretStr

from audit.events import operating_system_user
from audit.search import Filter
from audit.verify import verify_log
from bot.service.scheduled import regularly, started
from bot.settings.values import Settings
from bot.wiring.app import open_app
from bot.wiring.sources import configured
from bot.wiring.syncing import lag_of
from connectors.folder import FolderSettings
from connectors.freshness import Freshness
from tests.waiting import until


def settings(tmp_path: Path, **more: object) -> Settings:
    documents = tmp_path / "documents"
    documents.mkdir(exist_ok=True)
    (documents / "a.md").write_text("# Policy\n\nThe limit is 100 EUR.\n")
    sources = (
        FolderSettings(name="gone", path=tmp_path / "no-such-folder"),
        FolderSettings(name="documents", path=documents),
    )
    return Settings(home=tmp_path / "home", sources=sources).model_copy(update=more)


async def test_other_settings_than_last_time_are_recorded_once(tmp_path: Path) -> None:
    """What changed, and who started the service; no secret, no member of a group, no expert's name."""
    group = {"groups": {"legal": ("maeve@example.com",)}}
    steps: list[tuple[dict[str, object], int, dict[str, object]]] = [
        ({}, 1, {"home": {"from": None, "to": str(tmp_path / "home")}, "sources": {"added": ["documents", "gone"]}}),
        ({}, 1, {}),
        ({"question_limit": 500}, 2, {"question_limit": {"from": None, "to": 500}}),
        (
            {"question_limit": 600, **group},
            3,
            {"question_limit": {"from": 500, "to": 600}, "groups": {"added": ["legal"]}},
        ),
        (
            {"groups": {"legal": ("eve@example.com",)}},
            4,
            {"question_limit": {"from": 600, "to": None}, "groups": {"changed": ["legal"]}},
        ),
        (
            {"model_api_key": SecretStr("sk-secret")},
            5,
            {"groups": {"removed": ["legal"]}, "model_api_key": {"from": None, "to": "set"}},
        ),
    ]
    for changes, count, said in steps:
        async with open_app(settings(tmp_path, **changes)) as app:
            await started(app)
            found = (await app.audit.find(Filter(event="configuration"))).records
            assert len(found) == count
            if said:
                assert found[0].fields["changes"] == said
            assert found[0].fields["by"] == operating_system_user()
            told = str([record.fields for record in found])
            assert not [word for word in ("maeve", "eve@", "sk-secret") if word in told]


async def test_a_source_that_is_down_does_not_stop_the_others(tmp_path: Path) -> None:
    told: list[str] = []
    failing: dict[str, str] = {}
    async with open_app(settings(tmp_path)) as app:
        watch = asyncio.create_task(
            app.syncing.watch(
                configured(app.settings),
                lambda name, _: told.append(name),
                lambda name, error: failing.__setitem__(name, str(error)),
                first=True,
            )
        )

        async def both() -> bool:
            return bool(told and failing)

        await until(both)
        watch.cancel()
        assert list(await app.state.documents()) == ["a.md"]
        assert told == ["documents"]
        assert "not a folder" in failing["gone"] or "cannot be watched" in failing["gone"]
        assert lag_of(app.settings, app.state, "documents").freshness is Freshness.FRESH
        assert lag_of(app.settings, app.state, "gone").freshness is Freshness.NEVER


async def test_the_regular_tasks_run_and_end(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    async with open_app(settings(tmp_path, checkpoint_folder=tmp_path / "outside")) as app:
        task = asyncio.create_task(regularly(app))

        async def ran() -> bool:
            events = [r.event for r in (await app.audit.find(Filter(event="heartbeat"))).records]
            return any((tmp_path / "outside").glob("*.txt")) and bool(await app.state.documents()) and bool(events)

        await until(ran)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert [r.event for r in (await app.audit.find(Filter(event="heartbeat"))).records] == ["heartbeat"]
        (kept,) = (tmp_path / "outside").iterdir()
        await app.ask_as("What is the limit?", None)
        assert (await verify_log(app.audit, since=kept.read_text())).ok
