"""Tools that we did not write agree: `spicy` on single records, golang.org/x/mod's tlog on the whole log.

Both are built with Go into ~/.cache/footnote/bin. Without Go the tests are skipped, except in CI.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from pathlib import Path

import pytest

from audit.export import ExportFormat, export
from audit.log import TransparencyLog
from tests.audit.fixtures import asked, record
from tests.servers.gotools import CACHE, go_tool

SOURCE = Path(__file__).parent / "go"


@pytest.fixture(scope="module")
def spicy() -> Path:
    return go_tool("spicy")


@pytest.fixture(scope="module")
def checklog() -> Path:
    name = f"checklog-{hashlib.sha256((SOURCE / 'main.go').read_bytes()).hexdigest()[:12]}"
    return go_tool(name, ["build", "-o", str(CACHE / name), "."], SOURCE)


async def run(*command: object) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def bundle(folder: Path, count: int) -> tuple[str, Path, Path]:
    """A bundle of `count` records; the key, the bundle, and an earlier checkpoint."""
    async with await TransparencyLog.open(folder / "audit", origin="example.com/footnote") as log:
        await asyncio.gather(*(log.append(record(n)) for n in range(count - 1)))
        (folder / "earlier").write_text(await log.checkpoint())
        await log.append(asked(count))
        done = await export(log, folder / "bundle", format=ExportFormat.BUNDLE, by="ada")
        assert done.size == count
        return (await log.read(lambda view: view.keys()))[0], folder / "bundle", folder / "earlier"


@pytest.mark.parametrize("count", [1, 2, 7])
async def test_spicy_agrees_on_each_record(spicy: Path, tmp_path: Path, count: int) -> None:
    key, folder, _ = await bundle(tmp_path, count)
    leaves = [path for path in sorted((folder / "proofs").iterdir()) if path.suffix != ".spicy"]
    assert len(leaves) == count
    assert (await run(spicy, "-verify", key, *leaves))[0] == 0
    leaf = leaves[0]
    leaf.write_bytes(leaf.read_bytes().replace(b"answered", b"refused."))
    code, output = await run(spicy, "-verify", key, leaf)
    assert (code, "could not verify inclusion" in output) == (1, True)


@pytest.mark.parametrize("count", [1, 255, 256, 257, 700])
async def test_tlog_agrees_on_the_whole_log(checklog: Path, tmp_path: Path, count: int) -> None:
    key, folder, earlier = await bundle(tmp_path, count)
    extends = [earlier] if count > 1 else []  # tlog proves nothing about an empty tree
    code, output = await run(checklog, key, folder, *extends)
    assert (code, output.split()[0]) == (0, str(count))
    tile = next((folder / "tile" / "entries").rglob("*.p")) / str(count % 256) if count % 256 else None
    path = tile if tile is not None else folder / "tile" / "entries" / "000"
    path.write_bytes(path.read_bytes().replace(b"answered", b"refused.", 1))
    assert (await run(checklog, key, folder))[0] == 1


async def test_tlog_finds_a_fork(checklog: Path, tmp_path: Path) -> None:
    key, folder, earlier = await bundle(tmp_path, 40)
    shutil.copytree(tmp_path / "audit", tmp_path / "other" / "audit")
    async with await TransparencyLog.open(tmp_path / "other" / "audit") as log:
        await log.append(record(1))
        (tmp_path / "newer").write_text(await log.checkpoint())
    assert (await run(checklog, key, folder, earlier))[0] == 0
    assert (await run(checklog, key, folder, tmp_path / "newer"))[0] == 1
