"""Where settings stand: the file, and the environment's variables."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import AliasChoices

SETTINGS_FILE = "footnote.toml"
PREFIX = "FOOTNOTE_"


def variable(name: str, alias: object) -> str:
    """The environment variable of a setting."""
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else PREFIX + name.upper()


def settings_file() -> Path:
    """Where the settings file is, or would be; paths in it are relative to its folder."""
    return Path(os.environ.get(PREFIX + "SETTINGS", SETTINGS_FILE))
