"""What a confined process may not do, tried in one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
MEGABYTE = 1024 * 1024
CONFINE = f"from retrieval.parse.confine import confine; confine({256 * MEGABYTE}, 5); "


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", CONFINE + code], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import socket; socket.socket()", "PermissionError"),
        ("import socket; socket.socketpair()", "PermissionError"),
        ("import os; os.execv('/bin/true', ['true'])", "PermissionError"),
        (
            "import tempfile, os; f = tempfile.NamedTemporaryFile(); f.write(b'x'); f.flush()",
            "No usable temporary directory",
        ),
        ("b = bytes(300 * 1024 * 1024)", "MemoryError"),
        ("[open('/dev/null') for _ in range(60)]", "Too many open files"),
        ("import resource; resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40))", "Error"),
    ],
    ids=["socket", "socket pair", "program", "write", "memory", "files", "limits"],
)
def test_refused(code: str, error: str) -> None:
    if "RLIMIT_AS" in code and sys.platform == "linux" and _is_root():
        pytest.skip("root may raise its limits")
    done = run(code)
    assert done.returncode != 0
    assert error in done.stderr


def test_processor_time_ends_the_process() -> None:
    assert run("import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 5))\nwhile True: pass").returncode == -24


def test_reading_goes_on() -> None:
    assert run("import pathlib; print(len(pathlib.Path('README.md').read_text()) > 0)").stdout == "True\n"


def _is_root() -> bool:
    return Path("/proc/self").stat().st_uid == 0
