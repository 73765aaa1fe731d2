"""sync, sources, inspect, index: documents and how they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import (
    DONE,
    DOWN,
    NO,
    USAGE,
    DocumentArgument,
    HomeOption,
    JsonOption,
    following,
    note,
    out,
    run,
    say,
    say_field,
    settings,
)

if TYPE_CHECKING:
    from bot.wiring.app import App
    from connectors.ports import Source
    from connectors.report import SyncReport
    from retrieval.types import ParsedDocument, Section

_WHY = {
    "held": "too many documents vanished at once; if that is right: footnote sync --confirm-deletes",
    "pending": "seen at the source, and not read yet: the next sync reads it",
}
_BY_SOURCE = "the source itself, or it is not in the settings"

sources = typer.Typer(help="Where documents come from.", no_args_is_help=True)
index = typer.Typer(help="The search index.", no_args_is_help=True)


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    cli.command()(sync)
    cli.command()(inspect)
    cli.add_typer(sources, name="sources")
    cli.add_typer(index, name="index")


def sync(
    source: Annotated[
        str | None, typer.Argument(help="A source's name, or a folder; without it, all known sources.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--source", help="A source's name; may be given several times.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep running, and sync again whenever something changes.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what would change, and change nothing.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Read every document anew.")] = False,
    confirm_deletes: Annotated[
        bool, typer.Option(help="Delete whatever is gone from the source, however many documents that is.")
    ] = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Make documents searchable, and keep up with their changes."""

    async def work() -> int:
        from bot.wiring.app import open_app
        from bot.wiring.sources import find
        from bot.wiring.syncing import close

        names: list[str | None] = [*(only or []), *([source] if source else [])]
        async with open_app(settings(home)) as app:
            found: dict[str, Source] = {}
            for name in names or [None]:
                named = find(app.settings, app.state, name)
                if not named:
                    what = f"there is no folder or source {name or ''!r}"
                    note(f"footnote: {what}. Name a folder: footnote sync DIRECTORY")
                    return USAGE
                found |= {one.name: one for one in named}
            try:
                options = SyncOptions(full, dry_run, confirm_deletes)
                return await _sync(app, list(found.values()), options, watch=watch, json=json)
            finally:
                await close(list(found.values()))

    run(work())


@dataclass(frozen=True, slots=True)
class SyncOptions:
    full: bool
    dry_run: bool
    confirm_deletes: bool


async def _sync(app: App, sources: list[Source], options: SyncOptions, *, watch: bool, json: bool) -> int:
    """All of these side by side, so that a slow one holds up no other; their reports in the order they end."""
    from connectors.errors import ConnectorError
    from connectors.following import side_by_side
    from connectors.report import SyncReport

    total = SyncReport()
    errors = await _print_groups(app)
    down: list[str] = []
    with following(sum(app.state.count(one.name) for one in sources), quiet=json) as progress:

        async def follow(one: Source) -> None:
            nonlocal total
            try:
                report = await app.syncing.sync(
                    one,
                    full=options.full,
                    dry_run=options.dry_run,
                    confirm_deletes=options.confirm_deletes,
                    progress=progress,
                )
            except ConnectorError as error:
                down.append(one.name)
                note(f"footnote: {one.name}: {error}")
                return
            total = total + report
            if not json:
                _print_report(one.name, report, options.dry_run)
                _print_access(report)

        await side_by_side(follow(one) for one in sources)
    if json:
        out(asdict(total))
    if watch and not options.dry_run:
        say("Watching for changes; Ctrl-C ends it.")
        await app.syncing.watch(
            sources, _print_change, lambda name, error: note(f"footnote: {name}: {error}"), first=False
        )
    if down:
        return DOWN
    return NO if total.held or total.mistakes or errors else DONE


async def _print_groups(app: App) -> bool:
    """Say which groups in access lists no directory knows; returns whether one of them is denied."""
    from bot.errors import DirectoryUnavailable
    from bot.wiring.access import unknown_groups

    try:
        errors, warnings = await unknown_groups(app.settings, app.directory)
    except DirectoryUnavailable as error:  # the documents can be read without it
        errors, warnings = [], [f"whether the groups in access lists exist could not be checked: {error}"]
    for text in errors:
        note(f"ERROR: {text}.")
    for text in warnings:
        note(f"Warning: {text.rstrip('.')}.")
    return bool(errors)


def _print_report(name: str, report: SyncReport, dry_run: bool) -> None:
    head = "Would change" if dry_run else "Synced"
    say(
        f"{head} {name}: {report.added} added, {report.changed} changed, {report.unchanged} unchanged, "
        f"{report.deleted} deleted, {len(report.failed)} not searchable ({report.took_ms / 1000:.1f} s)"
    )
    for why in report.anew:
        say(f"  listed anew from the beginning: {why}")
    for failed in report.failed:
        say(f"  not searchable: {failed.document}: {failed.reason}")
    if report.held:
        say(
            f"  {report.held} documents vanished at once. They are kept but no longer cited. "
            "If that is right: footnote sync --confirm-deletes"
        )


def _print_change(name: str, report: SyncReport) -> None:
    _print_report(name, report, False)
    if report.readers_changed or report.mistakes:
        _print_access(report)


def _print_access(report: SyncReport) -> None:
    """What the access rules came to."""
    for rule in report.rules:
        named = "no rule" if rule.path is None else f'rule "{rule.path}"'
        documents = "1 document" if rule.decided == 1 else f"{rule.decided} documents"
        say(f"  {named}: {documents}, readable by {rule.readers}")
    if report.readers_changed:
        say(f"  {report.readers_changed} of them have other readers than before")
    for mistake in report.mistakes:
        say(f"  ERROR: {mistake}.")


@sources.command("list")
def sources_list(json: JsonOption = False, home: HomeOption = None) -> None:
    """What each source can tell, and all documents with their state and version."""

    async def work() -> int:
        from bot.wiring.app import open_state
        from bot.wiring.sources import abilities, find

        known = settings(home)
        with open_state(known) as state:
            entries = state.entries()
            told = [(one.name, abilities(one)) for one in find(known, state, None)]
        if json:
            out(
                [
                    {"document": e.document.id, "title": e.document.title, "status": e.status, "reason": e.reason,
                     "version": e.document.version, "source": e.document.source}
                    for e in entries
                ]
            )  # fmt: skip
            return DONE if entries else NO
        for name, able in told:
            say(f"{name}: {able.described}")
        for e in entries:
            tail = f"not searchable: {e.reason}" if e.status == "unreadable" else e.status
            say(f"{e.document.id}  {e.document.version}  {tail}")
        if not entries:
            say("No documents yet. Begin with: footnote sync DIRECTORY")
        return DONE if entries else NO

    run(work())


@sources.command("status")
def sources_status(json: JsonOption = False, home: HomeOption = None) -> None:
    """How fresh each source is, what of it is held or not searchable, and what it can tell."""

    async def work() -> int:
        from collections import Counter

        from bot.wiring.app import open_state
        from bot.wiring.sources import abilities, find
        from bot.wiring.syncing import lag_of

        known = settings(home)
        with open_state(known) as state:
            able = {one.name: abilities(one) for one in find(known, state, None)}
            rows = []
            for s in state.sources():
                lag = lag_of(known, state, s.name)
                by_status = Counter(e.status for e in state.entries(s.name))
                rows.append(
                    {
                        "source": s.name,
                        "documents": by_status.total(),
                        "lag_s": lag.seconds,
                        "error": s.error,
                        "freshness": lag.freshness.value,
                        "held": by_status["held"],
                        "not_searchable": by_status["unreadable"] + by_status["pending"],
                        "retry_at": s.retry_at,
                        "readers_at": s.readers_at,
                        "groups_at": s.groups_at,
                        "tells": asdict(able[s.name]) if s.name in able else None,
                    }
                )
        if json:
            out(rows)
        for row in [] if json else rows:
            say(_status_line(row))
        return DONE if rows else NO

    run(work())


def _status_line(row: Mapping[str, object]) -> str:
    lag = "never completed" if row["lag_s"] is None else f"last complete {row['lag_s']} s ago ({row['freshness']})"
    parts = [f"{row['documents']} documents", lag]
    parts += [f"{row['held']} held"] if row["held"] else []
    parts += [f"{row['not_searchable']} not searchable"] if row["not_searchable"] else []
    parts += [f"to be left alone until {row['retry_at']}"] if row["retry_at"] else []
    parts += [str(row["error"])] if row["error"] else []
    return f"{row['source']}: {', '.join(parts)}"


@sources.command("explain")
def sources_explain(document: DocumentArgument, json: JsonOption = False, home: HomeOption = None) -> None:
    """Why a document is or is not searchable, and who may read it."""

    async def work() -> int:
        from bot.wiring import access as rules
        from bot.wiring.app import open_state
        from connectors.state import access_id

        known = settings(home)
        with open_state(known) as state:
            entry = rules.document(state, document)
            if entry is None:
                note(f"footnote: no document {document!r} is known. `footnote sources list` shows all.")
                return NO
            access = (await state.access_lists())[entry.document.acl_id]
            parsed = state.parsed(entry.document.id)
            deciding = rules.deciding(known, state, entry)
            earlier = state.versions(entry.document.id)
        stale = deciding is not None and access_id(deciding.decision.access) != entry.document.acl_id
        facts = {
            "document": entry.document.id,
            "title": entry.document.title,
            "status": entry.status,
            "reason": entry.reason or _WHY.get(entry.status, ""),
            "version": entry.document.version,
            "in_force_since": entry.since.isoformat(timespec="seconds"),
            "earlier": [f"{e.version}, {e.since:%Y-%m-%d %H:%M} to {e.until:%Y-%m-%d %H:%M}" for e in earlier],
            "source": entry.document.source,
            "uri": entry.document.uri,
            "synced_at": entry.synced_at.isoformat(),
            "allow": sorted(access.allow),
            "deny": sorted(access.deny),
            "decided_by": deciding.described if deciding else entry.origin.because or _BY_SOURCE,
            "rules": deciding.matching if deciding else [],
            "after_next_sync": deciding.decision.access.described if deciding and stale else None,
            "sections": len(parsed.sections) if parsed else 0,
            "left_out": [asdict(item) for item in parsed.left_out] if parsed else [],
        }
        if json:
            out(facts)
        else:
            for name, value in facts.items():
                if value is not None:
                    say_field(name, value)
        return DONE

    run(work())


def inspect(
    file: Annotated[Path, typer.Argument(help="The file to read; it need not belong to a source.")],
    json: JsonOption = False,
) -> None:
    """The section tree of one document, with pages, labels and what was left out."""
    try:
        content = file.read_bytes()
    except OSError as error:
        note(f"footnote: {file} cannot be read: {error.strerror}")
        raise typer.Exit(USAGE) from error

    async def work() -> int:
        from bot.wiring.app import parser

        async with parser(settings(None)) as reader:
            parsed = await reader.parse(file.name, content)
        if json:
            out(_tree(parsed))
            return DONE
        say(parsed.title)
        for section in parsed.sections:
            say(_section_line(section))
        for item in parsed.left_out:
            say(f"left out: {item.what} ({item.where})")
        return DONE

    run(work())


def _section_line(section: Section) -> str:
    indent = "  " * len(section.path)
    pages = "" if section.page_start is None else f"  p. {section.page_start}"
    if section.page_end not in (None, section.page_start):
        pages += f"-{section.page_end}"
    place = pages or (f"  {section.locator}" if section.locator else "")
    return f"{indent}{section.path[-1] if section.path else '(text before the first heading)'}{place}"


def _tree(parsed: ParsedDocument) -> dict[str, object]:
    fields = ("label", "heading", "path", "start", "end", "page_start", "page_end", "anchor", "locator", "id")
    return {
        "title": parsed.title,
        "text": parsed.text,
        "sections": [{name: getattr(s, name) for name in fields} for s in parsed.sections],
        "left_out": [asdict(item) for item in parsed.left_out],
        "attachments": [a.name for a in parsed.attachments],
    }


@index.command("status")
def index_status(json: JsonOption = False, home: HomeOption = None) -> None:
    """How many documents and chunks are indexed, and whether they are the versions in force."""

    async def work() -> int:
        from bot.wiring.app import open_app

        async with open_app(settings(home)) as app:
            facts = await _index_facts(app)
        if json:
            out(facts)
        else:
            for name, value in facts.items():
                say_field(name, value)
        return DONE if not facts["missing"] else NO

    run(work())


async def _index_facts(app: App) -> dict[str, object]:
    from bot.wiring.indexes import engine

    held = await app.index.versions()
    documents = await app.state.documents()
    missing = sorted(i for i, d in documents.items() if d.version not in held.get(i, {}))
    return {
        "index": engine(app.settings).name,
        "embedder": app.embedder.fingerprint,
        "documents": len(documents),
        "chunks": sum(count for versions in held.values() for count in versions.values()),
        "missing": missing,
    }


@index.command("rebuild")
def index_rebuild(home: HomeOption = None) -> None:
    """Make the index again from the stored documents, without their sources."""

    async def work() -> int:
        from bot.wiring.app import open_app

        async with open_app(settings(home)) as app:
            await app.index.clear()
            say(f"Indexed {await app.engine.mend()} documents anew.")
        return DONE

    run(work())
