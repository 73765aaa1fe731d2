"""Programs that tests need, built with Go into a cache outside the work tree: `python -m tests.servers.gotools`.

`make test` runs this first, since a build takes minutes. A program that is missing when a test asks
for it is a failure with CI=true, and a skip with the reason elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "footnote" / "bin"
BUILD_SECONDS = 1800
MODULES = {
    "weaviate-server": "github.com/weaviate/weaviate/cmd/weaviate-server@v1.35.2",
    "helm": "helm.sh/helm/v3/cmd/helm@v3.21.4",
    "versitygw": "github.com/versity/versitygw/cmd/versitygw@v1.8.0",
    "spicy": "filippo.io/torchwood/cmd/spicy@v0.9.0",
}


class NotBuilt(Exception):
    """A program is missing and cannot be built; the message says why."""


def build(
    name: str,
    command: Sequence[str],
    folder: Path | None = None,
    limit_s: float = BUILD_SECONDS,
    cache: Path = CACHE,
) -> Path:
    """The program `name` of the cache; missing, `go COMMAND` in `folder` must make it in time. Raises NotBuilt."""
    tool = cache / name
    if tool.is_file():
        return tool
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        raise NotBuilt(f"{name} is missing and Go is not installed; with Go 1.26, `go {' '.join(command)}` makes it")
    cache.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            [go, *command],
            cwd=folder,
            env={**os.environ, "GOBIN": str(cache), "GOFLAGS": "-buildvcs=false"},
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotBuilt(
            f"{name} was not built within {limit_s:.0f} seconds (`go {' '.join(command)}`). Go keeps what it has"
            " compiled so far: run `make test` again, on a machine with less to do or with a faster way to the modules."
        ) from error
    if done.returncode or not tool.is_file():
        raise NotBuilt(f"{name} could not be built: {done.stderr[-500:]}")
    return tool


def go_tool(name: str, command: Sequence[str] | None = None, folder: Path | None = None) -> Path:
    """For fixtures: the program, or a failure in CI, or a skip. `command` for what is not in MODULES."""
    import pytest

    try:
        return build(name, command or ["install", MODULES[name]], folder)
    except NotBuilt as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


def main() -> int:
    """Build what is missing. Only CI fails when it cannot."""
    code = 0
    for name, module in MODULES.items():
        if (CACHE / name).is_file():
            continue
        sys.stdout.write(f"Building {name} from {module}; this takes a few minutes, once.\n")
        sys.stdout.flush()
        try:
            build(name, ["install", module])
        except NotBuilt as error:
            sys.stdout.write(f"{error}\nThe tests that need it are skipped.\n")
            code = 1 if os.environ.get("CI") == "true" else 0
    return code


if __name__ == "__main__":
    sys.exit(main())
