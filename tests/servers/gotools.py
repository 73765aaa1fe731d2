"""Programs that tests need and that build from the Go module proxy, kept in a cache outside the work tree."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "footnote" / "bin"
BUILD_SECONDS = 1800


def go_tool(name: str, module: str) -> Path:
    """The program `name` of `module` (path@version), built once. Missing in CI: a failure; elsewhere: a skip."""
    tool = CACHE / name
    if tool.is_file():
        return tool
    go = shutil.which("go")
    if go is None:
        _missing(f"{name} is not built and Go is not installed; with Go, `go install {module}` makes it")
        raise AssertionError(name)
    CACHE.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [go, "install", module],
        env={**os.environ, "GOBIN": str(CACHE)},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if done.returncode or not tool.is_file():
        _missing(f"{name} could not be built from {module}: {done.stderr[-500:]}")
    return tool


def _missing(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
