"""`why`, asking an expert and saying what was wrong, in both platforms, through the whole product."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from audit.record import AuditRecord
from audit.search import Filter
from bot.demo import company
from bot.demo.play import Stage, on_stage
from bot.demo.standins.teams_checks import elements
from bot.settings.chat import ExpertSettings
from bot.slack.modals import WHY
from bot.slack.render import EXPERT, FEEDBACK

QUESTION = "How much notice must we give to terminate the Northwind agreement?"
TERMS = "Northwind Supply Agreement, Section 5.2"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    settings = company.settings(tmp_path / "home", company.DOCUMENTS)
    maeve = ExpertSettings(name="Maeve", slack="UMAEVE", teams=company.PEOPLE["maeve"][1], words=("agreement",))
    async with on_stage(settings.model_copy(update={"experts": (maeve,)})) as stage:
        await stage.sync()
        yield stage
        assert stage.slack.complaints == []
        assert stage.teams.refused == []


async def records(stage: Stage, event: str) -> list[AuditRecord]:
    """Oldest first."""
    return [r async for r in stage.app.audit.all(Filter(event=event))][::-1]


async def checked(stage: Stage) -> None:
    """What the log holds after the same talk on either platform."""
    question, why = await records(stage, "question")
    assert (question.outcome, question.fields["expert"]) == ("answered", "Maeve")
    assert why.fields["question"] == "why?"
    [call] = await records(stage, "expert")
    assert (call.outcome, call.refers_to, call.fields["text"]) == ("asked", question.id, QUESTION)
    votes = await records(stage, "feedback")
    assert {r.refers_to for r in votes} == {question.id}
    assert votes[-1].fields["text"] == "down: It is three months since May."


@pytest.mark.slow
async def test_in_slack(stage: Stage) -> None:
    slack, world = stage.slack, stage.slack.world
    channel = world.add_channel("contracts", "UMAEVE", "UTOM", kind="group")
    root = await slack.ask("UTOM", channel, QUESTION)
    await stage.worker.drain()
    await slack.ask("UTOM", channel, "why?", root)
    await stage.worker.drain()
    answer, _ = world.replies(channel, root)
    said = "\n".join(slack.transcript(channel, root))
    assert "How I found the last answer here:" in said
    assert f"Quoted: {TERMS}" in said
    record = answer["metadata"]["event_payload"]["record"]
    await slack.press("UTOM", answer, EXPERT, record)
    await slack.press("UMAEVE", answer, FEEDBACK, f"down:{record}")
    await slack.submit("UMAEVE", await slack.window(), {WHY: {WHY: {"value": "It is three months since May."}}})
    await stage.worker.drain()
    assert f"@UMAEVE Can you help with this question?\n    │ {QUESTION}" in "\n".join(slack.transcript(channel, root))
    await checked(stage)


@pytest.mark.slow
async def test_in_teams(stage: Stage) -> None:
    teams, tom, maeve = stage.teams, stage.person("tom"), stage.person("maeve")
    place = teams.place("channel", maeve, tom, name="Contracts", channel_type="private")
    said = await teams.say(place, tom, QUESTION)
    await stage.worker.drain()
    await teams.say(place, tom, "why?", thread=said.thread)
    await stage.worker.drain()
    answer, why = teams.answers(place, said.thread)
    assert "How I found the last answer here:" in why.text
    assert f"Quoted: {TERMS}" in why.text
    card: Any = answer.activity["attachments"][0]["content"]
    button = next(e for e in elements(card) if e.get("title") == "Ask Maeve")
    press = teams.activity("message", place, tom, thread=said.thread) | {"value": button["data"]}
    await teams.deliver(press)
    await teams.rate(answer, maeve, False, "It is three months since May.")
    await stage.worker.drain()
    call = teams.answers(place, said.thread)[-1]
    assert call.text == f"@Maeve Can you help with this question?\n“{QUESTION}”"
    assert call.activity["entities"][0]["mentioned"]["id"] == maeve.id
    await checked(stage)
