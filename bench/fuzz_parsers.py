"""Fuzz the parsers with atheris for a bounded time: `python -m bench.fuzz_parsers --seconds 60 --kind html`.

Seeds are small good files; of Office files the main XML part is changed, since changed archives are
refused at the door. A finding is a crash, an endless loop, an exception that is no DocumentUnreadable,
or, in the formats that our own code reads, one that had to be translated into it. The input is written
to `--findings`, to be kept as a case of tests/retrieval/parse/hostile. Exit code 1: something was found.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import atheris

from tests.retrieval.parse.formats.compound import outlook
from tests.retrieval.parse.hostile import corpus

with atheris.instrument_imports(include=["retrieval.parse"]):
    from retrieval.errors import DocumentUnreadable
    from retrieval.parse.formats import DAMAGED, PARSERS, parse_content
    from retrieval.types import ParsedDocument

    for module, _ in PARSERS.values():
        import_module(module)

OURS = {"markdown", "text", "html", "csv"}
MAIN_PARTS = {"docx": "word/document.xml", "xlsx": "xl/worksheets/sheet1.xml", "pptx": "ppt/slides/slide1.xml"}
MAIL = b"Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b--\n"
SEEDS: dict[str, Callable[[], bytes]] = {
    "markdown": lambda: b"---\ntitle: T\n---\n# 1. A\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<p id=x>c</p>\n\n1. d\n",
    "text": lambda: b"1. ONE\n1.1 Two\n(a) three\n(b) four\n\x0cARTICLE II\nSection 2. Five\n",
    "html": lambda: b"<h1 id=a>1 A</h1><ol start=3 type=i><li>x</ol><table><tr><td>1<td>2</table><p hidden>y",
    "csv": lambda: b'a;b\n"x ""y""";2\n',
    "eml": lambda: MAIL,
    "msg": lambda: outlook("S", "body", {"a.txt": b"x"}),
    "docx": lambda: corpus.archive(corpus.docx()),
    "xlsx": lambda: corpus.workbook("A1", "C3"),
    "pptx": corpus.deck,
    "pdf": corpus.good_pdf,
}
NAMES = {"markdown": "a.md", "text": "a.txt"}


def check(parsed: ParsedDocument) -> None:
    """Every span is inside the text, and sections begin in order."""
    spans = [(s.start, s.end) for s in parsed.sections] + [(p.start, p.end) for p in parsed.places]
    assert all(0 <= start <= end <= len(parsed.text) for start, end in spans)
    assert [s.start for s in parsed.sections] == sorted(s.start for s in parsed.sections)


def fuzz(kind: str, seconds: int, findings: Path) -> None:
    """Run one kind; the fuzzer ends this process, with another exit code than 0 when it found something."""
    whole, part = SEEDS[kind](), MAIN_PARTS.get(kind)
    seed = zipfile.ZipFile(io.BytesIO(whole)).read(part) if part else whole

    def once(data: bytes) -> None:
        content = corpus.changed(whole, part, lambda _: data) if part else data
        try:
            check(parse_content(NAMES.get(kind, f"a.{kind}"), content))
        except DocumentUnreadable as error:
            if kind in OURS and isinstance(error.__cause__, DAMAGED):
                raise error.__cause__ from error

    folder = tempfile.mkdtemp()
    Path(folder, "seed").write_bytes(seed)
    settings = (f"-max_total_time={seconds}", "-timeout=20", f"-artifact_prefix={findings}/{kind}-", "-verbosity=1")
    atheris.Setup([sys.argv[0], folder, *settings], once)
    atheris.Fuzz()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=20, help="time for each kind")
    options.add_argument("--kind", choices=[*SEEDS, "all"], default="all")
    options.add_argument("--findings", type=Path, default=Path(tempfile.gettempdir(), "footnote-fuzz"))
    given = options.parse_args()
    given.findings.mkdir(parents=True, exist_ok=True)
    if given.kind != "all":
        fuzz(given.kind, given.seconds, given.findings)
    failed = []
    for kind in SEEDS:  # one process each: the fuzzer ends the process it runs in
        command = [sys.executable, "-m", "bench.fuzz_parsers", "--kind", kind]
        command += ["--seconds", str(given.seconds), "--findings", str(given.findings)]
        if os.spawnv(os.P_WAIT, sys.executable, command):
            failed.append(kind)
    print(f"fuzzed {', '.join(SEEDS)} for {given.seconds} s each; findings in: {', '.join(failed) or 'none'}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
