"""demo, serve, doctor, manifest: the running service and what it needs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import DONE, DOWN, HomeOption, JsonOption, note, out, run, say, settings
from bot.errors import SettingsError
from bot.platform import PlatformKind
from bot.wiring.platforms import platforms


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    cli.command()(demo)
    cli.command()(serve)
    cli.command()(doctor)
    manifest = typer.Typer(help="The app manifests for Slack and Teams.", no_args_is_help=True)
    cli.add_typer(manifest, name="manifest")
    for kind in platforms():
        manifest.command(kind.name)(_manifest(kind))


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
            out([{"check": f.check, "ok": f.ok, "warning": f.warning, "detail": f.detail} for f in findings])
        else:
            for f in findings:
                say(f"{'!  ' if f.warning else 'ok ' if f.ok else 'NO '} {f.check}: {f.detail}")
        return DONE if all(f.ok for f in findings) else DOWN

    run(work())


def _manifest(kind: PlatformKind) -> Callable[..., None]:
    """The command of a platform: its parameters and its help are those of the platform's `manifest`."""

    @functools.wraps(kind.manifest)
    def command(**options: object) -> None:
        async def work() -> int:
            made = kind.manifest(**options)
            if made.path is None:
                out(made.content)
                return DONE
            try:
                made.path.write_bytes(made.content if isinstance(made.content, bytes) else b"")
            except OSError as error:
                raise SettingsError(f"{made.path} cannot be written: {error.strerror}.") from error
            note(f"Wrote {made.path}. {made.then}")
            return DONE

        run(work())

    return command
