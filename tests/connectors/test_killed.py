"""`kill -9` at every stage of a sync: one version of each document is in force, and the next run mends the rest."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.connectors.killed import STAGES, Open, place

BEFORE = {f"hr/{n}.txt": f"Text {n}, as it was." for n in range(6)}
AFTER = {f"hr/{n}.txt": f"Text {n}, as it is now." for n in range(2, 9)}
"""Two documents are deleted, four changed, three new."""


def put(folder: Path, texts: dict[str, str], revision: int) -> None:
    """The place, in both of its kinds."""
    folder.mkdir(exist_ok=True)
    old = json.loads((folder.parent / "shelf.json").read_text()) if revision > 1 else {"files": {}, "log": []}
    files = {f"id-{path}": (path, text, revision) for path, text in texts.items()}
    log = [*old["log"], *sorted({*files, *old["files"]})]
    (folder.parent / "shelf.json").write_text(json.dumps({"files": files, "log": log}))
    for old_file in folder.rglob("*.txt"):
        old_file.unlink()
    for path, text in texts.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)


async def quotable(opened: Open) -> dict[str, set[str]]:
    """What may be quoted, by path: versions that the state store and the index agree on."""
    held = await opened.index.versions()
    found: dict[str, set[str]] = {}
    for entry in opened.state.entries():
        parsed = opened.state.parsed(entry.document.id)
        if entry.status == "current" and entry.document.version in held.get(entry.document.id, {}):
            assert parsed is not None
            found.setdefault(entry.origin.path, set()).add(parsed.text.strip())
    return found


@pytest.mark.parametrize(
    ("kind", "stage"),
    [("changes", stage) for stage in STAGES]
    + [("listing", stage) for stage in ("after claim", "before add", "after add", "after publish", "after remove")],
)
async def test_a_sync_that_is_killed(kind: str, stage: str, tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "documents"
    put(folder, BEFORE, 1)
    first = Open(home)
    await first.engine.run(place(folder, kind))
    assert await quotable(first) == {path: {text} for path, text in BEFORE.items()}
    await first.close()
    put(folder, AFTER, 2)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.connectors.killed", str(home), str(folder), kind, stage),
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    code = await asyncio.wait_for(process.wait(), 120)
    assert code in (-signal.SIGKILL, 0)  # a stage that is not come to three times ends by itself
    again = Open(home)
    for path, texts in (await quotable(again)).items():
        assert len(texts) == 1
        assert texts <= {BEFORE.get(path), AFTER.get(path)}
    report = await again.engine.run(place(folder, kind))
    assert report.failed == []
    assert await quotable(again) == {path: {text} for path, text in AFTER.items()}
    assert {e.status for e in again.state.entries()} == {"current"}
    held = await again.index.versions()
    assert {i: set(v) for i, v in held.items()} == {d.id: {d.version} for d in (await again.state.documents()).values()}
    await again.close()
