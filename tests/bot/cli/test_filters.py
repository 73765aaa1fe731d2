"""The filter options, in the commands that have them."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import typer
from typer.testing import CliRunner

from audit.search import Filter as Chosen
from bot.cli import cli
from bot.cli.filters import OPTIONS, filtered

if TYPE_CHECKING:
    from audit.search import Filter

EVERYTHING = (
    *("--since", "2026-03-01T09:00:00", "--until", "2026-03-02", "--person", "U1", "--channel", "C1"),
    *("--document", "d", "--section", "4.2", "--outcome", "answered", "--event", "delivery", "--text", "hotel cost"),
)


def chosen(*arguments: str) -> tuple[str, Chosen, bool]:
    """What a command with an argument before and an option after the filter gets."""
    got: list[tuple[str, Chosen, bool]] = []
    app = typer.Typer()

    @app.command()
    @filtered(event="question")
    def look(target: str, chosen: Filter, json: bool = False) -> None:
        got.append((target, chosen, json))

    result = CliRunner().invoke(app, ["here", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return got[0]


def test_every_option_reaches_the_filter() -> None:
    target, found, json = chosen(*EVERYTHING, "--json")
    assert (target, json) == ("here", True)
    start, end = datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    wanted = Chosen(start, end, "U1", "C1", "d", None, "4.2", "answered", "delivery", "hotel cost")
    assert found == wanted


def test_a_command_has_defaults_of_its_own() -> None:
    assert chosen() == ("here", Chosen(event="question"), False)


def test_the_options_are_fields_of_the_filter() -> None:
    assert set(OPTIONS) <= {field.name for field in fields(Chosen)}


@pytest.mark.parametrize("command", ["list", "export"])
def test_list_and_export_have_the_same_options(command: str) -> None:
    shown = CliRunner().invoke(cli, ["audit", command, "--help"]).output
    assert [name for name in OPTIONS if f"--{name}" not in shown] == []
