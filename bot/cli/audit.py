"""audit list, show, verify, export: reading the log. Every look is itself recorded."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.errors import AuditError
from bot.cli.common import (
    DONE,
    NO,
    USAGE,
    HomeOption,
    JsonOption,
    RecordArgument,
    note,
    out,
    progress,
    run,
    say,
    say_field,
    say_lines,
    settings,
)
from bot.cli.filters import filtered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from audit.log import TransparencyLog
    from audit.record import AuditRecord
    from audit.search import Filter

audit = typer.Typer(help="The log of every question, answer and source.", no_args_is_help=True)


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    cli.add_typer(audit, name="audit")


@asynccontextmanager
async def open_log(home: Path | None) -> AsyncIterator[TransparencyLog]:
    """The log of a home. Raises SettingsError, AuditUnavailable."""
    from bot.wiring.databases import open_audit_log

    log = await open_audit_log(settings(home))
    try:
        yield log
    finally:
        await log.close()


async def looked(
    log: TransparencyLog,
    what: str,
    about: str | None = None,
    *,
    found: int | None = None,
    chosen: Filter | None = None,
) -> None:
    """Record that somebody looked, before anything is shown. Raises AuditUnavailable."""
    from audit.events import access, operating_system_user

    given = chosen.as_json() if chosen else None
    await log.append(access(by=operating_system_user(), what=what, record=about, found=found, wanted=given))


@audit.command("list")
@filtered(event="question")
def list_(
    chosen: Filter,
    everything: Annotated[bool, typer.Option("--all", help="Show every kind of event, not only questions.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Show at most this many records.")] = 50,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Records, newest first."""

    async def work() -> int:
        asked_for = replace(chosen, event=None) if everything else chosen
        async with open_log(home) as log:
            found = await log.find(asked_for, limit=limit)
            await looked(log, "list", found=len(found.records), chosen=asked_for)
        if json:
            out([as_json(record) for record in found.records])
        for record in () if json else found.records:
            asked = str(record.fields.get("question", record.fields.get("what", "")))[:80]
            say(f"{record.id}  {record.time:%Y-%m-%d %H:%M:%S}  {record.event}/{record.outcome}  {asked}")
        if found.next is not None and not json:
            say(f"… more: raise --limit, or narrow the filter (the log holds {found.next + 1} older records at most).")
        return DONE if found.records else NO

    run(work())


def as_json(record: AuditRecord) -> dict[str, object]:
    """A record for scripts."""
    return {
        "id": record.id,
        "event": record.event,
        "time": record.time.isoformat(),
        "outcome": record.outcome,
        "refers_to": record.refers_to,
        "fields": dict(record.fields),
        "erased": list(record.erased),
    }


@audit.command()
def show(record_id: RecordArgument, json: JsonOption = False, home: HomeOption = None) -> None:
    """One record with everything that refers to it."""

    async def work() -> int:
        async with open_log(home) as log:
            record = await log.get(record_id)
            if record is None:
                note(f"footnote: there is no record {record_id}. `footnote audit list` shows the newest.")
                return NO
            referring = await log.referring(record_id)
            receipt = await log.receipt(record_id)
            await looked(log, "show", record_id)
        position = {"index": receipt.index, "leaf_hash": receipt.leaf_hash} if receipt else {}
        if json:
            out({**as_json(record), **position, "referring": [as_json(r) for r in referring]})
            return DONE
        say(f"{record.event}/{record.outcome}  {record.time.isoformat()}  {position}")
        for name, value in record.fields.items():
            say_field(name, value)
        for name in record.erased:
            say(f"{name}: (erased)")
        for other in referring:
            say(f"<- {other.event}/{other.outcome} {other.id} {other.time.isoformat()}")
        return DONE

    run(work())


@audit.command()
def verify(
    export: Annotated[
        Path | None, typer.Argument(help="An export of any format, or a certificate; without it, the log itself.")
    ] = None,
    since: Annotated[
        Path | None, typer.Option(help="An earlier checkpoint: prove that nothing it covers changed.")
    ] = None,
    key: Annotated[list[str] | None, typer.Option(help="A public key you trust (from elsewhere).")] = None,
    index: Annotated[bool, typer.Option("--index", help="Also check the search index against the log.")] = False,
    record: Annotated[
        bool, typer.Option(help="Note in the log that it was verified, if nothing was found and it can be written.")
    ] = True,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Prove that no record was changed, removed or added behind the log's back."""

    async def work() -> int:
        import asyncio

        from audit.verify_export import verify_export
        from audit.verify_home import verify_home
        from bot.wiring.databases import audit_home

        old = await asyncio.to_thread(since.read_text, "utf-8") if since else None
        with progress("verify", quiet=json) as step:
            if export is not None:
                report = await asyncio.to_thread(
                    lambda: verify_export(export, keys=key or (), since=old, progress=step)
                )
            else:
                place = audit_home(settings(home))
                earlier = [old] if old else []
                report = await verify_home(place, keys=key or (), since=earlier, index=index, progress=step)
        if export is None and report.ok and record:
            await _note_verified(home)
        if json:
            out(report.as_json())
            return DONE if report.ok else NO
        for finding in report.findings:
            say(f"NO  {finding.record or 'the log'}: {finding.what}")
        if report.ok:
            say(f"ok  {report.records} records stand under the checkpoint of {report.origin}, size {report.size}")
            say(f"    root {report.root}, key {report.key}")
        return DONE if report.ok else NO

    run(work())


async def _note_verified(home: Path | None) -> None:
    """Somebody read the whole log: that is recorded. Verifying needs no right to write, so without it, it is said."""
    try:
        async with open_log(home) as log:
            await looked(log, "verify")
    except AuditError as error:
        note(f"footnote: this verification is not recorded in the log: {error}")


@audit.command()
def checkpoint(home: HomeOption = None) -> None:
    """Print the signed checkpoint: keep it elsewhere, and hand it to `verify --since`."""

    async def work() -> int:
        from audit.publish import alarm, compare_checkpoints

        async with open_log(home) as log:
            await looked(log, "checkpoint")  # first, so that what is printed covers it
            folder = settings(home).checkpoint_folder
            if folder is not None:
                compared = await compare_checkpoints(log, folder)
                if compared.wrong:
                    raise await alarm(log, folder, compared)
            say_lines((await log.checkpoint()).rstrip("\n"))
        return DONE

    run(work())


@audit.command("export")
@filtered()
def export_(
    target: Annotated[Path, typer.Argument(help="Where to write: a file; a folder for parquet and bundle.")],
    chosen: Filter,
    format_: Annotated[str, typer.Option("--format", help="jsonl, csv, parquet, ocsf or bundle.")] = "jsonl",
    resume: Annotated[bool, typer.Option("--resume", help="Continue an export that was interrupted.")] = False,
    mark: Annotated[
        bool, typer.Option("--bom", help="CSV with a byte order mark, so that spreadsheets show every letter.")
    ] = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Hand records out, with the proofs that anyone can check."""

    async def work() -> int:
        from audit.events import operating_system_user
        from audit.export import ExportFormat, export

        try:
            kind = ExportFormat(format_)
        except ValueError:
            note(f"footnote: there is no format {format_!r}. Choose one of: {', '.join(ExportFormat)}.")
            return USAGE
        async with open_log(home) as log:
            with progress("export", quiet=json) as step:
                done = await export(
                    log,
                    target,
                    format=kind,
                    by=operating_system_user(),
                    wanted=chosen,
                    resume=resume,
                    mark=mark,
                    progress=step,
                )
        files = [str(f) for f in done.files]
        if json:
            out({"files": files, "records": done.records, "log_size": done.size, "record": done.record})
        else:
            what = "answers" if kind in (ExportFormat.CSV, ExportFormat.PARQUET) else "records"
            say(f"Exported {done.records} {what} to {', '.join(files)}")
        return DONE

    run(work())
