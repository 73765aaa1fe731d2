"""ask and chat: questions from the terminal, through the same use case as Slack and Teams."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import DONE, DOWN, NO, USAGE, HomeOption, JsonOption, note, out, run, say, say_lines, settings

if TYPE_CHECKING:
    from bot.answering.ask import Replied
    from retrieval.types import Turn

AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", help="E-mail of the person who asks; without it, somebody who may read only what everyone may."
    ),
]
_CODES = {"answered": DONE, "abstained": NO, "refused": NO, "failed": DOWN}


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    # A question may begin with a dash: what is no option of the command belongs to it.
    cli.command(context_settings={"ignore_unknown_options": True})(ask)
    cli.command()(chat)


def ask(
    question: Annotated[str, typer.Argument(help="The question, in your own words; - reads it from standard input.")],
    as_user: AsOption = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="Answer from the versions in force on that day (UTC)."),
    ] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Answer one question with verified quotes, and record it."""

    async def work() -> int:
        import sys
        import time

        from bot.answering.render import reply_json
        from bot.wiring.app import open_app
        from bot.wiring.as_of import as_of as on_day

        text = sys.stdin.read() if question == "-" else question
        if not text.strip():
            note('footnote: the question is empty. Ask one, for example: footnote ask "How many days of leave?"')
            return USAGE
        async with open_app(settings(home)) as app:
            began = time.monotonic()
            if as_of is None:
                asked = await app.ask_as(text, as_user)
            else:
                async with on_day(app, as_of.date()) as ask_then:
                    asked = await app.ask_as(text, as_user, ask=ask_then)
            took_ms = round((time.monotonic() - began) * 1000)
        if json:
            out({**reply_json(asked.outcome), "took_ms": took_ms})
        else:
            _print(asked)
        return _CODES[asked.outcome.kind.value]

    run(work())


def chat(as_user: AsOption = None, home: HomeOption = None) -> None:
    """Ask question after question in one thread; an empty line ends it."""

    async def work() -> int:
        import asyncio

        from bot.wiring.app import open_app

        memory: tuple[Turn, ...] = ()
        async with open_app(settings(home)) as app:
            say("Ask about your documents. `help` says how; an empty line ends it.")
            while text := (await asyncio.to_thread(_read_line)).strip():
                asked = await app.ask_as(text, as_user, memory)
                _print(asked)
                memory = (*memory, *([asked.turn] if asked.turn is not None else []))[-6:]
        return DONE

    run(work())


def _read_line() -> str:
    try:
        return input("> ")
    except EOFError:
        return ""


def _print(asked: Replied) -> None:
    from bot.answering.render import plain

    say_lines(plain(asked.outcome))
