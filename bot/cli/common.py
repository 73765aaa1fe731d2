"""What all commands share: the home, exit codes, and how errors are told."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from audit.errors import AuditError, AuditUnavailable
from bot.errors import BotError, SettingsError
from connectors.errors import ConnectorError
from retrieval.errors import DocumentUnreadable, RetrievalError
from retrieval.text.shown import hidden, shown, shown_line

if TYPE_CHECKING:
    from bot.settings.values import Settings

DONE, NO, USAGE, DOWN = 0, 1, 2, 3
LINE_EVERY_S = 10.0

HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder of all state.")]
RecordArgument = Annotated[str, typer.Argument(help="The record's id, as under each answer and in `audit list`.")]
DocumentArgument = Annotated[str, typer.Argument(help="The document's id, as `sources list` prints it.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]

_home: list[Path | None] = [None]


def set_home(home: Path | None) -> None:
    """Remember the home given before the command's name."""
    _home[0] = home


def settings(home: Path | None) -> Settings:
    """The settings, with the home of the command line. Raises SettingsError."""
    from bot.settings.home import close_home
    from bot.settings.values import load

    known = load(home or _home[0])
    for told in close_home(known.home):
        note(f"footnote: {told}")
    return known


def out(value: object) -> None:
    """Print one JSON document."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    if hidden(text):  # JSON's own escapes say the same, and no terminal acts on them
        text = json.dumps(value, indent=2, default=str)
    sys.stdout.write(text + "\n")


def say(text: str) -> None:
    """Print one line for people. What cannot be seen, also in file names and questions, is written out."""
    _write(sys.stdout, shown_line(text))


def say_lines(text: str) -> None:
    """Print a text of several lines, likewise."""
    _write(sys.stdout, shown(text))


def say_field(name: str, value: object) -> None:
    """Print "name: value"; further lines of the value are indented, so that none passes for a field."""
    first, *more = str(value).splitlines() or [""]
    say(f"{name}: {first}")
    for line in more:
        say(f"    {line}")


def note(text: str) -> None:
    """Print beside the result, on standard error, likewise."""
    _write(sys.stderr, shown(text))


def _write(stream: TextIO, text: str) -> None:
    """A terminal that cannot show a letter gets a stand-in, not an error."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def run(work: Coroutine[Any, Any, int]) -> None:
    """Run a command to its exit code; our errors become one line and the right code."""
    import asyncio  # a third of what `--help` would import

    try:
        code = asyncio.run(work)
    except SettingsError as error:
        note(f"footnote: {error}")
        code = USAGE
    except DocumentUnreadable as error:
        note(f"footnote: not searchable: {error}")
        code = NO
    except (AuditUnavailable, BotError, ConnectorError, RetrievalError) as error:
        note(f"footnote: {error}")
        code = DOWN
    except AuditError as error:
        note(f"footnote: {error}")
        code = NO
    except KeyboardInterrupt:
        code = 130
    raise typer.Exit(code)


@contextmanager
def progress(name: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, where that is a terminal; yields what to call with (done, total)."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def following(total: int, *, quiet: bool) -> Iterator[Callable[[str, int], None]]:
    """How a sync comes on, on standard error: a bar on a terminal, else a line now and then.

    Yields what to call with each document that is done and how many pages were read; about `total` documents are
    expected (0: not known).
    """
    began = time.monotonic()
    done = pages = 0
    if quiet:
        yield lambda _document, _pages: None
        return
    if not sys.stderr.isatty():
        told = began

        def line(_document: str, read: int) -> None:
            nonlocal done, pages, told
            done, pages, now = done + 1, pages + read, time.monotonic()
            if now - told >= LINE_EVERY_S:
                told = now
                note(f"{done} documents, {pages} pages, {done / (now - began):.1f} documents/s")

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.completed:.0f} documents, {task.fields[pages]} pages, {task.fields[rate]:.1f}/s"),
        BarColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("sync", total=total or None, pages=0, rate=0.0)

        def step(_document: str, read: int) -> None:
            nonlocal done, pages
            done, pages = done + 1, pages + read
            rate = done / max(time.monotonic() - began, 0.001)
            bar.update(task, completed=done, total=max(total, done) if total else None, pages=pages, rate=rate)

        yield step
