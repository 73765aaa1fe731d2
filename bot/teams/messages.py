"""The bot's own messages, asked of Microsoft Graph, for `audit reconcile`.

A channel's: https://learn.microsoft.com/graph/api/channel-list-messages (all of it, with the replies: it
filters by no date), with the resource-specific permission ChannelMessage.Read.Group of the team. A group
chat's: https://learn.microsoft.com/graph/api/chat-list-messages, with ChatMessage.Read.Chat of the chat.
The chat between a person and the bot has no such permission: Graph shows it to apps with rights over all
chats alone, which this one does not ask for.

Message ids are those of the Bot Connector. A team has two ids: that of its thread ("19:...") in
activities, and that of its Microsoft 365 group here; the Bot Connector knows both.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from yarl import URL

from audit.reconcile import Posted
from bot.directory.client import JsonClient, Patience
from bot.errors import DirectoryUnavailable, PlatformDenied, PlatformError, PlatformUnauthorized, SettingsError
from bot.keys import RECORD_ID
from bot.teams.config import TeamsConfig
from bot.teams.connector import NotThere
from bot.teams.events import html_text
from bot.teams.manifest import CHANNEL_RIGHT, CHAT_RIGHT
from bot.teams.tokens import TokenSource
from bot.texts import PART, is_fixed
from retrieval.outbound.addresses import is_safe

NAME = "Microsoft Graph"
CONNECTOR = "The Bot Connector"
PERSONAL = (
    "a chat between a person and the bot, which Microsoft Graph shows with rights over all chats alone "
    "(Chat.Read.All), and Footnote asks for no such right"
)
NO_TEAM = "neither the log nor the Bot Connector tells which team this is in; name both: --conversation TEAM/CHANNEL"
PATIENCE = Patience(timeout=60.0, tries=6, first_pause=1.0, longest_wait=120.0, most_bytes=64_000_000)
EARLIER = timedelta(days=1)
"""A question's status line, which becomes its answer, is older than its record."""
CHANNEL_PAGE = 20  # threads, each with up to 1,000 replies
CHAT_PAGE = 50  # the most that Graph gives
MOST_PAGES = 20_000
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_RECORD = re.compile(rf"Record ({RECORD_ID})", re.ASCII)
_PART = re.compile(re.escape(PART).replace(re.escape("{n}"), r"(\d+)"), re.ASCII)
_CARD = "application/vnd.microsoft.card.adaptive"


@dataclass(frozen=True, slots=True)
class GraphAddresses:
    """Where Graph and the Bot Connector are in your cloud. Raises SettingsError."""

    graph: str = "https://graph.microsoft.com/v1.0"
    service: str = "https://smba.trafficmanager.net/teams/"

    def __post_init__(self) -> None:
        for url in (self.graph, self.service):
            if not is_safe(url):
                raise SettingsError(
                    f"The addresses of Microsoft Graph and Teams must begin with https://, not {url!r}."
                )


class MissingRight(PlatformDenied):
    """A permission is missing; the message names it and says who gives it."""


class TeamsMessages:
    """Reads with the bot's own credentials. `close` at the end."""

    def __init__(
        self, config: TeamsConfig, addresses: GraphAddresses | None = None, patience: Patience = PATIENCE
    ) -> None:
        self.where = where = addresses or GraphAddresses()
        self._app = config.app_id.casefold()
        self._graph = _Service(NAME, config, URL(where.graph.rstrip("/")), patience)
        self._connector = _Service(CONNECTOR, config, URL(where.service.rstrip("/")), patience, config.resource)

    async def close(self) -> None:
        await self._graph.close()
        await self._connector.close()

    async def check(self) -> None:
        """Whether Microsoft gives a token for Graph. Raises PlatformError."""
        await self._graph.token()

    async def group(self, team: str) -> str:
        """The id of a team's Microsoft 365 group, given either id; "" when the Bot Connector does not know it."""
        if _GUID.fullmatch(team.casefold()):
            return team.casefold()
        try:
            found = await self._connector.get(self._connector.base / "v3" / "teams" / team, "the bot in the team")
        except (NotThere, PlatformDenied, PlatformUnauthorized):
            return ""
        group = str(found.get("aadGroupId") or "").casefold()
        return group if _GUID.fullmatch(group) else ""

    async def channel(self, group: str, channel: str, since: datetime) -> list[Posted]:
        """The bot's messages in a channel of a team, from shortly before `since` on. Raises PlatformError.

        MissingRight and NotThere are about this channel, other kinds about Graph.
        """
        url = self._graph.base / "teams" / group / "channels" / channel / "messages"
        threads = self._graph.pages(
            _with(url, {"$top": str(CHANNEL_PAGE), "$expand": "replies"}), f"{CHANNEL_RIGHT} in the team {group}"
        )
        found: list[Posted] = []
        async for thread in threads:
            found += self._ours(channel, [thread, *_objects(thread.get("replies"))], since)
            if onward := thread.get("replies@odata.nextLink"):
                more = self._graph.pages(self._graph.onward(onward), f"{CHANNEL_RIGHT} in the team {group}")
                found += self._ours(channel, [reply async for reply in more], since)
        return found

    async def thread(self, group: str, channel: str, root: str, since: datetime, part: int = 1) -> list[Posted]:
        """The bot's replies in one thread of a channel, as `channel` gives them; `part` as in `chat`.

        https://learn.microsoft.com/graph/api/chatmessage-list-replies
        """
        url = self._graph.base / "teams" / group / "channels" / channel / "messages" / root / "replies"
        replies = self._graph.pages(_with(url, {"$top": str(CHAT_PAGE)}), f"{CHANNEL_RIGHT} in the team {group}")
        return self._ours(channel, [reply async for reply in replies], since, part)

    async def chat(self, chat: str, since: datetime, part: int = 1) -> list[Posted]:
        """The bot's messages in a group chat, from shortly before `since` on; of answers in parts, the `part`-th.

        Raises PlatformError, as `channel`.
        """
        start = (since - EARLIER).astimezone(UTC)
        query = {
            "$top": str(CHAT_PAGE),
            "$orderby": "lastModifiedDateTime desc",
            "$filter": f"lastModifiedDateTime gt {start:%Y-%m-%dT%H:%M:%S}Z",
        }
        url = _with(self._graph.base / "chats" / chat / "messages", query)
        messages = [m async for m in self._graph.pages(url, f"{CHAT_RIGHT} in the chat {chat}")]
        return self._ours(chat, messages, since, part)

    async def may_read(self, group: str, channel: str) -> None:
        """One message is asked for: of a channel, or of a chat where `group` is "". Raises PlatformError."""
        place = (
            self._graph.base / "teams" / group / "channels" / channel if group else self._graph.base / "chats" / channel
        )
        right = f"{CHANNEL_RIGHT} in the team {group}" if group else f"{CHAT_RIGHT} in the chat {channel}"
        await self._graph.get(_with(place / "messages", {"$top": "1"}), right)

    def _ours(
        self, channel: str, messages: Sequence[Mapping[str, Any]], since: datetime, part: int = 1
    ) -> list[Posted]:
        """Those of the bot's that show something; those that were deleted, whoever wrote them, when Graph hides who."""
        made = [self._posted(channel, message, part) for message in messages if self._may_be_ours(message)]
        return [m for m in made if m is not None and (m.at is None or m.at >= since - EARLIER)]

    def _may_be_ours(self, message: Mapping[str, Any]) -> bool:
        sender = _object(message, "from")
        ours = str(_object(sender, "application").get("id") or "").casefold() == self._app
        return ours or (not any(sender.values()) and bool(message.get("deletedDateTime")))

    def _posted(self, channel: str, message: Mapping[str, Any], part: int) -> Posted | None:
        name, at = str(message.get("id") or ""), _time(message.get("createdDateTime"))
        if message.get("deletedDateTime"):
            return Posted(name, None, channel, at, deleted=True)
        record, text = shown(message)
        if part_of(text) != part or (record is None and is_fixed(text)):
            return None
        return Posted(name, record, channel, at)


def part_of(text: str) -> int:
    """Which part of an answer a text is, as `bot.teams.forms` says it; 1 for any other."""
    found = _PART.match(text)
    return int(found[1]) if found else 1


def shown(message: Mapping[str, Any]) -> tuple[str | None, str]:
    """The record id that a chatMessage prints, in its card or its last line, and its text on one line.

    Only what stands where `bot.teams.render` prints it counts: a quote may say "Record ..." too.
    """
    lines = html_text(str(_object(message, "body").get("content") or "")).replace("\xa0", " ").splitlines()
    lines = [" ".join(line.split()) for line in lines if line.strip()]
    last = [lines[-1]] if lines else []
    for attachment in _objects(message.get("attachments")):
        if attachment.get("contentType") == _CARD:
            last.append(_last_line(attachment.get("content")))
    marks = [found[1] for line in last if (found := _RECORD.fullmatch(line.strip()))]
    return (marks[-1] if marks else None), " ".join(lines)


def _last_line(card: object) -> str:
    """The text of a card's last block."""
    try:
        card = json.loads(card) if isinstance(card, str) else card
    except (ValueError, RecursionError):
        return ""
    body = _objects(card.get("body")) if isinstance(card, dict) else []
    block = body[-1] if body else {}
    runs = [str(run.get("text") or "") for run in _objects(block.get("inlines"))]
    return "".join(runs) or str(block.get("text") or "")


class _Service:
    """One HTTP service of Microsoft's, with the bot's token for it. Raises PlatformError and its kinds."""

    def __init__(self, name: str, config: TeamsConfig, base: URL, patience: Patience, resource: str = "") -> None:
        self.base = base
        self._name = name
        self._client = JsonClient(name, patience, proxies=not config.development)
        self._config = _for(config, resource or str(base.origin()))
        self._tokens: TokenSource | None = None

    async def close(self) -> None:
        await self._client.close()

    async def token(self) -> str:
        if self._tokens is None:
            self._tokens = TokenSource(self._config, self._client.session, self._name)
        return await self._tokens.token()

    async def pages(self, url: URL, right: str) -> AsyncIterator[Mapping[str, Any]]:
        """The objects of all pages. `right` names what the app needs, for the error message."""
        for _ in range(MOST_PAGES):
            answer = await self.get(url, right)
            if not isinstance(answer.get("value"), list):
                raise PlatformError(f"{self._name} answers in a shape that is not its own. Check its address.")
            for found in _objects(answer["value"]):
                yield found
            if answer.get("@odata.nextLink") is None:
                return
            url = self.onward(answer["@odata.nextLink"])
        raise PlatformError(f"{self._name} answers more than {MOST_PAGES} pages for one conversation.")

    def onward(self, link: object) -> URL:
        """The next page, which is asked for with our token: so at the same server alone."""
        try:
            url = URL(str(link), encoded=True)
            if url.origin() == self.base.origin():
                return url
        except ValueError:
            pass
        raise PlatformError(f"{self._name} leads to another server for the next page. Check its address.")

    async def get(self, url: URL, right: str) -> Mapping[str, Any]:
        """The object at an address. Raises MissingRight, NotThere, PlatformError."""
        token = await self.token()
        try:
            status, answer = await self._client.ask("GET", url, token)
            if status == 401 and self._tokens is not None:
                self._tokens.forget(token)
                status, answer = await self._client.ask("GET", url, await self.token())
        except DirectoryUnavailable as error:
            raise PlatformError(str(error)) from error
        if status == 200 and isinstance(answer, dict):
            return answer
        said = f"status {status}, {_code(answer) or 'no code'}"
        if status == 403:
            raise MissingRight(
                f"{self._name} does not show this ({said}). The app lacks {right}: make its package with "
                "`footnote manifest teams --reconcile`, upload it, and let an owner agree to it there."
            )
        if status in (400, 404):
            raise NotThere(f"{self._name} does not know it ({said}): it may have been deleted.")
        advice = "Check TEAMS_APP_ID and TEAMS_APP_TENANTID." if status == 401 else "Check its address."
        raise PlatformError(f"{self._name} refuses ({said}). {advice}")


def _for(config: TeamsConfig, resource: str) -> TeamsConfig:
    """The same app with tokens for another service."""
    return TeamsConfig(
        config.app_id,
        config.tenant_id,
        config.app_password,
        login_url=config.login_url,
        resource=resource,
        development=config.development,
        timeout=config.timeout,
    )


def _with(url: URL, query: Mapping[str, str]) -> URL:
    """Spaces as %20: OData (RFC 3986) knows no +."""
    return URL(f"{url}?{urlencode(query, quote_via=quote, safe='$')}", encoded=True)


def _code(answer: Any) -> str:
    """Only Graph's short code is shown, never its text."""
    code = _object(answer, "error").get("code") if isinstance(answer, dict) else None
    return code if isinstance(code, str) and re.fullmatch(r"[A-Za-z_.]{1,80}", code) else ""


def _time(text: object) -> datetime | None:
    """Graph writes UTC as "2026-03-01T09:30:00.123Z"."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _object(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = of.get(name)
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
