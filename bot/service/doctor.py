"""`footnote doctor`: what works, what does not, and what to do next."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import apsw

from audit.errors import AuditError
from audit.publish import compare_checkpoints
from bot.answering.memory import ThreadMemory
from bot.errors import BotError, DirectoryUnavailable, SettingsError
from bot.platform import CheckResult
from bot.queue.inbox import Inbox
from bot.settings.home import open_to_others
from bot.settings.values import Settings
from bot.types import Incoming
from bot.wiring.access import problems as access_problems
from bot.wiring.access import unknown_groups
from bot.wiring.app import App, open_app, parser
from bot.wiring.databases import inbox_store
from bot.wiring.platforms import build, none_set_up, platforms
from bot.wiring.sources import find
from bot.wiring.syncing import lag_of
from connectors.errors import ConnectorError
from connectors.freshness import Freshness
from retrieval.errors import DocumentUnreadable, GeneratorUnavailable, RetrievalError
from retrieval.parse.confine import LAYERS
from retrieval.parse.sandbox import Confinement
from retrieval.types import Document, Passage, Question, Section, Unit, UnitKind

KNOWN = "How much may a hotel room cost for a night?"
SENTENCES = (
    "Train journeys are booked in second class.",
    "A hotel room may cost at most 180 EUR for a night.",
    "Receipts are handed in within 30 days.",
)
SQLITE_FIXED = (3, 51, 3)  # before it, two connections could damage a write-ahead log


async def examine(settings: Settings) -> list[CheckResult]:
    """Run every check; none of them changes anything, but a missing audit log or inbox is made."""
    findings = [_sqlite()]
    try:
        async with open_app(settings) as app:
            findings += [finding async for finding in _parts(app)]
            findings += [finding async for finding in _platforms(app)]
    except (AuditError, BotError, ConnectorError, RetrievalError) as error:
        findings.append(CheckResult("start", False, str(error)))
    return findings


def _sqlite() -> CheckResult:
    version = apsw.sqlite_lib_version()
    fine = tuple(int(part) for part in version.split(".")) >= SQLITE_FIXED
    return CheckResult(
        "sqlite", fine, version if fine else f"{version} may damage its log; install apsw 3.51.3 or later"
    )


async def _tried(check: str, work: Callable[[], Awaitable[str]]) -> CheckResult:
    try:
        return CheckResult(check, True, await work())
    except (AuditError, BotError, ConnectorError, RetrievalError) as error:
        return CheckResult(check, False, str(error))


async def _parts(app: App) -> AsyncIterator[CheckResult]:
    for check, work in _checks(app).items():
        yield await _tried(check, work)
    yield await _outside(app)
    problems = await app.directory.check()
    kinds = dict.fromkeys(["file", *(table.kind for table in app.settings.directories)])
    yield CheckResult("groups", not problems, "; ".join(problems) or f"from {', '.join(kinds)}")
    yield await _named_groups(app)
    for name, wrong in access_problems(app.settings, app.state).items():
        yield CheckResult(f"access rules of {name}", not wrong, "; ".join(wrong) or "each rule decides about documents")
    for finding in _sources(app):
        yield finding


def _checks(app: App) -> dict[str, Callable[[], Awaitable[str]]]:
    """What each part of our own says when it works; it raises when it does not."""

    async def home() -> str:
        others = open_to_others(app.settings.home)
        if others:
            raise SettingsError(f"others may look into {others[0]}; run: chmod -R go= {app.settings.home}")
        return f"{app.settings.home.resolve()}, for its owner alone"

    async def embedder() -> str:
        await app.embedder.embed(["Does the embedder work?"])
        return app.embedder.fingerprint

    async def index() -> str:
        what = await app.index.check()
        held = await app.index.versions()
        missing = [i for i, d in (await app.state.documents()).items() if d.version not in held.get(i, {})]
        if missing:
            raise ConnectorError(f"{len(missing)} documents are not indexed; run `footnote index rebuild`")
        return f"{what}, {len(held)} documents"

    async def parsers() -> str:
        async with parser(app.settings) as reader:
            return _confined(await reader.confinement())

    async def model() -> str:
        if app.model is None:
            return "none; the built-in selector chooses what answers"
        passage = _passage()
        selection = await app.model.select(Question(KNOWN, datetime.now(UTC)), [passage])
        named = {unit.id: unit.text for unit in passage.units}
        got = " and ".join(repr(named[c.unit]) for c in selection.chosen if c.unit in named) or "nothing"
        told = f"{selection.use.model}, asked {KNOWN!r}, chose {got}"
        if [c.unit for c in selection.chosen] != [passage.units[1].id]:
            raise GeneratorUnavailable(f"{told}, not {SENTENCES[1]!r} alone; choose a stronger model")
        return f"{told} ({selection.use.tokens_in} tokens in)"

    async def inbox() -> str:
        inbox = Inbox(inbox_store(app.settings))
        try:
            waiting = len(await inbox.pending())
        finally:
            await inbox.close()
        return f"{'PostgreSQL' if inbox.shared else 'SQLite'}, {waiting} events to finish"

    async def audit() -> str:
        return f"{app.audit.database.where}: {await app.audit.size()} records; `footnote audit verify` proves them"

    return {
        "home": home,
        "embedder": embedder,
        "index": index,
        "parsers": parsers,
        "model": model,
        "audit": audit,
        "inbox": inbox,
    }


def _sources(app: App) -> Iterator[CheckResult]:
    """How long ago each source was read to its end."""
    for source in app.state.sources():
        lag = lag_of(app.settings, app.state, source.name)
        fine = lag.freshness in (Freshness.FRESH, Freshness.LATE) and source.error is None
        detail = "never completed" if lag.seconds is None else f"last complete {lag.seconds} s ago"
        detail = f"{detail}; {source.error}" if source.error else detail
        yield CheckResult(f"source {source.name}", fine, f"{detail}; run `footnote sync`" if not fine else detail)
    for named in find(app.settings, app.state, None):
        if named.tells.cannot:
            yield CheckResult(f"source {named.name}", True, f"it cannot tell {'; nor '.join(named.tells.cannot)}")


async def _named_groups(app: App) -> CheckResult:
    """Whether access lists name groups that there are: an error where one is denied, a warning where one is allowed."""
    check = "groups in access lists"
    try:
        errors, warnings = await unknown_groups(app.settings, app.directory)
    except DirectoryUnavailable as error:
        return CheckResult(check, False, str(error))
    told = "; ".join(errors + warnings)
    return CheckResult(check, not errors, told or "known to a directory", warning=not errors and bool(warnings))


def _confined(held: Confinement) -> str:
    """Raises DocumentUnreadable where what would read documents is not kept from the rest of the machine."""
    said = f"run as user id {held.user}, kept apart by {', '.join(held.layers) or 'limits alone'}"
    missing = [layer for layer in LAYERS if layer not in held.layers and (layer != "user" or held.user == 0)]
    if missing:
        said += f" (not in force here: {', '.join(missing)})"
    if "seccomp" not in held.layers:
        raise DocumentUnreadable(f"{said}; install libseccomp, on Debian: apt install libseccomp2")
    return said


UNPROTECTED = (
    "none are kept: whoever can write to this home and its database could take the newest records away, or put another"
    " log in its place, and `footnote audit verify` would still say ok. Set checkpoint_folder to a place that this"
    " machine can add to and not change, such as a bucket with object lock or another team's share"
)


async def _outside(app: App) -> CheckResult:
    """What is not protected where no checkpoint is kept outside. Not an error: it is the operator's choice."""
    check, folder = "checkpoints outside", app.settings.checkpoint_folder
    if folder is None:
        return CheckResult(check, True, UNPROTECTED, warning=True)
    if not folder.is_dir():
        return CheckResult(check, False, f"{folder} is no folder; make or mount it")
    if folder.resolve().is_relative_to(app.settings.home.resolve()):
        return CheckResult(check, False, f"{folder} lies in the home, and would go with it; name a place outside")
    try:
        compared = await compare_checkpoints(app.audit, folder)
    except AuditError as error:
        return CheckResult(check, False, str(error))
    if compared.wrong:
        told = "; ".join(compared.wrong[:3])
        return CheckResult(check, False, f"ALARM: {told}; change nothing, and run `footnote audit verify`")
    return CheckResult(check, True, f"{compared.kept} in {folder}; the log extends each of them")


def _passage() -> Passage:
    """Something to ask a model about, of no document of anybody's: the second sentence answers KNOWN."""
    text = " ".join(SENTENCES)
    document = Document("check", "check", "Check", "check:", "", "", "check", "text/plain", datetime.now(UTC))
    section = Section("check", None, "Check", ("Check",), 0, len(text))
    starts = [text.index(said) for said in SENTENCES]
    units = [
        Unit(f"check.{n}", UnitKind.SENTENCE, at, at + len(said), said)
        for n, (at, said) in enumerate(zip(starts, SENTENCES, strict=True))
    ]
    return Passage("p1", document, section, "check", 0, len(text), text, (), 0, units=tuple(units))


class _Nobody:
    """Takes in nothing: a check receives no events."""

    async def accept(self, incoming: Incoming) -> bool:
        return False


async def _platforms(app: App) -> AsyncIterator[CheckResult]:
    memory = ThreadMemory(app.settings.home / "memory.db", timedelta(hours=app.settings.memory_hours))
    adapters = build(app.settings, _Nobody(), app.viewer(), memory)
    if not adapters:
        yield CheckResult("chat", True, f"{none_set_up()} (the README shows how)")
    for adapter in adapters:
        try:
            problems = await adapter.check()
        except BotError as error:
            problems = [str(error)]
        yield CheckResult(adapter.name, not problems, "; ".join(problems) or "reachable, all scopes granted")
    memory.close()
    for kind in platforms():
        for finding in await kind.checks(app.settings, app.audit):
            yield finding
