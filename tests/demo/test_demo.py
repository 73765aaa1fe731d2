"""The demo shows what it promises: answers with sections and quotes, rights kept, Monday's change, a verified log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.cli.common import DONE
from bot.demo import company
from bot.demo.play import play
from tests.demo import make_documents, texts


@pytest.mark.slow
async def test_the_whole_product_plays(capsys: pytest.CaptureFixture[str]) -> None:
    assert await play(None) == DONE
    said = capsys.readouterr().out
    assert said.rpartition("Next: your own documents")[2].count("footnote ") == 3
    scenes = dict(re.findall(r"─\n(\d+)\. [^\n]*\n─+\n(.*?)(?=\n\n─|\Z)", said, re.DOTALL))
    assert "0 not searchable" in scenes["1"]
    assert scenes["1"].count("read by") == len([p for p in company.DOCUMENTS.rglob("*") if p.is_file()])
    assert "210 EUR" in scenes["2"]
    assert "│ Paris | 210 EUR" in scenes["2"]
    assert "220 EUR" in scenes["3"]
    assert "27 days" in scenes["4"]
    assert "Up to 5 days carry over" in scenes["4"]
    assert "Section 5.2" in scenes["5"]
    assert "page 3" in scenes["5"]
    assert "1.35" not in scenes["6"]
    assert "Board" not in scenes["6"]
    assert "EUR 1.35 million" in scenes["7"]
    public, private = scenes["8"].split("only you can see this", 1)
    assert "1.35" not in public
    assert "EUR 1.35 million" in private
    assert "could not find this" in scenes["9"]
    assert "three (3) years" in scenes["10"]
    assert "five (5) years" in scenes["12"]
    assert "three" not in scenes["12"]
    assert "Verified: all" in scenes["13"]


def test_the_documents_are_what_the_script_writes(tmp_path: Path) -> None:
    """Texts compared, not bytes: libraries put dates and versions into files."""
    make_documents.main(tmp_path / "documents")

    made = {
        p.relative_to(tmp_path / "documents").as_posix() for p in (tmp_path / "documents").rglob("*") if p.is_file()
    }
    kept = {p.relative_to(company.DOCUMENTS).as_posix() for p in company.DOCUMENTS.rglob("*") if p.is_file()}
    assert made == kept
    for name in texts.PLAIN:
        assert (tmp_path / "documents" / name).read_text() == (company.DOCUMENTS / name).read_text()
