"""audit reconcile: do the chat and the log agree?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.audit import looked, open_log
from bot.cli.common import DONE, DOWN, NO, USAGE, HomeOption, JsonOption, note, out, run, say, settings
from bot.cli.filters import Channel, utc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audit.reconcile import Reconciled


def reconcile(
    platform: Annotated[str, typer.Option(help="slack or teams.")],
    since: Annotated[datetime, typer.Option(help="From this time on (UTC).")],
    until: Annotated[datetime, typer.Option(help="Before this time (UTC).")],
    channel: Channel = None,
    conversation: Annotated[
        list[str] | None,
        typer.Option(help="Teams: look there, too: TEAM/CHANNEL, or a group chat's id; may be given again."),
    ] = None,
    messages: Annotated[
        Path | None,
        typer.Option(
            help='JSON lines: {"message": id, "record": id or null, "channel": id}; none: the platform is asked.'
        ),
    ] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Compare the bot's messages on a platform with the log."""

    async def work() -> int:
        from audit.reconcile import Posted
        from audit.reconcile import reconcile as compare

        first, last = utc(since) or since, utc(until) or until
        posted: list[Posted] = []
        unseen: Mapping[str, str] = {}
        refused: set[str] = set()
        async with open_log(home) as log:
            if messages is not None:
                from bot.wiring.replay import read_messages

                posted = read_messages(messages)
            elif platform == "teams":
                from bot.teams.history import teams_messages, teams_reader

                reader = teams_reader(settings(home))
                try:
                    found = await teams_messages(
                        reader, log, since=first, until=last, channel=channel, also=conversation or ()
                    )
                finally:
                    await reader.close()
                posted, unseen, refused = found.posted, found.unseen, found.refused
            elif platform == "slack" and channel is not None:
                from bot.wiring.replay import slack_messages

                posted = await slack_messages(settings(home), channel, first)
            else:
                note("footnote: name a Slack channel with --channel, or hand in the messages with --messages FILE.")
                return USAGE
            done = await compare(
                log, posted, platform=platform, since=first, until=last, channel=channel, unseen=unseen
            )
            await looked(log, "reconcile")
        _show(done, {place: unseen[place] for place in sorted(refused)}, json)
        return NO if not done.ok else DOWN if refused else DONE

    run(work())


def _show(done: Reconciled, refused: Mapping[str, str], json: bool) -> None:
    if json:
        found = [{"record": f.record, "what": f.what} for f in done.findings]
        left = [{"channel": n.channel, "records": n.records, "why": n.why} for n in done.not_compared]
        places = [{"channel": channel, "why": why} for channel, why in refused.items()]
        counts = {"messages": done.messages, "records": done.records}
        out({"ok": done.ok, **counts, "findings": found, "not_compared": left, "refused": places})
        return
    for finding in done.findings:
        say(f"NO  {finding.record or ''} {finding.what}")
    for left_out in done.not_compared:
        say(f"-   {left_out.records} not compared in {left_out.channel or 'a place unknown'}: {left_out.why}")
    for channel, why in refused.items():
        say(f"NO  {channel} could not be looked into: {why}")
    missed = sum(n.records for n in done.not_compared)
    say(
        f"{done.messages} messages and {done.records} records compared, {missed} records not compared, "
        f"{len(done.findings)} findings"
    )
