"""The settings, read: one frozen value, built once from the environment and `footnote.toml`.

The environment wins over the file. An unknown key, in either, is an error.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.errors import SettingsError
from bot.settings.files import PREFIX, settings_file
from bot.settings.model import Settings
from bot.settings.secret_files import SUFFIX, read_secrets

__all__ = ["Settings", "load"]


def load(home: Path | None = None) -> Settings:
    """Read the environment and the settings file. Raises SettingsError."""
    secrets = Settings.secrets()
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {PREFIX + "SETTINGS"}
    known |= {name + SUFFIX for name in secrets.values()}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        told = ", ".join(name + _meant(name, known) for name in unknown)
        raise SettingsError(f"Unknown setting in the environment: {told}. docs/settings.md lists them all.")
    file = settings_file()
    if PREFIX + "SETTINGS" in os.environ and not file.is_file():
        raise SettingsError(f"The settings file {file} does not exist (FOOTNOTE_SETTINGS names it).")
    values: dict[str, Any] = {**({} if home is None else {"home": home}), **read_secrets(secrets, os.environ)}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None  # the original would print the values, secrets too
    except ValueError as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
    return settings


def _meant(name: str, known: set[str]) -> str:
    near = get_close_matches(name, sorted(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _explain(error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in item["loc"])
        what = "is not a setting" if item["type"] == "extra_forbidden" else item["msg"]
        lines.append(f"{name}: {what}")
    return "The settings are wrong. " + "; ".join(lines) + f". Look in {settings_file()} and the environment."
