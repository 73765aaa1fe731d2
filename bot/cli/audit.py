"""audit: what compliance does with the log."""

from __future__ import annotations

import typer


def register(cli: typer.Typer) -> None:
    """Add these commands."""
