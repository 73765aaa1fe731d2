"""Plays the table on both platforms: real adapters, HTTP and sockets, inbox, index, worker and audit log."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from audit.record import AuditRecord
from bot.settings.chat import ChannelSettings
from bot.texts import CLOSEST, NOT_FOUND, NOT_FOUND_PRIVATE, PRIVATE_NOTE
from tests.bot.scenarios.sides import IMPATIENT_S, PLACES, Side, SlackSide, TeamsSide
from tests.bot.scenarios.stage import make_home, staged
from tests.bot.scenarios.steps import CloseAll, Scene, Trouble
from tests.bot.scenarios.table import PLATFORMS, ROWS, Row
from tests.servers import postgres

SIDES = {"slack": SlackSide, "teams": TeamsSide}
PLAYED = [(row, platform, False) for row in ROWS for platform in PLATFORMS]
PLAYED += [(row, "slack", True) for row in ROWS if row.by_http]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(make_home(tmp_path_factory.mktemp("scenarios")))


def _side(platform: str, by_http: bool) -> Side:
    return SlackSide(by_http=True) if by_http else SIDES[platform]()


UNANSWERED = (NOT_FOUND, NOT_FOUND_PRIVATE)


def _fits(seen: list[str], expected: tuple[str, ...], row: Row) -> bool:
    """Message for message, each line of the expected words stands in it.

    Where nothing answers, how near the documents come decides whether the closest sentences are shown; where no
    document may be read, there is none to show.
    """
    near = not any(isinstance(step, CloseAll) for step in row.steps)
    return len(seen) == len(expected) and all(
        all(line in message or (near and line in UNANSWERED and CLOSEST in message) for line in words.splitlines())
        for message, words in zip(seen, expected, strict=True)
    )


@pytest.mark.parametrize(
    ("row", "platform", "by_http"), PLAYED, ids=[f"{r.name}-{p}{'-http' if h else ''}" for r, p, h in PLAYED]
)
async def test_a_scenario_ends_as_the_table_says(
    row: Row, platform: str, by_http: bool, template: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    side = _side(platform, by_http)
    if any(isinstance(step, Trouble) and step.kind == "hangs" for step in row.steps):
        side.timeout = IMPATIENT_S
    sees, records = row.only.get(platform, (row.asker_sees, row.records))
    others = row.others_see if row.others_see is not None else sees
    if row.others_see is None and sees and sees[0] == PRIVATE_NOTE:
        others = sees[:1]
    place, changes = side.open_place(row.place, *row.members), dict(row.made)
    if row.shared:
        server: postgres.Server = request.getfixturevalue("postgres_server")
        changes["database_url"] = SecretStr(server.create(f"scenario_{uuid4().hex}"))
    if row.rule:
        changes["channels"] = (ChannelSettings.model_validate({"id": place, **row.rule}),)
    async with staged(side, template, tmp_path, model=row.model, follow=row.follow, **changes) as stage:
        scene = Scene(stage, place, row.asker)
        for step in row.steps:
            await step.play(scene)
        await stage.settled()
        assert _fits(side.seen(row.asker, scene.place), sees, row), side.seen(row.asker, scene.place)
        assert _fits(side.seen(row.other, scene.place), others, row), side.seen(row.other, scene.place)
        found = await stage.records()
        assert tuple(f"{r.event} {r.outcome}" for r in found) == records
        _belong_together(found)
        for words in row.never:
            assert words.encode() not in side.received()
        for words in row.inert:
            assert words not in side.markup()
        assert not side.complaints()


def _belong_together(records: list[AuditRecord]) -> None:
    """Each delivery and thumb names a question that stands before it; nothing was delivered twice."""
    questions: set[str | None] = set()
    delivered: list[str | None] = []
    for record in records:
        if record.event == "question":
            questions.add(record.id)
        if record.event in ("delivery", "feedback"):
            assert record.refers_to in questions
        if record.event == "delivery":
            delivered.append(record.refers_to)
    assert len(delivered) == len(set(delivered))


def test_every_row_plays_on_both_platforms() -> None:
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names))
    assert {row.place for row in ROWS} == set(PLACES)
    assert set(SIDES) == set(PLATFORMS)
    for platform in PLATFORMS:
        assert [row.name for row, p, http in PLAYED if p == platform and not http] == names
    for row in ROWS:
        assert set(row.only) < set(PLATFORMS), f"{row.name}: the other platforms' end is the row's own"
