"""audit reconcile: do the chat and the log agree?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.audit import looked, open_log
from bot.cli.common import DONE, DOWN, NO, HomeOption, JsonOption, out, run, say, settings
from bot.cli.filters import Channel, utc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audit.reconcile import Reconciled


def reconcile(
    platform: Annotated[str, typer.Option(help="The platform, e.g. slack or teams.")],
    since: Annotated[datetime, typer.Option(help="At or after this time (UTC).")],
    until: Annotated[datetime, typer.Option(help="Before this time (UTC).")],
    channel: Channel = None,
    conversation: Annotated[
        list[str] | None,
        typer.Option(help="Teams: also look here: TEAM/CHANNEL, or a group chat's id; may be repeated."),
    ] = None,
    messages: Annotated[
        Path | None,
        typer.Option(
            help='JSON lines: {"message": id, "record": id or null, "channel": id}; without it, the platform is asked.'
        ),
    ] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Compare the bot's messages on a platform with the log."""

    async def work() -> int:
        from audit.reconcile import reconcile as compare
        from bot.platform import Gathered, Period
        from bot.wiring.platforms import platform_named
        from bot.wiring.replay import read_messages

        first, last = utc(since) or since, utc(until) or until
        period = Period(first, last, channel, conversation or ())
        async with open_log(home) as log:
            if messages is not None:
                found = Gathered(read_messages(messages))
            else:
                found = await platform_named(platform).messages(settings(home), log, period)
            done = await compare(
                log, found.posted, platform=platform, since=first, until=last, channel=channel, unseen=found.unseen
            )
            await looked(log, "reconcile")
        _show(done, {place: found.unseen[place] for place in sorted(found.refused)}, json)
        return NO if not done.ok else DOWN if found.refused else DONE

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
