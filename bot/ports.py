"""What the bot needs from chat platforms and directories, in its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from audit.record import Json
from bot.types import Expert, Form, Incoming, Outcome, PassageView, People, Reply
from retrieval.people import Principal

if TYPE_CHECKING:  # not every command serves
    from aiohttp import web


class Intake(Protocol):
    """Where an adapter hands over what arrived, before it acknowledges the platform."""

    async def accept(self, incoming: Incoming) -> bool:
        """Durable when it returns; False when this key is known already. Raises InboxUnavailable."""
        ...


class Platform(Protocol):
    """A chat platform, as the worker sees it. Every call raises PlatformError when it fails for good."""

    @property
    def name(self) -> str: ...

    async def people(self, incoming: Incoming) -> People:
        """The asker and everyone who would see a reply in that place."""
        ...

    def render(self, outcome: Outcome) -> Mapping[str, Json]:
        """The exact message payload for an outcome. Pure: the same outcome gives the same bytes."""
        ...

    async def post_status(self, incoming: Incoming, text: str) -> str:
        """Show that a question is being worked on: by the platform's own passing sign, and then this returns "" and is
        called again from time to time; or by a line in the thread, whose message id it returns."""
        ...

    async def post(self, incoming: Incoming, reply: Reply, replace: str | None, *, again: bool = False) -> str:
        """Show a reply in the thread, which notifies the asker; returns the message id, "" where there is none to know.

        `replace` is a message of ours that becomes the reply instead: a status line, or what was answered before the
        question was edited. A private reply goes to the asker alone; what it replaces becomes a neutral line.

        `again`: an earlier call may have shown it, so it is looked for first. Raises PlatformUnseen when that cannot be
        done; PlatformUnsure when this call may have shown it; PlatformRefused when a smaller form may pass.
        """
        ...

    def smaller(self, payload: Mapping[str, Json]) -> Sequence[Form]:
        """The same reply in ever smaller forms, for a platform that refuses it: all that it says and cites. Pure."""
        ...

    async def post_text(self, incoming: Incoming, text: str, replace: str | None) -> str:
        """Show a fixed text without content, for when the log cannot write."""
        ...

    async def post_call(self, incoming: Incoming, expert: Expert, text: str, question: str, record_id: str) -> str:
        """Mention an expert in the thread with `text`, ours, and somebody's question; returns the message id.

        A message of its own, since an edited one notifies nobody. An expert who is not in the
        conversation is named instead of mentioned. `record_id` is that of the call.
        """
        ...

    async def said_before(self, incoming: Incoming) -> str:
        """What somebody wrote just before in the thread, as plain text; "" for nothing, or what cannot be read."""
        ...

    async def find_posted(self, incoming: Incoming, message: str) -> str | None:
        """The address of one of our messages where `incoming` came from, "" when it has none; None: it is gone."""
        ...


class ChatAdapter(Platform, Protocol):
    """A platform that also receives. `start` first, `stop` at the end."""

    def routes(self) -> Sequence[web.RouteDef]: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def check(self) -> list[str]:
        """What keeps it from working; [] when nothing does."""
        ...

    async def ready(self) -> list[str]:
        """What keeps questions or replies from passing right now, with one call at most; [] when nothing does."""
        ...


class Directory(Protocol):
    """Where groups come from. Unknown people have none."""

    async def groups(self, person: Principal) -> frozenset[str]:
        """All groups of a person, nested ones resolved. Raises DirectoryUnavailable."""
        ...


class Viewer(Protocol):
    """What stands behind a "Show the passage" button."""

    async def passage(self, record_id: str, n: int, reader: Principal) -> PassageView | None:
        """Citation `n` of a recorded answer, read anew; None when this person may not read it now, or it is gone."""
        ...
