"""What `audit replay` and `audit reconcile` need of the bot: renderers, today's sections, a platform's messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from audit.question import posted_bytes
from audit.reconcile import Posted
from audit.record import Json
from audit.replay import Today
from bot.answering.render import plain
from bot.errors import SettingsError
from bot.types import Outcome
from bot.wiring.platforms import platforms
from retrieval.ports import Library


def posted(platform: str, outcome: Outcome) -> bytes:
    """The bytes that this platform's renderer makes of an outcome. Implements `audit.replay.Renderer`."""
    return posted_bytes(_renderer(platform)(outcome))


def _renderer(platform: str) -> Callable[[Outcome], Mapping[str, Json]]:
    """That of the platform; the terminal's for every other name."""
    for kind in platforms():
        if kind.name == platform:
            return kind.render
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
