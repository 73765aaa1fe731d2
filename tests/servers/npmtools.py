"""Packages of the npm registry that tests and pictures read: fetched once at a pinned version and hash into a cache.

The product needs none of them. A package that is missing when a test asks for it is a failure with CI=true,
and a skip with the reason elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tests.servers.gotools import CACHE as PROGRAMS

CACHE = PROGRAMS.parent / "npm"
FETCH_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Package:
    """`integrity` is the SHA-512 of the archive in base64, as `npm view NAME@VERSION dist.integrity` prints it."""

    name: str
    version: str
    integrity: str


ADAPTIVE_CARDS = Package(
    "adaptivecards",
    "3.0.6",
    "WDCIb2WXZ7cOHJ9HIHRNdhSt861HySVOdN2xPk2aKHAF3JvD8QGQ8/XcNFrDJxCteOog8MM7EBlXfSAR8JXKAg==",
)
TEAMS_SCHEMAS = Package(
    "@microsoft/app-manifest",
    "1.1.2",
    "uXdmYzhIcchi3Tc9Sh3pTDMe55zy7ge19bnYCGB1gzuyha85Ii7wfdTruwEhqseaX9pwsWDRB5Ot/ltv0rCONw==",
)
SLACK_TYPES = Package(
    "@slack/web-api",
    "8.2.0",
    "bIW8/8BLD/HLuHLIA2LfA7AhSokzui4swCbMJuwoRJxn/kzHVla6YEKLvN1nCFHK/DfX7g+4Wj3ess/ZSh/tWQ==",
)
TYPESCRIPT = Package(
    "typescript",
    "5.9.3",
    "jl1vZzPDinLr9eUt3J/t7V6FgNEw9QjvBPdysz9KfQDD41fQrC2Y4vKQdiaUpFT4bXlb1RHhLpp8wtm6M5TgSw==",
)


class NotFetched(Exception):
    """A package is missing and cannot be had, or is not the one that was pinned; the message says which."""


def fetch(package: Package) -> Path:
    """The folder with the package's files. Nothing of it is run, and its dependencies are not fetched.

    Raises NotFetched.
    """
    folder = CACHE / f"{package.name.replace('/', '+')}-{package.version}"
    if folder.is_dir():
        return folder
    npm = shutil.which("npm")
    if npm is None:
        raise NotFetched(f"npm is not installed; it is needed once, for the package {package.name}.")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        files = Path(scratch) / "files"
        _unpack(_packed(npm, package, Path(scratch)), files)
        try:
            files.rename(folder)
        except OSError:  # another process was first
            if not folder.is_dir():
                raise
    return folder


def npm_package(package: Package) -> Path:
    """For tests: the folder, or a failure in CI, or a skip."""
    import pytest

    try:
        return fetch(package)
    except NotFetched as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


def _packed(npm: str, package: Package, folder: Path) -> bytes:
    """The archive, checked. Raises NotFetched."""
    wanted = f"{package.name}@{package.version}"
    command = [npm, "pack", wanted, "--ignore-scripts", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise NotFetched(f"npm did not fetch {wanted} within {FETCH_SECONDS} seconds.") from error
    archives = list(folder.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        raise NotFetched(f"npm could not fetch {wanted}: {done.stderr[-500:]}")
    content = archives[0].read_bytes()
    found = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != package.integrity:
        raise NotFetched(f"{wanted} is not the archive that was pinned: its SHA-512 is {found}.")
    return content


def _unpack(archive: bytes, target: Path) -> None:
    """The files below the archive's one folder; nothing but files, and none outside `target`."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as opened:
        for member in opened:
            path = PurePosixPath(member.name)
            inside = PurePosixPath(*path.parts[1:])
            content = opened.extractfile(member) if member.isfile() else None
            if content is None or ".." in path.parts or path.is_absolute() or not inside.parts:
                continue
            written = target.joinpath(inside)
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_bytes(content.read())
