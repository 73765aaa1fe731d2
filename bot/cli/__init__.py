"""The `footnote` command. Heavy parts are imported by the commands that use them, so that help is quick."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from bot.cli import ask, audit, audit_governance, documents, evaluate, service, training
from bot.cli.common import set_home
from bot.settings.home import umask
from retrieval.parse.confine import shield
from retrieval.text.shown import shown_line


@contextmanager
def _written_out() -> Iterator[None]:
    """What an error repeats of the command line may be names of files, after `*`: shown like all that is printed."""
    try:
        yield
    except TyperException as error:
        error.message = shown_line(error.message)
        raise


class _Commands(TyperGroup):
    def make_context(self, *given: Any, **more: Any) -> Any:
        with _written_out():
            return super().make_context(*given, **more)

    def invoke(self, ctx: Any) -> Any:
        with _written_out():
            return super().invoke(ctx)


cli = typer.Typer(
    name="footnote",
    cls=_Commands,
    help="Answers from your own documents, every statement with a verified quote, every answer in the audit log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"footnote {version('footnote')}")
        raise typer.Exit()


@cli.callback()
def _options(
    home: Annotated[Path | None, typer.Option(help="Folder of all state; else FOOTNOTE_HOME, else .footnote/")] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    set_home(home)


documents.register(cli)
ask.register(cli)
audit.register(cli)
audit_governance.register(audit.audit)
evaluate.register(cli)
training.register(cli, audit.audit)
service.register(cli)


def one_thread_for_arrays() -> None:
    """Before numpy is imported: its BLAS would start a thread a core for each search of a few milliseconds.

    They wait for each other longer than they compute. Whoever set the number of threads keeps it.
    """
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.setdefault(name, "1")


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 the answer is no, 2 usage or settings, 3 a part is down."""
    shield()
    umask()
    one_thread_for_arrays()
    cli()
