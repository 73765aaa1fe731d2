"""Replay and reconciliation through the command, on answers of the running service."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.log import TransparencyLog
from audit.record import AuditRecord, new_record_id
from audit.search import Filter
from tests.bot.service.test_serve import Service, answers
from tests.servers.commands import footnote
from tests.servers.slack import patient_slack
from tests.waiting import until


async def output(service: Service, *arguments: str) -> tuple[int, str]:
    child = await service.command(*arguments)
    text, _ = await child.communicate()
    return await child.wait(), text.decode()


@pytest.mark.slow
async def test_an_answer_is_replayed_and_the_channel_agrees_with_the_log(tmp_path: Path) -> None:
    slack = patient_slack()
    await slack.start()
    slack.world.add_user("UADA", "Ada", "ada@example.com")
    service = Service(tmp_path, slack)
    channel = slack.world.add_channel("general", "UADA")
    try:
        await service.prepare()
        async with service.serving():
            root = await slack.ask("UADA", channel, "What do hotels cost a night?")
            await until(lambda: answers(slack, channel, [root]) == [1])
        question = next(r for r in await service.records() if r.event == "question")
        code, text = await output(service, "audit", "replay", question.id, "--json")
        replayed = json.loads(text)
        assert (code, replayed["ok"]) == (0, True), text
        assert [s["ok"] for s in replayed["steps"]] == [True] * 5
        assert [s["state"] for s in replayed["sections"]] == ["unchanged"]

        (service.folder / "documents" / "travel.md").write_text("# Travel Policy\n\n## 4.2 Hotels\n\nNo limit.\n")
        await output(service, "sync")
        _, text = await output(service, "audit", "replay", question.id, "--json")
        (section,) = json.loads(text)["sections"]
        assert section["state"] == "changed"
        assert "+No limit." in section["diff"]

        now = datetime.now(UTC)
        period = (
            "--since",
            f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}",
            "--until",
            f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}",
        )
        compare = ("audit", "reconcile", "--platform", "slack", "--channel", channel, *period, "--json")
        code, text = await output(service, *compare)
        assert (code, json.loads(text)["findings"]) == (0, []), text
        forged = dict(slack.world.replies(channel, root)[-1])
        forged["ts"] = slack.world.stamp()
        forged["metadata"] = {**forged["metadata"], "event_payload": {"record": new_record_id()}}
        slack.world.messages[channel].append(forged)
        code, text = await output(service, *compare)
        assert (code, len(json.loads(text)["findings"])) == (1, 1), text
    finally:
        await slack.stop()


@pytest.mark.slow
async def test_erasing_takes_two_people_and_leaves_the_proofs(tmp_path: Path) -> None:
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        fields = {"question": "What about Ada's pay?", "user": "U1", "platform": "slack"}
        record = AuditRecord(new_record_id(), "question", datetime.now(UTC), "abstained", fields)
        await log.append(record)
        assert len((await log.find(Filter())).records) == 1
    asked = footnote(tmp_path, "audit", "erase", "--record", record.id, "--ground", "GDPR 17, request 12")
    assert asked.returncode == 0, asked.stderr
    request = asked.stdout.split()[-1]
    alone = footnote(tmp_path, "audit", "approve", request)
    assert (alone.returncode, "another person" in alone.stderr) == (1, True), alone.stderr
    assert footnote(tmp_path, "audit", "verify").returncode == 0
    held = footnote(tmp_path, "audit", "hold", "--matter", "Smith v. Jones", "--ground", "litigation")
    assert held.returncode == 0, held.stderr
    listed = json.loads(footnote(tmp_path, "audit", "hold", "--json").stdout)
    assert [h["matter"] for h in listed] == ["Smith v. Jones"]
    short = footnote(tmp_path, "audit", "retain", "--days", "30")
    assert (short.returncode, "floor" in short.stderr) == (1, True)
