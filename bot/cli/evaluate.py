"""eval run, eval compare: how well questions are answered, measured through the product's own path."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import DONE, USAGE, HomeOption, JsonOption, note, out, progress, run, say, settings

evaluate = typer.Typer(help="Measure answers on sets of questions.", no_args_is_help=True)


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    cli.add_typer(evaluate, name="eval")


@evaluate.command("run")
def run_(
    folder: Annotated[Path, typer.Argument(help="A folder with set.jsonl (or a published set) and documents.")],
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask at most this many questions, spread over the set.")
    ] = None,
    leave_one_out: Annotated[
        bool,
        typer.Option(
            "--leave-one-out", help="Hide the documents that hold the answers: every question should then be declined."
        ),
    ] = False,
    off_topic: Annotated[
        bool, typer.Option("--off-topic", help="Add questions that these documents do not answer.")
    ] = False,
    mistyped: Annotated[
        bool, typer.Option("--mistyped", help="Ask with slips in one or two words, and without apostrophes.")
    ] = False,
    part: Annotated[str | None, typer.Option(help="tune or report: one half, by a hash of the document.")] = None,
    file: Annotated[Path | None, typer.Option("--run", help="Write one JSON line per question to this file.")] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Sync a set's documents and ask its questions; on Weaviate when FOOTNOTE_WEAVIATE_URL is set."""

    async def work() -> int:
        from bot.evaluation import claims, conversations
        from bot.evaluation.metrics import figures
        from bot.evaluation.run import Options, run_conversations, run_set, store, write
        from bot.evaluation.sets import load
        from bot.wiring.indexes import engine

        if part not in (None, "tune", "report"):
            note(f"footnote: --part is tune or report, not {part!r}.")
            return USAGE
        chosen, options = settings(home), Options(limit, leave_one_out, off_topic, part, mistyped)
        threads = conversations.load(folder) if (folder / conversations.FILE).is_file() else []
        if threads and (limit is not None or leave_one_out or off_topic):
            note("footnote: conversations are run with --part and --mistyped only.")
            return USAGE
        name = folder.resolve().name
        with progress(name, quiet=json) as step:
            if threads:
                results = await run_conversations(threads, chosen, options, step)
            else:
                results = await run_set(load(folder), chosen, options, step)
        kept = store(chosen.home, name, results)
        if file is not None:
            write(file, results)
        found = figures(results) | claims.figures(folder)
        index, modelled = engine(chosen).name, sum(r.from_model for r in results)
        if json:
            told = {"set": name, "index": index, "questions": len(results), "from_model": modelled}
            out({**told, "metrics": found, "run": str(kept)})
            return DONE
        say(f"{name} on the {index} index, {len(results)} questions, {modelled} of the replies by the model")
        for name, value in found.items():
            say(f"  {name:22} {'—' if value is None else f'{value:.4f}'}")
        say(f"Kept as {kept}")
        return DONE

    run(work())


@evaluate.command()
def compare(
    before: Annotated[Path, typer.Argument(help="A file that `eval run --run` wrote.")],
    after: Annotated[Path, typer.Argument(help="Another, of the same set.")],
    json: JsonOption = False,
) -> None:
    """What changed between two runs, and whether it is more than chance."""

    async def work() -> int:
        from dataclasses import asdict

        from bot.evaluation.compare import compare as differences

        found = differences(before, after)
        if json:
            out([{**asdict(d), "certain": d.certain} for d in found])
            return DONE
        for d in found:
            sure = "" if d.certain else "  (may be chance)"
            change = f"{d.after - d.before:+.4f} [{d.low:+.4f}, {d.high:+.4f}]"
            say(f"{d.figure:20} {d.before:.4f} -> {d.after:.4f}  {change}  n={d.questions}{sure}")
        return DONE

    run(work())
