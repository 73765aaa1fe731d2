"""audit replay, reconcile, affected, stats, hold, erase, approve, certificate, retain: looking after the log."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.audit import as_json, looked, open_log
from bot.cli.common import (
    DONE,
    NO,
    USAGE,
    HomeOption,
    JsonOption,
    RecordArgument,
    note,
    out,
    run,
    say,
    say_field,
    say_lines,
    settings,
)
from bot.cli.filters import Channel, DocumentOption, Person, SectionOption, Since, Until, utc, wanted
from bot.cli.reconcile import reconcile

if TYPE_CHECKING:
    from audit.erase import PendingErasure
    from audit.log import TransparencyLog
    from audit.replay import Replayed
    from audit.search import Filter


def register(audit: typer.Typer) -> None:
    """Add these commands below `footnote audit`."""
    for command in (replay, affected, stats, reconcile, hold, erase, approve, certificate, retain, rotate_key):
        audit.command()(command)


Ground = Annotated[str, typer.Option(help="Why, for the record, e.g. the request or the matter's number.")]


def replay(record_id: RecordArgument, json: JsonOption = False, home: HomeOption = None) -> None:
    """Prove an answer again: inclusion, quotes, permissions, the bytes shown; and how its sections read today."""

    async def work() -> int:
        from audit.replay import replay as replay_record
        from bot.answering.render import LAYOUT
        from bot.wiring.app import open_state
        from bot.wiring.replay import posted, reader_of

        with open_state(settings(home)) as state:
            async with open_log(home) as log:
                done = await replay_record(log, record_id, render=posted, today=reader_of(state), layout=LAYOUT)
                await looked(log, "replay", record_id)
        if json:
            out(done.as_json())
        else:
            _print_replay(done)
        return DONE if done.ok else NO

    run(work())


def _print_replay(done: Replayed) -> None:
    marks = {True: "ok ", False: "NO ", None: "-  "}
    for step in done.steps:
        say(f"{marks[step.ok]} {step.name}: {step.detail}")
    for change in done.changes:
        say(f"   {change.document} {change.version} {change.section}: {change.state}")
        for line in change.diff.splitlines():
            say(f"      {line}")


def affected(
    document: Annotated[str | None, typer.Argument(help="A document's id; needed without --since.")] = None,
    since: Since = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only answers that quote what the document no longer says.")
    ] = False,
    version: Annotated[str | None, typer.Option(help="Only this version.")] = None,
    section: SectionOption = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Whom to tell: the answers that cited a document, or that quote what documents no longer say since a time."""
    if document is None and since is None:
        note("footnote: name a document, or a time: footnote audit affected --since 2026-03-01")
        raise typer.Exit(USAGE)

    async def work() -> int:
        from audit.insights import affected as answers
        from audit.search import Filter

        chosen = Filter(document=document, version=version, section=section)
        if document is None or changed or since is not None:
            return await _no_longer_said(document, utc(since), chosen, json, home)
        async with open_log(home) as log:
            found = [record async for record in answers(log, document, version=version, section=section)]
            await looked(log, "affected", found=len(found), chosen=chosen)
        if json:
            out([as_json(record) for record in found])
        for record in () if json else found:
            say(
                f"{record.id}  {record.time:%Y-%m-%d %H:%M}  {record.fields.get('user')}  "
                f"{record.fields.get('question')}"
            )
        return DONE if found else NO

    run(work())


async def _no_longer_said(
    document: str | None, since: datetime | None, chosen: Filter, json: bool, home: Path | None
) -> int:
    """Answers whose quotes the versions in force do not have, with the section as it was and as it is."""
    from bot.answering.affected import affected as answers
    from bot.wiring.app import open_state

    with open_state(settings(home)) as state:
        async with open_log(home) as log:
            ended = state.changed_since(since)
            wanted = ended if document is None else [one for one in (document,) if since is None or one in ended]
            found = [one async for one in answers(log, state, wanted, chosen)]
            await looked(log, "affected", found=len(found), chosen=chosen)
    if json:
        out([asdict(one) for one in found])
        return DONE if found else NO
    for one in found:
        unseen = "" if one.shown else " (not known to have been shown)"
        say(f"{one.record}  {one.at:%Y-%m-%d %H:%M}  {one.question[:80]}{unseen}")
        place = f"{one.title}, {one.section}" if one.section else one.title
        say(f"  {place}: version {one.version}, now {one.new_version or 'gone'}")
        for name, text in (("quoted", one.quote), ("was", one.old), ("is", one.new or "gone")):
            say_field(f"  {name}", text.strip())
    if not found:
        say("No answer quotes anything that its document no longer says.")
    return DONE if found else NO


def stats(since: Since = None, until: Until = None, json: JsonOption = False, home: HomeOption = None) -> None:
    """Counts of questions, outcomes, people and tokens."""

    async def work() -> int:
        from audit.insights import stats as counted

        async with open_log(home) as log:
            found = (await counted(log, since=utc(since), until=utc(until))).as_json()
            await looked(log, "stats")
        if json:
            out(found)
        else:
            for name, value in found.items():
                say_field(name, value)
        return DONE

    run(work())


def hold(
    matter: Annotated[str | None, typer.Option(help="The matter's name; sets a hold.")] = None,
    ground: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    lift: Annotated[
        str | None, typer.Option(help="Request that the hold with this id be lifted; another person approves.")
    ] = None,
    person: Person = None,
    document: DocumentOption = None,
    channel: Channel = None,
    since: Since = None,
    until: Until = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Set a legal hold, lift one, or list those that stand: what a hold covers is not erased."""

    async def work() -> int:
        from audit import holds

        async with open_log(home) as log:
            if lift is not None:
                asked = await holds.request_lift(log, lift, ground=ground, by=_me())
                say("Requested: the hold stands until another person agrees.")
                say(f"Another person approves it with: footnote audit approve {asked}")
                return DONE
            if matter is not None:
                covers = wanted(since, until, person, channel, document)
                say(await holds.hold(log, matter=matter, covers=covers, ground=ground, by=_me()))
                return DONE
            standing = await holds.holds(log)
            await looked(log, "holds")
        if json:
            out([{"id": h.id, "matter": h.matter, "covers": h.covers.as_json(), "by": h.by} for h in standing])
        for h in () if json else standing:
            say(f"{h.id}  {h.matter}  {h.covers.as_json() or 'everything'}  set by {h.by}: {h.ground}")
        return DONE if standing else NO

    run(work())


def erase(
    ground: Ground,
    record: Annotated[list[str] | None, typer.Option(help="A record's id; may be repeated.")] = None,
    person: Person = None,
    also: Annotated[
        list[str] | None, typer.Option(help="Another name of the person, to look for in texts; may be repeated.")
    ] = None,
    field: Annotated[list[str] | None, typer.Option(help="A field's name; without it, all personal fields.")] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Request an erasure, of records or of a person wherever they stand; another person carries it out with `approve`.

    Of a person it lists what was found, in the log and in every other place, before anybody approves.
    """

    async def work() -> int:
        from audit.erase import request_erasure
        from bot.wiring.places import holders

        if not record and not person:
            note("footnote: say what to erase: --record ID or --person WHO.")
            return USAGE
        async with open_log(home) as log:
            asked = await request_erasure(
                log,
                ground=ground,
                by=_me(),
                records=record or (),
                person=person,
                also=also or (),
                names=field or (),
                holders=holders(settings(home)) if person else (),
            )
        if json:
            out(_found(asked))
            return DONE
        say(f"Requested: fields of {len(asked.records)} records.")
        _print_found(asked)
        say(f"Another person approves it with: footnote audit approve {asked.id}")
        return DONE

    run(work())


def _found(asked: PendingErasure) -> dict[str, object]:
    return {
        "request": asked.id,
        "records": list(asked.records),
        "fields": list(asked.names),
        "person": asked.person.said if asked.person else None,
        "found": dict(asked.places),
        "stays": dict(asked.stays),
    }


def _print_found(asked: PendingErasure) -> None:
    if asked.person is None:
        say(f"  fields {', '.join(asked.names)}")
        return
    say(f"  known as {', '.join(asked.person.said)}")
    for place, count in asked.places.items():
        say(f"  {count:6}  {place}")
    for why, count in asked.stays.items():
        say(f"  {count:6}  stay: {why}")


def approve(
    request: Annotated[str | None, typer.Argument(help="The request's id; without it, list what is waiting.")] = None,
    refuse: Annotated[str | None, typer.Option(help="Refuse the request instead, for this reason.")] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Carry out what somebody else requested: an erasure, a lifted hold, a retention rule, a new key."""

    async def work() -> int:
        from audit import approvals
        from audit.erase import Erased
        from bot.wiring.places import holders

        async with open_log(home) as log:
            if request is None:
                return await _list_waiting(log, json=json)
            if refuse is not None:
                await approvals.refuse(log, request, by=_me(), reason=refuse)
                say("Refused; nothing was changed.")
                return DONE
            done = await approvals.approve(log, request, by=_me(), holders=holders(settings(home)))
        if not isinstance(done, Erased):
            say(f"Approved: {done}")
        elif json:
            out({"records": done.records, "fields": done.fields, "places": done.places, "left": done.copies})
        else:
            say(f"Erased {done.fields} fields of {done.records} records; the log's proofs still stand.")
            for place, count in done.places.items():
                say(f"Removed {count} items from {place}.")
            for copy in done.copies:
                say(f"May remain: {copy}")
            say(f"The certificate: footnote audit certificate {request}")
        return DONE

    run(work())


async def _list_waiting(log: TransparencyLog, *, json: bool) -> int:
    from audit import approvals
    from audit.erase import pending_erasures

    waiting = await approvals.pending(log)
    erasures = {one.id: one for one in await pending_erasures(log)}
    await looked(log, "approvals", found=len(waiting))
    if json:
        found = {name: _found(one) for name, one in erasures.items()}
        out([{**asdict(one), **found.get(one.id, {})} for one in waiting])
    for one in () if json else waiting:
        say(f"{one.id}  {one.what}; {one.requested_by}: {one.ground}")
        if one.id in erasures:
            _print_found(erasures[one.id])
    return DONE if waiting else NO


def certificate(
    request: Annotated[str, typer.Argument(help="The id of the request that was approved.")], home: HomeOption = None
) -> None:
    """The certificate of an erasure that was carried out, signed by the log's key; `audit verify FILE` checks it."""

    async def work() -> int:
        from audit.erase import certificate_of

        async with open_log(home) as log:
            text = await certificate_of(log, request)
            await looked(log, "certificate", request)
        say_lines(text.rstrip("\n"))
        return DONE

    run(work())


def retain(
    days: Annotated[int, typer.Option(min=1, help="Records older than this lose their fields.")],
    ground: Annotated[str, typer.Option(help="Why, for the record; with it the rule is requested.")] = "",
    channel: Channel = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's records.")] = None,
    below_floor: Annotated[
        bool, typer.Option(help="The rule is meant, though it is shorter than 184 days (EU AI Act: six months).")
    ] = False,
    confirm_below_floor: Annotated[
        bool, typer.Option(help="Needed beside --below-floor, so that nobody shortens it by mistake.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Request a retention rule (with --ground), or apply one that another person approved; holds win over it."""

    async def work() -> int:
        from audit.retention import Rule, request_rule
        from audit.retention import retain as apply

        rule = Rule(timedelta(days=days), tenant, channel, below_floor)
        async with open_log(home) as log:
            if ground:
                asked = await request_rule(log, rule, ground=ground, by=_me(), confirm_below_floor=confirm_below_floor)
                say(f"Another person approves the rule with: footnote audit approve {asked}")
                return DONE
            done = await apply(log, [rule], by=_me(), now=datetime.now(UTC), confirm_below_floor=confirm_below_floor)
        say(f"{done.erased} records lost their fields; {done.held} are under a hold and were kept.")
        return DONE

    run(work())


def rotate_key(
    ground: Ground,
    revoke_after: Annotated[
        int | None, typer.Option(min=0, help="The old key was lost: trust it for the first N records only.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Request a new signing key; another person approves, and the old key signs it over."""

    async def work() -> int:
        from audit.approvals import request_rotation

        async with open_log(home) as log:
            asked = await request_rotation(log, ground=ground, by=_me(), revoked=revoke_after)
        say(f"Another person approves it with: footnote audit approve {asked}")
        return DONE

    run(work())


def _me() -> str:
    from audit.events import operating_system_user

    return operating_system_user()
