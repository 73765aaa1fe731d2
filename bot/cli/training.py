"""training export, and audit review: approved answers for fine-tuning a model's behaviour."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.audit import looked, open_log
from bot.cli.common import DONE, NO, USAGE, HomeOption, JsonOption, RecordArgument, note, out, run, say, settings
from bot.cli.filters import Channel, Since, Until, wanted

training = typer.Typer(help="Fine-tune a model for behaviour, from approved answers.", no_args_is_help=True)


def register(cli: typer.Typer, audit: typer.Typer) -> None:
    """Add these commands."""
    cli.add_typer(training, name="training")
    audit.command()(review)


def review(
    record_id: RecordArgument,
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
    held_out: Annotated[
        Path | None,
        typer.Option("--held-out", help="Write the newest answers, of documents of their own, to this file instead."),
    ] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Write approved answers as chat-format JSONL: a reviewer's sign-off, or thumbs up and none down."""

    async def work() -> int:
        import asyncio

        from bot.evaluation.prompts import Again
        from bot.evaluation.training import OUTCOMES, UNFIT, Example, approved, example, parted, problems
        from bot.wiring.app import open_state
        from bot.wiring.channel_rules import styled
        from bot.wiring.styles import house_style

        held = settings(home)
        styles = [house_style(there) for there in (held, *styled(held).values())]
        found: list[Example] = []
        refused: list[dict[str, object]] = []
        chosen = wanted(since, until, channel=channel, event="question")
        async with open_log(home) as log:
            with open_state(held) as state:
                again = Again(state, styles)
                async for record in log.all(chosen):
                    if record.outcome not in OUTCOMES or not approved(await log.referring(record.id)):
                        continue
                    sent = await again.sent(record)
                    made = example(record, sent) if not isinstance(sent, str) else None
                    wrong = problems(made.line()) if made else [sent if isinstance(sent, str) else UNFIT]
                    if made is not None and not wrong:
                        found.append(made)
                    else:
                        refused.append({"record": record.id, "problems": wrong})
            await looked(log, "training export", found=len(found), chosen=chosen)
        lines, apart = parted(found) if held_out is not None else (found, [])
        files = {target: lines} if held_out is None else {target: lines, held_out: apart}
        for file, examples in files.items():
            await asyncio.to_thread(file.write_text, "".join(f"{one.line()}\n" for one in examples), "utf-8")
        between = len(found) - len(lines) - len(apart)
        if json:
            told: dict[str, object] = {"examples": len(lines), "refused": refused, "file": str(target)}
            out(told | ({"held_out": len(apart), "between": between} if held_out is not None else {}))
            return DONE if lines else NO
        say(f"Wrote {len(lines)} examples to {target}.")
        if held_out is not None:
            say(f"Wrote {len(apart)} later ones, of other documents, to {held_out}; {between} are in neither.")
        for item in refused:
            say(f"  left out {item['record']}: {item['problems']}")
        if not found:
            say("No answer is approved yet: collect thumbs up, or `footnote audit review ID --verdict approved`.")
        return DONE if lines else NO

    run(work())
