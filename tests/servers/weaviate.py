"""A real Weaviate server, built once into a cache folder, supervised, on free ports."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.gotools import go_tool

START_LIMIT = 300  # seconds; 2 to 10 on an idle machine


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `pid` is the process to kill for a test of its loss."""

    url: str
    grpc_port: int
    pid: int


def binary() -> Path:
    """The server's executable, built when it is missing; without Go a skip, or a failure with CI=true."""
    return go_tool("weaviate-server")


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A server with its data in `folder`, killed at the end. Raises RuntimeError when it does not start."""
    executable = binary()
    last = ""
    for _ in range(3):  # another process may take a free port before the server does
        process, server, log = _start(executable, folder)
        try:
            if _ready(process, server.url):
                yield server
                return
            last = log.read_text("utf-8", "replace")[-1000:]
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    raise RuntimeError(f"Weaviate did not start; the end of its log: {last}")


def _start(executable: Path, folder: Path) -> tuple[subprocess.Popen[bytes], Server, Path]:
    http, grpc, gossip, raft, profiling = _ports()
    # The last two settings: without them a document just written can be missed for a minute.
    settings = {
        "PERSISTENCE_DATA_PATH": str(folder / "data"),
        "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "true",
        "CLUSTER_HOSTNAME": "node1",
        "CLUSTER_IN_LOCALHOST": "true",
        "CLUSTER_ADVERTISE_ADDR": "127.0.0.1",
        "CLUSTER_BIND_ADDR": "127.0.0.1",
        "CLUSTER_GOSSIP_BIND_PORT": str(gossip),
        "CLUSTER_DATA_BIND_PORT": str(gossip + 1),
        "RAFT_PORT": str(raft),
        "RAFT_INTERNAL_RPC_PORT": str(raft + 1),
        "RAFT_JOIN": f"node1:{raft}",
        "RAFT_BOOTSTRAP_EXPECT": "1",
        "GRPC_PORT": str(grpc),
        "GO_PROFILING_PORT": str(profiling),
        "DISABLE_TELEMETRY": "true",
        "LOG_LEVEL": "warning",
        "USE_BLOCKMAX_WAND": "false",
        "PERSISTENCE_MEMTABLES_FLUSH_DIRTY_AFTER_SECONDS": "3",
    }
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "weaviate.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(executable), "--host", "127.0.0.1", "--port", str(http), "--scheme", "http"],
            env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder)} | settings,
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    return process, Server(f"http://127.0.0.1:{http}", grpc, process.pid), log


def _ready(process: subprocess.Popen[bytes], url: str) -> bool:
    until = time.monotonic() + START_LIMIT
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/v1/.well-known/ready", timeout=2) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.2)
    return False


def _ports() -> tuple[int, int, int, int, int]:
    """HTTP, gRPC, gossip (the next one is free too), raft (likewise), profiling."""
    http, grpc, profiling = (free_ports(1) for _ in range(3))
    return http, grpc, free_ports(2), free_ports(2), profiling


def free_ports(count: int) -> int:
    """The first of `count` neighbouring ports that are free now."""
    while True:
        sockets = []
        try:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                first: int = probe.getsockname()[1]
            for port in range(first, first + count):
                sockets.append(taken := socket.socket())
                taken.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
