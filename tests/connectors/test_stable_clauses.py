"""One clause of a long contract is edited: one text is embedded, and every other chunk keeps its id."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connectors.folder import FolderSource
from connectors.state import StateStore
from connectors.sync import SyncEngine
from connectors.testing.fakes import CountingEmbedder, ListIndex
from retrieval.embed.cache import CachedEmbedder
from retrieval.parse.sandbox import SandboxParser

CLAUSES = 200


def contract(days: int) -> str:
    lines = ["Master Services Agreement", ""]
    for n in range(1, CLAUSES + 1):
        term = days if n == 117 else 30
        lines += [f"{n}. Obligation {n}", f"{n}.1 The Supplier shall perform obligation number {n} within {term} days."]
        lines += [f"The Buyer shall confirm obligation {n} in writing, and keep the confirmation for {n} months.", ""]
    return "\n".join(lines)


@pytest.mark.slow
async def test_an_edit_embeds_what_was_edited_alone(tmp_path: Path) -> None:
    file = tmp_path / "documents" / "agreement.txt"
    file.parent.mkdir()
    state = StateStore(tmp_path / "state.db")
    index, counting = ListIndex(), CountingEmbedder()
    async with SandboxParser() as parser:
        engine = SyncEngine(state, index, CachedEmbedder(counting, tmp_path / "embeddings.db"), parser)
        source = FolderSource("contracts", file.parent)
        file.write_text(contract(30))
        os.utime(file, (1_750_000_000, 1_750_000_000))
        await engine.run(source)
        before = {c.id for c in index.chunks}
        embedded = len(counting.texts)
        assert embedded >= CLAUSES // 2
        file.write_text(contract(45))
        report = await engine.run(source)
    assert report.changed == 1
    after = {c.id for c in index.chunks}
    assert len(before - after) == len(after - before) == 1
    assert len(counting.texts) == embedded + 2  # the passage, and the sentence that was edited
    assert all("45 days" in text for text in counting.texts[-2:])
    state.close()
