"""What is forked is a process of its own, as one that was started anew."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.servers.commands import run, start

SAYS = "import os, sys; print(os.getcwd(), dict(os.environ), sys.argv[1:]); sys.exit(3)"


def test_it_has_its_folder_environment_arguments_and_exit_code(tmp_path: Path) -> None:
    done = run(SAYS, "a", "b c", cwd=tmp_path, env={"ONLY": "this"})
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout == f"{tmp_path} {{'ONLY': 'this'}} ['a', 'b c']\n"


def test_a_fault_is_a_traceback_and_changes_no_other(tmp_path: Path) -> None:
    done = run("import bot.cli; bot.cli.main = None; 1 / 0")
    assert (done.returncode, "ZeroDivisionError" in done.stderr) == (1, True)
    assert run("import bot.cli; bot.cli.main.__name__; print('whole')").stdout == "whole\n"


def test_one_that_does_not_end_is_killed() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run("import time; time.sleep(1000)", timeout=0.5)


async def test_a_running_one_is_read_and_killed() -> None:
    child = await start("import sys, time; print('here', flush=True); time.sleep(1000)")
    assert await child.stdout.readline() == b"here\n"
    assert child.returncode is None
    child.kill()
    assert await child.wait() == child.returncode == -signal.SIGKILL
