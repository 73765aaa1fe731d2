"""A real PostgreSQL server on a free port, from the programs that are installed (Debian: `postgresql`)."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.memory import in_memory
from tests.servers.weaviate import free_ports

START_LIMIT = 300  # seconds; 1 to 3 on an idle machine
OWNER = "postgres"
CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_buffers = 32MB
wal_recycle = off
min_wal_size = 32MB
max_wal_size = 512MB
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `folder` holds its data."""

    port: int
    folder: Path
    control: Callable[..., None]
    """Runs pg_ctl with these words."""

    def url(self, database: str = "postgres", user: str = OWNER) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        """A new, empty database; its address."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"'.encode())
        return self.url(database)


def programs() -> Path:
    """The folder of `initdb` and `postgres`; missing: a failure with CI=true, a skip with the reason elsewhere."""
    found = [Path(path).parent for path in (shutil.which("initdb"),) if path]
    found += [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)]
    for folder in found:
        if (folder / "postgres").exists():
            return folder
    reason = "PostgreSQL is not installed; on Debian: apt-get install postgresql"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running() -> Iterator[Server]:
    """A server with its data in a folder of its own, stopped at the end. Raises RuntimeError."""
    tools = programs()
    # PostgreSQL refuses to run as root; Debian's package brings a user for it.
    user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="footnote-postgres-", dir=in_memory()) as name:
        top = Path(name)
        if user is not None:
            os.chown(top, user.pw_uid, user.pw_gid)
        folder, port = top / "data", free_ports(1)
        _run([tools / "initdb", "-D", folder, "-U", OWNER, "-E", "UTF8", "--auth=trust", "--no-sync"], top, user)
        with (folder / "postgresql.conf").open("a") as file:
            file.write(f"{CONFIGURATION}port = {port}\n")

        def control(*words: str) -> None:
            options: list[str | Path] = ["-D", folder, "-w", "-t", str(START_LIMIT), "-l", top / "log"]
            _run([tools / "pg_ctl", *options, *words], top, user)

        control("start")
        try:
            yield Server(port, folder, control)
        finally:
            if (folder / "postmaster.pid").exists():
                # The data is thrown away; a shutdown in order would sync each file of each test's database first.
                control("stop", "-m", "immediate")


def _run(command: list[str | Path], folder: Path, user: pwd.struct_passwd | None) -> None:
    with tempfile.TemporaryFile() as output:  # a pipe would stay open in the server
        done = subprocess.run(
            list(map(str, command)),
            cwd=folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            user=user.pw_uid if user is not None else None,
            group=user.pw_gid if user is not None else None,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=2 * START_LIMIT,
            check=False,
        )
        output.seek(0)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {output.read().decode('utf-8', 'replace')[-1000:]}")
