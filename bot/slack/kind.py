"""Slack, as `bot.wiring.platforms` lists it. The adapter and Slack's libraries are imported by who needs them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.errors import BotError, PlatformError, SettingsError
from bot.platform import SET_URL, CheckResult, Gathered, Manifest, Period

if TYPE_CHECKING:
    from audit.reconcile import ComparedLog
    from audit.record import Json
    from bot.answering.memory import ThreadMemory
    from bot.ports import ChatAdapter, Intake, Viewer
    from bot.settings.values import Settings
    from bot.slack.adapter import SlackPlatform
    from bot.slack.config import WorkspacesConfig
    from bot.slack.people import Counted
    from bot.types import Incoming, Outcome, PassageView
    from retrieval.people import Principal


class Slack:
    """Implements `PlatformKind`."""

    name = "slack"
    title = "Slack"
    setup = (
        "SLACK_BOT_TOKEN with SLACK_APP_TOKEN or SLACK_SIGNING_SECRET, "
        "SLACK_CLIENT_ID with SLACK_CLIENT_SECRET and SLACK_SIGNING_SECRET for several workspaces"
    )

    def build(self, settings: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> ChatAdapter | None:
        several = bool(settings.slack_client_id) or settings.slack_client_secret is not None
        if settings.slack_bot_token is None:
            return _workspaces(settings, intake, viewer, memory) if several else None
        if several:
            raise SettingsError(
                "SLACK_BOT_TOKEN is for one workspace, SLACK_CLIENT_ID and SLACK_CLIENT_SECRET are for several. "
                "Unset the one or the others."
            )
        return _workspace(settings, intake, viewer, memory)

    def render(self, outcome: Outcome) -> Mapping[str, Json]:
        from bot.slack.render import render

        return render(outcome)

    def manifest(
        self,
        name: Annotated[str, typer.Option(help="The app's name in Slack.")] = "Footnote",
        url: Annotated[
            str | None, typer.Option(help="Public address, for events over HTTP; without it, Socket Mode.")
        ] = None,
    ) -> Manifest:
        """Print the Slack app manifest: paste it at api.slack.com/apps, "From a manifest"."""
        from bot.settings.values import load
        from bot.slack.config import PROMPTS
        from bot.slack.manifest import slack_manifest

        known = load()
        follow_ups, prompts = known.listens, known.prompts or PROMPTS
        groups = _user_groups(known)
        return Manifest(slack_manifest(name=name, url=url, follow_ups=follow_ups, user_groups=groups, prompts=prompts))

    async def messages(self, settings: Settings, log: ComparedLog, period: Period) -> Gathered:
        """The bot's answers in one channel, asked of each workspace with its own token: a channel may be in two."""
        from audit.reconcile import Posted
        from bot.slack.client import Hidden

        if period.channel is None:
            raise SettingsError("name a Slack channel with --channel, or hand in the messages with --messages FILE.")
        found = Gathered()
        seen = False
        async for name, slack in _each(settings):
            try:
                answers = await slack.messages(period.channel, f"{period.since.timestamp():.6f}")
            except PlatformError as error:
                if not name:
                    raise
                if not isinstance(error, Hidden):
                    found.unseen[name] = str(error)
                continue
            seen = True
            for record, ts in answers:
                posted = Posted(ts, record or None, period.channel, datetime.fromtimestamp(float(ts), UTC))
                found.posted.append(posted)
        if not seen:
            found.unseen[period.channel] = NOWHERE
        found.refused.update(found.unseen)
        return found

    async def checks(self, settings: Settings, log: ComparedLog) -> list[CheckResult]:
        """The way in over HTTP, and how many people have an address that does not count."""
        return [*await _way_in(settings), *await self._addresses(settings)]

    async def _addresses(self, settings: Settings) -> list[CheckResult]:
        check = "slack addresses"
        if ANY in settings.slack_teams:
            told = f'nobody\'s address counts, since slack_teams = ["{ANY}"] lets any workspace in'
            return [CheckResult(check, True, told, warning=True)]
        if settings.slack_bot_token is None and not settings.slack_client_id:
            return []
        found: list[CheckResult] = []
        try:
            async for name, slack in _each(settings):
                try:
                    found.append(_told(check, name, await slack.unconfirmed()))
                except PlatformError as error:
                    start = f"{name}: " if name else ""
                    found.append(CheckResult(check, True, f"{start}not counted: {error}", warning=True))
        except BotError as error:
            found.append(CheckResult(check, True, f"not counted: {error}", warning=True))
        return found


ANY = "any"
"""In `slack_teams`: whichever workspace installs the app."""

ADDRESSES = (
    "they read only what everyone may read. Where you trust who runs the workspace or the domain, name it in "
    "slack_trusted_emails (docs/slack-setup.md)"
)

NOWHERE = "no workspace that is installed and in slack_teams shows this channel: is the id right, and the bot in it?"

SLACK = Slack()


async def _each(settings: Settings) -> AsyncIterator[tuple[str, SlackPlatform]]:
    """The workspaces to read in, by their names ("" for the one of a token); each is closed when the next is asked for.

    Raises BotError.
    """
    if settings.slack_bot_token is not None:
        async with _reading(settings) as slack:
            yield "", slack
        return
    if not settings.slack_client_id:
        raise SettingsError(f"Slack is not set up: set {Slack.setup}.")
    from bot.slack.workspaces import SlackWorkspaces

    async for place in SlackWorkspaces(workspaces_config(settings), _Nothing(), _Nothing()).each():
        yield place


def _told(check: str, name: str, count: Counted) -> CheckResult:
    start = f"{name}: " if name else ""
    members = f"{'' if count.whole else 'the first '}{count.members:,} members"
    if not count.found:
        return CheckResult(check, True, f"{start}those of {'all ' if count.whole else ''}{members} count")
    told = f"{count.found:,} of {members} have an address that Slack does not confirm, as with single sign-on: "
    return CheckResult(check, True, start + told + ADDRESSES, warning=True)


@asynccontextmanager
async def _reading(settings: Settings) -> AsyncIterator[SlackPlatform]:
    """Slack without the app token: a second socket would take events away from the running service."""
    from bot.slack.adapter import SlackPlatform
    from bot.slack.config import SlackConfig

    config = SlackConfig(
        bot_token=settings.secret("slack_bot_token"),
        signing_secret=settings.secret("slack_signing_secret") or "nothing is received",
        **_shared(settings),
    )
    slack = SlackPlatform(config, _Nothing(), _Nothing())
    await slack.start()
    try:
        yield slack
    finally:
        await slack.stop()


def _workspace(settings: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> ChatAdapter:
    from bot.slack.adapter import SlackPlatform
    from bot.slack.config import SlackConfig

    if ANY in settings.slack_teams:
        raise SettingsError(f'slack_teams = ["{ANY}"] goes with SLACK_CLIENT_ID; a bot token serves its own workspace.')
    config = SlackConfig(
        bot_token=settings.secret("slack_bot_token"),
        app_token=settings.secret("slack_app_token"),
        signing_secret=settings.secret("slack_signing_secret"),
        **_shared(settings),
    )
    return SlackPlatform(config, intake, viewer, memory.knows)


def _workspaces(settings: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> ChatAdapter:
    from bot.slack.workspaces import SlackWorkspaces

    return SlackWorkspaces(workspaces_config(settings), intake, viewer, memory.knows)


def workspaces_config(settings: Settings) -> WorkspacesConfig:
    """For several workspaces. Raises SettingsError."""
    from bot.slack.config import WorkspacesConfig

    if settings.slack_app_token is not None:
        raise SettingsError("Several workspaces are served over HTTP, not Socket Mode. Unset SLACK_APP_TOKEN.")

    allowed = frozenset(settings.slack_teams)
    config = WorkspacesConfig(
        client_id=settings.slack_client_id,
        client_secret=settings.secret("slack_client_secret"),
        signing_secret=settings.secret("slack_signing_secret"),
        folder=settings.home / "slack",
        **_shared(settings) | {"allowed_teams": allowed - {ANY}},
    )
    if not allowed or (ANY in allowed and len(allowed) > 1):
        raise SettingsError(
            "SLACK_CLIENT_ID serves several workspaces. Say which in slack_teams, by their ids "
            f'(FOOTNOTE_SLACK_TEAMS=\'["T0123", "T0456"]\'), or ["{ANY}"] alone if any workspace that finds the '
            "address may install the app and its members read what everyone may read."
        )
    return config


def _shared(settings: Settings) -> dict[str, Any]:
    """What one workspace and several need alike: the fields of `bot.slack.config.Shared` that settings decide."""
    from bot.slack.clouds import web_api
    from bot.slack.config import PROMPTS

    return {
        "base_url": web_api(settings),
        "follow_up_without_mention": settings.follow_up_without_mention,
        "unmentioned": settings.unmentioned,
        "allowed_teams": frozenset(settings.slack_teams),
        "trusted_emails": frozenset(map(_lower_domain, settings.slack_trusted_emails)),
        "user_groups": _user_groups(settings),
        "suggested_prompts": settings.prompts or PROMPTS,
    }


def _user_groups(settings: Settings) -> bool:
    """Whether a directory reads Slack's user groups."""
    return any(table.kind == "slack" for table in settings.directories)


def _lower_domain(entry: str) -> str:
    return entry.lower() if entry.startswith("@") else entry


async def _way_in(settings: Settings) -> list[CheckResult]:
    """Whether events that are signed with our secret reach us; by Socket Mode none come that way."""
    check, secret = "slack events", settings.secret("slack_signing_secret")
    if not secret.strip():
        return []
    if not settings.public_url:
        return [CheckResult(check, True, f"the signing secret and the public address are not checked: {SET_URL}", True)]
    from bot.slack.receive import way_in

    try:
        problem = await way_in(settings.public_url, secret)
    except BotError as error:
        problem = str(error)
    told = "a signed event came through; whether Slack signs with the same secret, only its own first event shows"
    return [CheckResult(check, not problem, problem or f"{settings.public_url}: {told}")]


class _Nothing:
    """Takes in nothing and shows nothing: only Slack's history is read."""

    async def accept(self, incoming: Incoming) -> bool:
        return False

    async def passage(self, record_id: str, n: int, reader: Principal) -> PassageView | None:
        return None
