"""demo, serve, doctor, manifest: the running service and what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import DONE, DOWN, HomeOption, JsonOption, note, out, run, say, settings
from bot.errors import SettingsError

manifest = typer.Typer(help="The app manifests for Slack and Teams.", no_args_is_help=True)


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    cli.command()(demo)
    cli.command()(serve)
    cli.command()(doctor)
    cli.add_typer(manifest, name="manifest")


def demo(
    keep: Annotated[Path | None, typer.Option(help="Keep the demo's state in this folder.")] = None,
) -> None:
    """The whole product on a sample company's documents; no account is needed."""

    async def work() -> int:
        from bot.demo.play import play

        return await play(keep)

    run(work())


def serve(home: HomeOption = None) -> None:
    """Answer in Slack and Teams until stopped."""

    async def work() -> int:
        from bot.service.serve import serve as run_service

        return await run_service(settings(home))

    run(work())


def doctor(json: JsonOption = False, home: HomeOption = None) -> None:
    """Check settings, credentials, servers and versions, and say what to do next."""

    async def work() -> int:
        from bot.service.doctor import examine

        findings = await examine(settings(home))
        if json:
            out([{"check": f.check, "ok": f.ok, "detail": f.detail} for f in findings])
        else:
            for f in findings:
                say(f"{'ok ' if f.ok else 'NO '} {f.check}: {f.detail}")
        return DONE if all(f.ok for f in findings) else DOWN

    run(work())


@manifest.command("slack")
def manifest_slack(
    name: Annotated[str, typer.Option(help="The app's name in Slack.")] = "Footnote",
    url: Annotated[str | None, typer.Option(help="Public address, for events over HTTP; none: Socket Mode.")] = None,
) -> None:
    """Print the Slack app manifest: paste it at api.slack.com/apps, "From a manifest"."""

    async def work() -> int:
        from bot.slack.config import PROMPTS
        from bot.slack.manifest import slack_manifest

        known = settings(None)
        follow_ups, prompts = known.listens, known.prompts or PROMPTS
        out(slack_manifest(name=name, url=url, follow_ups=follow_ups, prompts=prompts))
        return DONE

    run(work())


@manifest.command("teams")
def manifest_teams(
    app_id: Annotated[str, typer.Option(help="The bot's Microsoft app id.")],
    domain: Annotated[str, typer.Option(help="The host name that `footnote serve` is reached at.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the app package.")] = Path(
        "footnote-teams.zip"
    ),
    name: Annotated[str, typer.Option(help="The app's name in Teams.")] = "Footnote",
    read_threads: Annotated[
        bool | None,
        typer.Option(
            "--read-threads/--no-read-threads",
            help="Ask each team's owner for the right to hear replies in threads without a mention.",
            show_default="as the settings need",
        ),
    ] = None,
    reconcile: Annotated[
        bool,
        typer.Option(
            "--reconcile", help="Ask owners of teams and chats for the right to read there, for `audit reconcile`."
        ),
    ] = False,
) -> None:
    """Write the Teams app package: upload it in the Teams admin centre."""

    async def work() -> int:
        from bot.teams.manifest import teams_package

        known = settings(None)
        compares = reconcile or known.teams_reconcile
        channels = compares or (known.listens if read_threads is None else read_threads)
        chats = compares or (known.listens_to_all and read_threads is not False)
        package = teams_package(app_id=app_id, domain=domain, name=name, channels=channels, chats=chats)
        try:
            output.write_bytes(package)
        except OSError as error:
            raise SettingsError(f"{output} cannot be written: {error.strerror}.") from error
        note(f"Wrote {output}. Upload it in the Teams admin centre, under Manage apps.")
        return DONE

    run(work())
