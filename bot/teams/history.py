"""What `audit reconcile` compares with the log in Teams: which places are asked, and what they answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from audit.reconcile import ComparedLog, Conversation, conversations
from bot.errors import PlatformDenied, SettingsError
from bot.platform import Gathered, Period
from bot.settings.values import Settings
from bot.teams.clouds import CLOUDS
from bot.teams.config import TeamsConfig
from bot.teams.connector import NotThere
from bot.teams.messages import NO_TEAM, PERSONAL, GraphAddresses, TeamsMessages
from bot.types import ChannelKind

CHECKED_DAYS = 30
CHECKED_PLACES = 20


def teams_reader(settings: Settings) -> TeamsMessages:
    """Reads with the bot's credentials, from the cloud of the settings. Raises SettingsError."""
    if not settings.teams_app_id:
        raise SettingsError(
            "Teams is not set up: set TEAMS_APP_ID, or hand in the messages that you have with --messages FILE."
        )
    cloud = CLOUDS[settings.teams_cloud]
    login = settings.teams_login_url or cloud.login
    config = TeamsConfig.of(
        cloud,
        settings.teams_app_id,
        settings.teams_app_tenantid or "",
        app_password=settings.secret("teams_app_password"),
        login_url=login,
        development=not login.startswith("https://"),  # then it must be on this machine
    )
    graph, service = settings.teams_graph_url or cloud.graph, settings.teams_service_url or cloud.service
    return TeamsMessages(config, GraphAddresses(graph, service))


def named(conversation: str) -> Conversation:
    """A place as an operator names it: "TEAM/CHANNEL" or the id of a group chat. Raises SettingsError."""
    team, slash, channel = conversation.rpartition("/")
    if not channel.startswith("19:") or (slash and not team):
        raise SettingsError(
            f"--conversation {conversation!r}: name a channel as TEAM/CHANNEL, a group chat by its id; "
            "ids of channels and chats begin with 19:."
        )
    return Conversation(channel, (ChannelKind.CHANNEL if slash else ChannelKind.GROUP).value, team)


async def teams_messages(reader: TeamsMessages, log: ComparedLog, period: Period) -> Gathered:
    """The bot's messages in the places that the log names in the period, and in those that were named besides.

    Raises PlatformError when Microsoft cannot be asked at all.
    """
    await reader.check()
    told = {place.channel: place for place in map(named, period.also)}
    known = await conversations(log, platform="teams", since=period.since, until=period.until, channel=period.channel)
    found = Gathered()
    for place in {**{place.channel: place for place in known}, **told}.values():
        await _look_into(reader, place, period.since, found)
    return found


async def _look_into(reader: TeamsMessages, place: Conversation, since: datetime, found: Gathered) -> None:
    if place.kind == ChannelKind.DIRECT:
        found.unseen[place.channel] = PERSONAL
        return
    try:
        if place.kind == ChannelKind.GROUP:
            found.posted += await reader.chat(place.channel, since)
        elif group := await reader.group(place.team or place.channel):  # a team's first channel has the team's id
            found.posted += await reader.channel(group, place.channel, since)
        else:
            found.unseen[place.channel] = NO_TEAM
            found.refused.add(place.channel)
    except (PlatformDenied, NotThere) as error:
        found.unseen[place.channel] = str(error)
        found.refused.add(place.channel)


async def missing_rights(settings: Settings, log: ComparedLog) -> list[str]:
    """What keeps `audit reconcile` from asking Teams, in the places of the last weeks. Raises PlatformError."""
    reader, now = teams_reader(settings), datetime.now(UTC)
    problems: dict[str, None] = {}
    try:
        await reader.check()
        places = await conversations(log, platform="teams", since=now - timedelta(days=CHECKED_DAYS), until=now)
        for place in [p for p in places if p.kind != ChannelKind.DIRECT][:CHECKED_PLACES]:
            try:
                group = "" if place.kind == ChannelKind.GROUP else await reader.group(place.team or place.channel)
                if group or place.kind == ChannelKind.GROUP:
                    await reader.may_read(group, place.channel)
            except PlatformDenied as error:
                problems[str(error)] = None
            except NotThere:
                continue  # a place that is gone is nothing to mend
    finally:
        await reader.close()
    return list(problems)
