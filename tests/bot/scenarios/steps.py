"""What can happen in a scenario: a small value for each kind of act, which does it on a scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pytest

from bot.errors import InboxUnavailable
from tests.bot.scenarios.sides import Message
from tests.bot.scenarios.stage import Stage
from tests.waiting import until


@dataclass(slots=True)
class Scene:
    """A stage, the place where it happens, and the latest thing that somebody wrote."""

    stage: Stage
    place: str
    asker: str
    latest: Message | None = None

    @property
    def message(self) -> Message:
        assert self.latest is not None
        return self.latest


class Step(Protocol):
    async def play(self, scene: Scene) -> None: ...


@dataclass(frozen=True, slots=True)
class Say:
    """Somebody writes; `reply`: into the thread of the latest message. `settle`: wait for what follows."""

    text: str
    who: str = "ada"
    mention: bool = True
    reply: bool = False
    settle: bool = True

    async def play(self, scene: Scene) -> None:
        thread = scene.message.thread if self.reply else None
        scene.latest = await scene.stage.side.say(self.who, scene.place, self.text, thread, mention=self.mention)
        if self.settle:
            await scene.stage.settled()


@dataclass(frozen=True, slots=True)
class Again:
    """The platform delivers the latest message's events once more."""

    async def play(self, scene: Scene) -> None:
        await scene.stage.side.again(scene.message)


@dataclass(frozen=True, slots=True)
class Edit:
    text: str

    async def play(self, scene: Scene) -> None:
        await scene.stage.side.edit(scene.message, self.text)
        await scene.stage.settled()


@dataclass(frozen=True, slots=True)
class Delete:
    async def play(self, scene: Scene) -> None:
        await scene.stage.side.delete(scene.message)
        await scene.stage.settled()


@dataclass(frozen=True, slots=True)
class Robot:
    """Another bot mentions ours."""

    text: str

    async def play(self, scene: Scene) -> None:
        await scene.stage.side.robot(scene.place, self.text)
        await scene.stage.settled()


@dataclass(frozen=True, slots=True)
class Thumb:
    up: bool

    async def play(self, scene: Scene) -> None:
        await scene.stage.side.rate(scene.asker, scene.place, up=self.up)
        await scene.stage.settled()


@dataclass(frozen=True, slots=True)
class ShowPassage:
    """Somebody presses "Show the passage": what the window marks, and words that stand in it."""

    marked: tuple[str, ...]
    words: str
    who: str = "ada"

    async def play(self, scene: Scene) -> None:
        text, marked = await scene.stage.side.show_passage(self.who, scene.place)
        assert tuple(marked) == self.marked, text
        assert self.words in text


@dataclass(frozen=True, slots=True)
class CallExpert:
    """Somebody presses "Ask …"."""

    who: str = "ada"

    async def play(self, scene: Scene) -> None:
        await scene.stage.side.call_expert(self.who, scene.place)
        await scene.stage.settled()


@dataclass(frozen=True, slots=True)
class BreakOff:
    """The connection breaks while the latest message is delivered, and it is delivered again."""

    async def play(self, scene: Scene) -> None:
        await scene.stage.side.break_off(scene.message)


@dataclass(frozen=True, slots=True)
class CloseAll:
    """From now on only the board may read the documents."""

    async def play(self, scene: Scene) -> None:
        await scene.stage.close_documents()


@dataclass(frozen=True, slots=True)
class Trouble:
    """The platform fails: see `sides.TROUBLES`."""

    kind: str
    what: str

    async def play(self, scene: Scene) -> None:
        scene.stage.side.trouble(self.kind, self.what)


@dataclass(frozen=True, slots=True)
class Mend:
    """The platform, the model and the log work again."""

    async def play(self, scene: Scene) -> None:
        scene.stage.side.mend()
        scene.stage.model.free.set()
        scene.stage.free_log()


@dataclass(frozen=True, slots=True)
class SlowModel:
    """The model says nothing until `Mend`."""

    async def play(self, scene: Scene) -> None:
        scene.stage.model.free.clear()


@dataclass(frozen=True, slots=True)
class ModelDown:
    async def play(self, scene: Scene) -> None:
        scene.stage.model.down = True


@dataclass(frozen=True, slots=True)
class IndexDown:
    async def play(self, scene: Scene) -> None:
        await scene.stage.app.index.close()


@dataclass(frozen=True, slots=True)
class LogDown:
    async def play(self, scene: Scene) -> None:
        scene.stage.stop_log()


@dataclass(frozen=True, slots=True)
class Restart:
    """The service ends at once, wherever it is, and starts again on the same home."""

    async def play(self, scene: Scene) -> None:
        await scene.stage.end()
        await scene.stage.start()


@dataclass(frozen=True, slots=True)
class Replica:
    """A second service on the same home: it does not start, since it would answer everything once more."""

    async def play(self, scene: Scene) -> None:
        with pytest.raises(InboxUnavailable, match="Another `footnote serve`"):
            async with scene.stage.another():
                pass


@dataclass(frozen=True, slots=True)
class SecondReplica:
    """Another service, on another home, at the same inbox and log; what happens now arrives there."""

    async def play(self, scene: Scene) -> None:
        await scene.stage.start_second()


@dataclass(frozen=True, slots=True)
class OnlyStatus:
    """The asker sees that the bot is at work and nothing else; `asked`: the model has been asked, too."""

    asked: bool = True

    async def play(self, scene: Scene) -> None:
        side = scene.stage.side
        await until(lambda: side.at_work(scene.place), "the sign that the bot is at work")
        if self.asked:
            await scene.stage.model.asked.wait()
        assert side.seen(scene.asker, scene.place) == []


@dataclass(frozen=True, slots=True)
class Recorded:
    """Wait until the log holds a record of this event and, if named, outcome."""

    event: str
    outcome: str | None = None

    async def play(self, scene: Scene) -> None:
        async def found() -> bool:
            records = await scene.stage.records()
            return any(r.event == self.event and self.outcome in (None, r.outcome) for r in records)

        await until(found, f"a record of {self.event} {self.outcome or ''}")
