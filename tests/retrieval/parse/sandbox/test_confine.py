"""What code that has taken over a parser can do: tried in a real child, with every combination of layers."""

from __future__ import annotations

import itertools
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from retrieval.errors import DocumentUnreadable
from retrieval.parse import children, sandbox
from retrieval.parse.confine import LAYERS
from retrieval.parse.sandbox import SandboxParser
from tests.retrieval.parse.sandbox.taken_over import X86

ROOT = Path(__file__).resolve().parents[4]
NOBODY = 65534
# The zygote, with a parser that is taken over; and the same without the rights of root.
TAKEN_OVER = (
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
    "from retrieval.parse import calls, formats, worker, zygote; import tests.retrieval.parse.sandbox.taken_over; "
    "formats.PARSERS['text'] = ('tests.retrieval.parse.sandbox.taken_over', 'take_over'); "
    "{more}zygote.main(int(sys.argv[1]), sys.argv[2])"
)
AS_ROOT = TAKEN_OVER.format(more="")
AS_NOBODY = TAKEN_OVER.format(  # it loads what it needs before, since the interpreter may be closed to others
    more="worker.Preloaded(None); calls.Calls.find(); import os; "
    f"os.setgroups([]); os.setresgid(*3 * [{NOBODY}]); os.setresuid(*3 * [{NOBODY}]); "
)

# Which layers stop what the limits alone do not; everything that is not named here is stopped always: a child can
# open no descriptor. What one of these layers leaves over, another stops.
STOPPED_BY = {
    "see that a file exists": {"root", "seccomp"},
    "change a file's rights": {"root", "user", "seccomp"},
    "empty a file": {"root", "user", "landlock", "seccomp"},
    "move a file": {"root", "user", "landlock", "seccomp"},
    "make a folder": {"root", "user", "landlock", "seccomp"},
    "delete a file": {"root", "user", "landlock", "seccomp"},
    "signal the starter": {"user", "landlock", "seccomp"},
    "trace the starter": {"user", "landlock", "seccomp"},
    "read memory of the starter": {"user", "landlock", "seccomp"},
    "write memory of the starter": {"user", "landlock", "seccomp"},
    "find the starter's locks": {"user", "landlock", "seccomp"},
    "queue a signal for the starter": {"user", "landlock", "seccomp"},
    "slow the starter down": {"user", "seccomp"},
    "bind the starter to a processor": {"user", "seccomp"},
    "change the starter's limits": {"user", "seccomp"},
    "reach the session's keys": {"seccomp"},
    "leave a key": {"seccomp"},
    "start processes": {"user", "seccomp"},
    "be traceable": {"seccomp"},
    "become root": {"seccomp"},  # it asks for what it has, when it is root without privileges
    "a new user namespace": {"root", "seccomp"},
    "another root directory": {"root", "seccomp"},  # with the rights in a new user namespace
    "shared memory of the system": {"seccomp"},  # in the namespace: nobody else's
}
COMBINATIONS = [c for n in range(len(LAYERS) + 1) for c in itertools.combinations(LAYERS, n)]
STARTS = [pytest.param(AS_ROOT, c, id="-".join(("start", *c))) for c in COMBINATIONS]
STARTS += [pytest.param(AS_NOBODY, c, id="-".join(("nobody", *c))) for c in COMBINATIONS if "user" not in c]


@pytest.fixture
def target() -> Iterator[dict[str, Any]]:
    """Something to reach: in a folder that is open up to it."""
    folder = Path(tempfile.mkdtemp())
    secret = folder / "log.key"
    secret.write_bytes(b"secret")
    secret.chmod(0o600)
    (folder / "spare").write_bytes(b"")
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield {"pid": os.getpid(), "file": str(secret), "folder": str(folder), "port": server.getsockname()[1]}
    shutil.rmtree(folder)


def test_the_attempts_work_where_nothing_stops_them(target: dict[str, Any]) -> None:
    code = [sys.executable, "-m", "tests.retrieval.parse.sandbox.taken_over", json.dumps(target)]
    worked = set(json.loads(subprocess.check_output(code, cwd=ROOT)))
    everybody = {"read a file", "empty a file", "delete a file", "signal the starter", "connect", "start processes"}
    assert everybody < worked
    if os.geteuid() == 0:
        assert {"trace the starter", "read the starter's memory", "another root directory"} < worked


@pytest.mark.parametrize(("code", "layers"), STARTS)
async def test_a_parser_that_is_taken_over_gets_nothing(
    code: str,
    layers: tuple[str, ...],
    target: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    if code == AS_NOBODY:
        if os.geteuid() != 0:
            pytest.skip("every start of this run is one without the rights of root")
        for path in (target["folder"], target["file"]):
            os.chown(path, NOBODY, NOBODY)
        target["pid"] = 0
    monkeypatch.setattr(children, "_START", code)
    async with SandboxParser(layers=layers) as parser:
        held = (await parser.confinement()).layers
        parsed = await parser.parse("a.txt", json.dumps(target).encode())
    left = {name for name, stops in STOPPED_BY.items() if not stops & set(held)}
    worked = set(json.loads(parsed.text))
    record_property("held", "+".join(held))
    record_property("worked", ", ".join(sorted(worked)))
    assert worked <= left, worked - left
    if "seccomp" in held:
        assert not worked


@pytest.mark.parametrize("way", ["program", "program-by-descriptor", "program-in-memory"])
async def test_no_program_can_be_started(way: str, target: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_START", AS_ROOT)
    async with SandboxParser() as parser:
        with pytest.raises(DocumentUnreadable, match="PermissionError"):
            await parser.parse(f"{way}.txt", json.dumps(target).encode())


async def test_the_door_for_32_bits_is_shut(target: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    if not X86:
        pytest.skip("a door of x86-64")
    monkeypatch.setattr(children, "_START", AS_ROOT)
    async with SandboxParser() as parser:
        with pytest.raises(DocumentUnreadable, match="crashed"):  # the filter ends whoever uses another table
            await parser.parse("other-table.txt", json.dumps(target).encode())
        assert (await parser.parse("a.md", b"# A\n\nText.\n")).text


async def test_each_child_is_a_user_of_its_own_when_root_starts_it(caplog: pytest.LogCaptureFixture) -> None:
    if os.geteuid() != 0:
        pytest.skip("not root")
    caplog.set_level(logging.WARNING, sandbox.__name__)  # whatever a test before set
    async with SandboxParser() as parser:
        held = await parser.confinement()
        await parser.parse("a.txt", b"Text.")
    assert "user" in held.layers
    assert held.user != 0
    (line,) = [r.getMessage() for r in caplog.records if "root" in r.getMessage()]
    assert f"id {held.user}" in line


def test_the_command_itself_cannot_be_read_by_others_of_its_user() -> None:
    code = (
        "import ctypes, sys\n"
        "from bot.cli import main\n"
        "sys.argv = ['footnote', '--version']\n"
        "try: main()\n"
        "except SystemExit: sys.exit(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n"  # PR_GET_DUMPABLE
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
