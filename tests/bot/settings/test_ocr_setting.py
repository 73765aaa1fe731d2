"""The setting for scanned pages reaches the parser, as `inspect` shows."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.retrieval.parse.ocr.making import contract, need_ocr, pictures, scanned
from tests.servers.commands import MAIN, run


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        pytest.param({}, 1, "none of the 1 pages has a text layer; run text recognition first", id="off"),
        pytest.param({"FOOTNOTE_OCR": "true"}, 0, "", id="on"),
        pytest.param(
            {"FOOTNOTE_OCR": "true", "FOOTNOTE_OCR_LANGUAGE": "xyz"}, 1, "apt install tesseract-ocr-xyz", id="language"
        ),
        pytest.param({"FOOTNOTE_OCR": "true", "FOOTNOTE_OCR_LANGUAGE": "../eng"}, 2, "ocr_language", id="no language"),
    ],
)
def test_scanned_pages_are_read_as_the_settings_say(
    tmp_path: Path, settings: dict[str, str], code: int, said: str
) -> None:
    need_ocr()
    (tmp_path / "scan.pdf").write_bytes(scanned(pictures(contract(1))))
    done = run(MAIN, "inspect", "scan.pdf", "--json", cwd=tmp_path, env={**os.environ, **settings})
    assert done.returncode == code, done.stderr
    assert said in done.stderr + done.stdout
    if code == 0:
        tree = json.loads(done.stdout)
        assert tree["left_out"] == [{"what": "text read from a scanned page by OCR", "where": "page 1"}]
        assert "1.3(b)" in [section["label"] for section in tree["sections"]]
