"""Nothing is imported while a file is read: a child could not, and the file would seem to be damaged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.retrieval.parse.formats.compound import outlook
from tests.retrieval.parse.hostile import corpus
from tests.retrieval.parse.hostile.test_hostile import READ

ROOT = Path(__file__).resolve().parents[4]
MAIL = (
    b"From: a@example.com\nDate: Mon, 2 Mar 2026 10:00:00 +0100\nSubject: =?utf-8?q?Caf=C3=A9?=\nMIME-Version: 1.0\n"
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<h1>A</h1>hi\n"
    b"--b\nContent-Type: message/rfc822\n\nSubject: inner\n\nhi\n--b--\n"
)
SAMPLES = {
    "a.md": b"# 1. A\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    "a.txt": b"1. ONE\n1.1 Two\n(a) three\n",
    "a.csv": b'a;b\n"x ""y""";2\n',
    "a.eml": MAIL,
    "a.msg": outlook("S", "body", {"a.txt": b"x"}),
}


def test_parsers_import_nothing_while_they_read(tmp_path: Path) -> None:
    samples = {**SAMPLES, "a.pptx": corpus.deck(), "a.xlsx": corpus.workbook("A1", "C3")}
    quick = {name: case for name, case in READ.items() if name != "far cells"}
    samples |= {f"{n}{Path(name).suffix}": make() for n, (name, make, _) in enumerate(quick.values())}
    for name, content in samples.items():
        (tmp_path / name).write_bytes(content)
    for document in (ROOT / "bot" / "demo" / "documents").rglob("*.*"):
        (tmp_path / document.name).write_bytes(document.read_bytes())
    code = [sys.executable, "-m", "tests.retrieval.parse.sandbox.imports", str(tmp_path)]
    assert json.loads(subprocess.check_output(code, cwd=ROOT)) == {}
