"""Secrets from files: `NAME_FILE` names the file that holds the secret `NAME`, as Docker and Kubernetes mount it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.errors import SettingsError

SUFFIX = "_FILE"
LARGEST = 65_536  # bytes; more is no secret but a mistake


def read_secrets(variables: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The secrets whose variable, with `_FILE` behind it, names a file. `variables` are those of the settings by key.

    White space around a secret is dropped. Raises SettingsError, which never holds a secret.
    """
    found: dict[str, str] = {}
    for key, variable in variables.items():
        path = environment.get(variable + SUFFIX)
        if not path:
            continue
        if environment.get(variable):
            raise SettingsError(f"{variable} and {variable}{SUFFIX} are both set. Unset one of them.")
        found[key] = _read(variable + SUFFIX, Path(path))
    return found


def secret(variable: str, environment: Mapping[str, str]) -> str:
    """The secret that a variable holds, or the file that it names with `_FILE` behind it; "" when there is neither.

    Raises SettingsError, which never holds a secret.
    """
    return read_secrets({variable: variable}, environment).get(variable) or environment.get(variable, "")


def _read(variable: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise SettingsError(f"{variable}: the file {path} cannot be read: {error.strerror}.") from None
    try:
        secret = content.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise SettingsError(f"{variable}: the file {path} is no UTF-8 text.") from None
    if not secret or len(content) > LARGEST:
        raise SettingsError(f"{variable}: the file {path} is {'empty' if not secret else 'too large for a secret'}.")
    return secret
