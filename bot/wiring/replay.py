"""What `audit replay` and `audit reconcile` need of the bot: renderers, today's sections, a platform's messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from audit.question import Restored, posted_bytes
from audit.reconcile import Posted
from audit.record import Json
from audit.replay import Today
from bot.answering.render import plain
from bot.errors import SettingsError
from bot.settings.values import Settings
from bot.types import Incoming, Outcome, OutcomeKind, PassageView
from retrieval.ports import Library
from retrieval.types import Principal


def posted(platform: str, shown: Restored) -> bytes:
    """The bytes that this platform's renderer makes of an outcome. Implements `audit.replay.Renderer`."""
    outcome = Outcome(
        OutcomeKind(shown.kind),
        shown.record_id,
        shown.question,
        shown.answer,
        shown.text,
        shown.nearest,
        shown.notice,
        shown.private,
        shown.expert,
        shown.repeats,
        shown.link,
    )
    return posted_bytes(_renderer(platform)(outcome))


def _renderer(platform: str) -> Callable[[Outcome], Mapping[str, Json]]:
    if platform == "slack":
        from bot.slack.render import render

        return render
    if platform == "teams":
        from bot.teams.render import render as render_teams

        return lambda outcome: render_teams(outcome, passages=True)
    return lambda outcome: {"text": plain(outcome)}


def reader_of(library: Library) -> Today:
    """How a cited section reads today, found by its id. Implements `audit.replay.Today`."""

    async def today(document_id: str, version: str, start: int, end: int, section_id: str) -> str | None:
        current = (await library.current([document_id])).get(document_id)
        if current is None:
            return None
        if current.version == version:
            return await library.text(document_id, version, start, end)
        for section in await library.sections(document_id, current.version):
            if section.id == section_id:
                return await library.text(document_id, current.version, section.start, section.end)
        return None

    return today


def read_messages(path: Path) -> list[Posted]:
    """The bot's messages as a platform lists them: JSON lines. Raises SettingsError."""
    try:
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        return [Posted(str(m["message"]), m.get("record"), str(m.get("channel") or "")) for m in lines]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path} does not hold a platform's messages as JSON lines: {error!r}.") from error


async def slack_messages(settings: Settings, channel: str, since: datetime) -> list[Posted]:
    """The bot's answers in a Slack channel, asked of Slack now. Raises SettingsError, PlatformError."""
    from bot.slack.adapter import SlackPlatform
    from bot.slack.config import SlackConfig

    # Without the app token: a second socket would take events away from the running service.
    config = SlackConfig(
        bot_token=settings.secret("slack_bot_token"),
        signing_secret=settings.secret("slack_signing_secret") or "nothing is received",
        base_url=settings.slack_base_url,
    )
    slack = SlackPlatform(config, _Nothing(), _Nothing())
    await slack.start()
    try:
        found = await slack.messages(channel, f"{since.timestamp():.6f}")
    finally:
        await slack.stop()
    return [Posted(ts, record or None, channel, datetime.fromtimestamp(float(ts), UTC)) for record, ts in found]


class _Nothing:
    """Takes in nothing and shows nothing: only Slack's history is read."""

    async def accept(self, incoming: Incoming) -> bool:
        return False

    async def passage(self, record_id: str, n: int, reader: Principal) -> PassageView | None:
        return None
