"""training export, and audit review: approved answers for fine-tuning a model's behaviour."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.audit import looked, open_log
from bot.cli.common import DONE, NO, USAGE, HomeOption, JsonOption, note, out, run, say, settings
from bot.cli.filters import Channel, Since, Until, wanted

training = typer.Typer(help="Fine-tune a model for behaviour, from approved answers.", no_args_is_help=True)


def register(cli: typer.Typer, audit: typer.Typer) -> None:
    """Add these commands."""
    cli.add_typer(training, name="training")
    audit.command()(review)


def review(
    record_id: str,
    verdict: Annotated[str, typer.Option(help="approved or rejected.")],
    comment: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    home: HomeOption = None,
) -> None:
    """Sign an answer off, or reject it: a record of its own beside the answer."""

    async def work() -> int:
        from audit.events import operating_system_user
        from audit.events import review as reviewed

        if verdict not in ("approved", "rejected"):
            note(f"footnote: the verdict is approved or rejected, not {verdict!r}.")
            return USAGE
        async with open_log(home) as log:
            record = await log.get(record_id)
            if record is None or record.event != "question":
                note(f"footnote: there is no answer {record_id}. `footnote audit list` shows the newest.")
                return NO
            await log.append(reviewed(record_id, by=operating_system_user(), verdict=verdict, note=comment))
        say(f"Recorded: {record_id} is {verdict}.")
        return DONE

    run(work())


@training.command("export")
def export(
    target: Annotated[Path, typer.Argument(help="The JSONL file to write.")],
    since: Since = None,
    until: Until = None,
    channel: Channel = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Write approved answers as chat-format JSONL: a reviewer's sign-off, or thumbs up and none down."""

    async def work() -> int:
        import asyncio

        from bot.evaluation.training import approved, example, problems
        from bot.wiring.styles import house_style

        house = house_style(settings(home))
        lines: list[str] = []
        refused: list[dict[str, object]] = []
        chosen = wanted(since, until, channel=channel, outcome="answered", event="question")
        async with open_log(home) as log:
            async for record in log.all(chosen):
                if not approved(await log.referring(record.id)):
                    continue
                made = example(record, house)
                found = (
                    problems(made.line())
                    if made
                    else ["its fields were erased, or its answer is not in the form of the settings"]
                )
                if made is not None and not found:
                    lines.append(made.line())
                else:
                    refused.append({"record": record.id, "problems": found})
            await looked(log, "training export", found=len(lines), chosen=chosen)
        await asyncio.to_thread(target.write_text, "".join(f"{line}\n" for line in lines), "utf-8")
        if json:
            out({"examples": len(lines), "refused": refused, "file": str(target)})
            return DONE if lines else NO
        say(f"Wrote {len(lines)} examples to {target}.")
        for item in refused:
            say(f"  left out {item['record']}: {item['problems']}")
        if not lines:
            say("No answer is approved yet: collect thumbs up, or `footnote audit review ID --verdict approved`.")
        return DONE if lines else NO

    run(work())
