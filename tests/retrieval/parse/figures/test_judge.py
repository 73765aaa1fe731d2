"""The share of words and figures kept, as `bench.judge_documents` reckons it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.judge_documents import figures, kept, measure
from tests.retrieval.parse.figures.making import Run, as_pdf


def test_shares_count_every_occurrence() -> None:
    assert kept(figures("1,200 and 1,200, 7"), figures("EUR 1,200[1]; 7 days")) == (3, 2)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_beside_pdftotext(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(as_pdf([[Run("The notice period is 60 days.")], [Run("The fee is EUR 1,200.")]]))
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.4 cut short")
    tally = measure([tmp_path], 10_000)["pdf"]
    assert (tally.files, tally.read, tally.judged) == (2, 1, 1)
    assert [reason.split(":")[0] for reason in tally.reasons] == ["DocumentUnreadable"]
    assert set(tally.shares().values()) == {1.0}
