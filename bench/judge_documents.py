"""Words and figures kept of other people's files, beside pdftotext and pandoc, and whether every file ends well.

    python -m bench.judge_documents FOLDER... [--most-bytes N] [--json]

For each file that a judge can read (PDF: pdftotext of poppler-utils; DOCX, HTML, PPTX, XLSX, Markdown: pandoc; both
run as commands where they are installed): the share of the judge's words and figures that our text holds, and of our
figures that the judge has. Header and footer lines, hidden and struck-out text count against us, since judges keep
them; `left_out` says what they are. For all files: how many were read, and the reasons for those that were not.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from retrieval.errors import DocumentUnreadable
from retrieval.parse.formats import PARSERS, parse_content

PATIENCE = 60  # seconds for a judge and a file
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W\d_]{2,}")
_EXTENSIONS = {
    **{".pdf": "pdf", ".docx": "docx", ".xlsx": "xlsx", ".pptx": "pptx", ".html": "html", ".htm": "html"},
    **{".md": "markdown", ".eml": "eml", ".msg": "msg", ".csv": "csv"},
}
_PANDOC = {"docx": "docx", "html": "html", "markdown": "gfm", "pptx": "pptx", "xlsx": "xlsx"}


@dataclass(slots=True)
class Tally:
    """What came of the files of one kind. Shares are of words and figures, summed over the files."""

    files: int = 0
    read: int = 0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    judged: int = 0
    judge_seconds: float = 0.0
    words: int = 0
    words_kept: int = 0
    figures: int = 0
    figures_kept: int = 0
    ours: int = 0
    ours_known: int = 0

    def shares(self) -> dict[str, float | None]:
        def share(part: int, whole: int) -> float | None:
            return round(part / whole, 4) if whole else None

        return {
            "words kept": share(self.words_kept, self.words),
            "figures kept": share(self.figures_kept, self.figures),
            "our figures that the judge has": share(self.ours_known, self.ours),
        }


def kept(theirs: Iterable[str], ours: Iterable[str]) -> tuple[int, int]:
    """How many there are of `theirs`, and how many of them `ours` has, each counted as often as it stands."""
    wanted, have = Counter(theirs), Counter(ours)
    return wanted.total(), (wanted & have).total()


def words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(re.sub(r"(?<=[^\W\d_])-\s*\n\s*", "", text))]


def figures(text: str) -> list[str]:
    return _FIGURE.findall(text)


def judge(kind: str, path: Path) -> str | None:
    """What pdftotext or pandoc reads of a file; None where neither is installed or can."""
    if kind == "pdf":
        command = ["pdftotext", "-q", str(path), "-"]
    elif kind in _PANDOC:
        command = ["pandoc", "-f", _PANDOC[kind], "-t", "plain", "--wrap=none", str(path)]
    else:
        return None
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def files(folders: Sequence[Path], most: int) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            kind = _EXTENSIONS.get(path.suffix.lower())
            if kind in PARSERS and path.is_file() and path.stat().st_size <= most:
                yield kind, path


def measure(folders: Sequence[Path], most: int) -> dict[str, Tally]:
    """The tallies by kind of file."""
    tallies: dict[str, Tally] = {}
    for kind, path in files(folders, most):
        tally = tallies.setdefault(kind, Tally())
        tally.files += 1
        begun = time.perf_counter()
        try:
            text = parse_content(path.name, path.read_bytes()).text
        except DocumentUnreadable as error:
            tally.reasons[f"{type(error).__name__}: {error}"] += 1
            continue
        finally:
            tally.seconds += time.perf_counter() - begun
        tally.read += 1
        begun = time.perf_counter()
        theirs = judge(kind, path)
        if theirs is None:
            continue
        tally.judge_seconds += time.perf_counter() - begun
        tally.judged += 1
        for name, of in (("words", words), ("figures", figures)):
            all_, found = kept(of(theirs), of(text))
            setattr(tally, name, getattr(tally, name) + all_)
            setattr(tally, f"{name}_kept", getattr(tally, f"{name}_kept") + found)
        all_, found = kept(figures(text), figures(theirs))
        tally.ours, tally.ours_known = tally.ours + all_, tally.ours_known + found
    return tallies


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="judge_documents", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--most-bytes", type=int, default=3_000_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    tallies = measure(given.folders, given.most_bytes)
    if given.json:
        print(json.dumps({kind: {**asdict(tally), **tally.shares()} for kind, tally in tallies.items()}, indent=2))
        return
    for kind, tally in tallies.items():
        print(f"{kind}: {tally.read} of {tally.files} read in {tally.seconds:.1f} s", end="")
        print(f"; judged {tally.judged} in {tally.judge_seconds:.1f} s: {tally.shares()}" if tally.judged else "")
        for reason, count in tally.reasons.most_common():
            print(f"    {count} × {reason}")


if __name__ == "__main__":
    main(sys.argv[1:])
