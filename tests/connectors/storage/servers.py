"""Storage servers that others wrote, on this machine: moto and versitygw speak S3."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from tests.servers.gotools import go_tool
from tests.servers.weaviate import free_ports

KEY, SECRET = "access-of-tests", "secret-of-tests"
BUCKET = "contracts"
ACCOUNT = "123456789012"  # moto's
START_LIMIT = 60  # seconds; one on an idle machine


@dataclass(frozen=True, slots=True)
class S3:
    """A running server, and what Amazon's own client says to it."""

    endpoint: str
    folder: Path | None = None

    def fill(self, keys: Sequence[str]) -> None:
        """Many small objects, put where the server keeps them: quicker than by its API."""
        for key in keys:
            if self.folder is not None:
                path = self.folder / BUCKET / key
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"x")
            else:
                s3_backends[ACCOUNT]["aws"].put_object(BUCKET, key, b"x")

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )


@contextmanager
def moto() -> Iterator[S3]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield _with_bucket(S3(f"http://{host}:{port}"))
    finally:
        server.stop()


@contextmanager
def versitygw(folder: Path) -> Iterator[S3]:
    port = free_ports(1)
    command = [str(go_tool("versitygw")), "--port", f"127.0.0.1:{port}", "--access", KEY, "--secret", SECRET]
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen([*command, "posix", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield _with_bucket(S3(f"http://127.0.0.1:{port}", folder))
    finally:
        process.terminate()
        process.wait(20)


def _with_bucket(server: S3) -> S3:
    until = time.monotonic() + START_LIMIT
    while True:
        try:
            server.client().create_bucket(Bucket=BUCKET)
            return server
        except (BotoCoreError, ClientError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
