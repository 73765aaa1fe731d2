"""Prints, contract by contract, how far LibreOffice's numbers agree with ours. Run it by hand:

    python -m tests.retrieval.parse.docx.compare_libreoffice [FILE.docx ...]

It needs `soffice` on the path (Debian: libreoffice-writer). LibreOffice prints displayed numbers,
so displayed numbers are compared, not labels. Differences are explained in docs/docx-numbering.md.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from retrieval.parse.docx.parser import parse_docx
from tests.retrieval.parse.docx.contracts import CONTRACTS


def printed_by_libreoffice(content: bytes) -> list[str]:
    """The lines of LibreOffice's text export, blanks normalised."""
    soffice = shutil.which("soffice")
    if soffice is None:
        raise SystemExit("soffice is not on the path; install libreoffice-writer and run this again.")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "contract.docx")
        source.write_bytes(content)
        subprocess.run(
            [
                soffice,
                "--headless",
                f"-env:UserInstallation=file://{folder}/profile",
                "--convert-to",
                "txt:Text (encoded):UTF8",
                "--outdir",
                folder,
                str(source),
            ],
            check=True,
            capture_output=True,
            timeout=600,
        )
        text = Path(folder, "contract.txt").read_text("utf-8-sig")
    return [" ".join(line.split()) for line in text.splitlines()]


def compare(name: str, content: bytes) -> tuple[int, int]:
    """Numbers that agree, and all numbers, of one document; differences are printed."""
    parsed = parse_docx(name, content)
    lines = printed_by_libreoffice(content)
    squeezed = [line.replace(" ", "") for line in lines]  # its text export puts a blank after every number
    agreed = total = at = 0
    differences = []
    for section in parsed.sections:
        if section.label is None:
            continue
        total += 1
        ours = " ".join(parsed.text[section.start : section.end].split("\n")[0].split())
        if ours.replace(" ", "") in squeezed[at:]:
            at = squeezed.index(ours.replace(" ", ""), at) + 1
            agreed += 1
        else:
            differences.append((section.label, ours, _nearest(ours, lines[at:])))
    sys.stdout.write(f"{name}: {agreed} of {total} numbers agree\n")
    for label, ours, theirs in differences:
        sys.stdout.write(f"    {label}: ours {ours[:60]!r}, LibreOffice {theirs[:60]!r}\n")
    return agreed, total


def _nearest(ours: str, lines: Iterable[str]) -> str:
    """The line that ends like ours: the same text behind another number."""
    words = ours.split()
    for keep in (words[1:], words[2:], words[-3:]):
        tail = " ".join(keep)
        found = next((line for line in lines if tail and line.endswith(tail)), None)
        if found is not None:
            return found
    return ""


def main() -> None:
    files = [Path(arg) for arg in sys.argv[1:]]
    documents = [(f.name, f.read_bytes()) for f in files] or [(c.name, c.content) for c in CONTRACTS]
    results = [compare(name, content) for name, content in documents]
    sys.stdout.write(f"all: {sum(a for a, _ in results)} of {sum(t for _, t in results)} numbers agree\n")


if __name__ == "__main__":
    main()
