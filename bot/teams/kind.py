"""Microsoft Teams, as `bot.wiring.platforms` lists it. The adapter and its libraries are imported by who needs them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.errors import AuditError
from bot.errors import BotError
from bot.platform import SET_URL, CheckResult, Gathered, Manifest, Period

if TYPE_CHECKING:
    from audit.reconcile import ComparedLog
    from audit.record import Json
    from bot.answering.memory import ThreadMemory
    from bot.ports import ChatAdapter, Intake, Viewer
    from bot.settings.values import Settings
    from bot.types import Outcome


class Teams:
    """Implements `PlatformKind`."""

    name = "teams"
    title = "Teams"
    setup = "TEAMS_APP_ID with TEAMS_APP_PASSWORD and TEAMS_APP_TENANTID"

    def build(self, settings: Settings, intake: Intake, viewer: Viewer, memory: ThreadMemory) -> ChatAdapter | None:
        if not settings.teams_app_id:
            return None
        from bot.teams.adapter import TeamsPlatform
        from bot.teams.clouds import CLOUDS
        from bot.teams.config import PROMPTS, TeamsConfig
        from bot.teams.history import teams_reader

        config = TeamsConfig.of(
            CLOUDS[settings.teams_cloud],
            settings.teams_app_id,
            settings.teams_app_tenantid or "",
            app_password=settings.secret("teams_app_password"),
            allowed_tenants=frozenset(settings.teams_tenants),
            follow_up_without_mention=settings.follow_up_without_mention,
            unmentioned=settings.unmentioned,
            suggested_prompts=settings.prompts or PROMPTS,
        )
        reader = teams_reader(settings)
        return TeamsPlatform(config, intake, viewer=viewer, knows_thread=memory.knows, history=reader)

    def render(self, outcome: Outcome) -> Mapping[str, Json]:
        from bot.teams.render import render

        return render(outcome, passages=True)

    def manifest(
        self,
        app_id: Annotated[str, typer.Option(help="The bot's Microsoft app id.")],
        domain: Annotated[str, typer.Option(help="The host name that `footnote serve` is reached at.")],
        output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the app package.")] = Path(
            "footnote-teams.zip"
        ),
        name: Annotated[str, typer.Option(help="The app's name in Teams.")] = "Footnote",
        read_threads: Annotated[
            bool | None,
            typer.Option(
                "--read-threads/--no-read-threads",
                help="Ask each team's owner for the right to hear replies in threads without a mention.",
                show_default="as the settings need",
            ),
        ] = None,
        reconcile: Annotated[
            bool,
            typer.Option(
                "--reconcile", help="Ask owners of teams and chats for the right to read there, for `audit reconcile`."
            ),
        ] = False,
    ) -> Manifest:
        """Write the Teams app package: upload it in the Teams admin centre."""
        from bot.settings.values import load
        from bot.teams.manifest import grown, teams_package

        known = load()
        compares = reconcile or known.teams_reconcile
        channels = compares or (known.listens if read_threads is None else read_threads)
        chats = compares or (known.listens_to_all and read_threads is not False)
        version = grown(datetime.now(UTC))
        package = teams_package(
            app_id=app_id, domain=domain, name=name, channels=channels, chats=chats, version=version
        )
        return Manifest(package, output, "Upload it in the Teams admin centre, under Manage apps.")

    async def messages(self, settings: Settings, log: ComparedLog, period: Period) -> Gathered:
        from bot.teams.history import teams_messages, teams_reader

        reader = teams_reader(settings)
        try:
            return await teams_messages(reader, log, period)
        finally:
            await reader.close()

    async def checks(self, settings: Settings, log: ComparedLog) -> list[CheckResult]:
        """The way in, and whether `audit reconcile` may ask Teams, where the settings say that it does."""
        return [*await _way_in(settings), *await self._rights(settings, log)]

    async def _rights(self, settings: Settings, log: ComparedLog) -> list[CheckResult]:
        if not settings.teams_reconcile:
            return []
        from bot.teams.history import CHECKED_DAYS, missing_rights

        try:
            problems = await missing_rights(settings, log)
        except (AuditError, BotError) as error:
            problems = [str(error)]
        fine = f"the places of the last {CHECKED_DAYS} days show the app their messages"
        return [CheckResult("teams messages", not problems, "; ".join(problems) or fine)]


async def _way_in(settings: Settings) -> list[CheckResult]:
    """Whether our messaging endpoint is at the public address: it turns a request without a token away.

    An ingress may pass one of its two paths alone: that which is registered with the bot.
    """
    check = "teams endpoint"
    if not settings.teams_app_id:
        return []
    if not settings.public_url:
        return [CheckResult(check, True, f"the messaging endpoint is not checked: {SET_URL}", True)]
    from bot.service.loop import knock
    from bot.teams.config import PATHS

    base, statuses = settings.public_url.rstrip("/"), []
    for path in PATHS:
        try:
            came = await knock(base, path, b"{}", {"Content-Type": "application/json"})
        except BotError as error:
            return [CheckResult(check, False, str(error))]
        if came.status == REFUSED:
            told = "answers, and turns strangers away; whether the bot is registered with it, the Azure portal shows"
            return [CheckResult(check, True, f"{base}{path} {told}")]
        statuses.append(f"{base}{path} answers with status {came.status}")
    return [CheckResult(check, False, f"{' and '.join(statuses)}, not {REFUSED} as Footnote does")]


REFUSED = 401
TEAMS = Teams()
