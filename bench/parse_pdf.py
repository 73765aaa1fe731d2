"""Pages a second and peak memory of the PDF parser, beside pypdf and pdfplumber in the same run.

    python -m bench.parse_pdf [FOLDER] [--files N] [--peer-pages N] [--json]

Without a folder: the filings beside the checkout when they are there, else PDFs made here. Each reader
runs in a process of its own; the slow ones read a sample of pages spread over the same files. Seconds are
CPU seconds of one process, so that a busy machine changes them little. The readers do not do the same work:
ours separates hidden text and finds sections, tables and running lines, the others extract text.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import pdfplumber
import pypdf
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from retrieval.parse.pdf.parser import parse_pdf

FILINGS = Path(__file__).resolve().parents[2] / "shared" / "eval" / "financebench" / "pdfs"


@dataclass(frozen=True, slots=True)
class Result:
    """What one reader did. `seconds` are CPU seconds, `peak_mb` the process's peak resident memory."""

    reader: str
    pages: int
    seconds: float
    pages_per_second: float
    peak_mb: int


def ours(path: Path, limit: int) -> int:
    document = parse_pdf(path.name, path.read_bytes())
    return max((place.page or 0 for place in document.places), default=0)


def by_pypdf(path: Path, limit: int) -> int:
    reader = pypdf.PdfReader(path)
    chosen = _spread(len(reader.pages), limit)
    for index in chosen:
        reader.pages[index].extract_text()
    return len(chosen)


def by_pdfplumber(path: Path, limit: int) -> int:
    with pdfplumber.open(path) as document:
        chosen = _spread(len(document.pages), limit)
        for index in chosen:
            document.pages[index].extract_text()
            document.pages[index].close()
        return len(chosen)


READERS: dict[str, Callable[[Path, int], int]] = {"footnote": ours, "pypdf": by_pypdf, "pdfplumber": by_pdfplumber}


def _spread(count: int, limit: int) -> list[int]:
    """Up to `limit` page indexes spread evenly over `count` pages."""
    step = max(1, -(-count // limit))
    return list(range(0, count, step))


def measure(reader: str, paths: Sequence[Path], limit: int) -> Result:
    """Run one reader over all files; meant for a fresh process, since peak memory never falls."""
    started = time.process_time()
    pages = sum(READERS[reader](path, limit) for path in paths)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Result(reader, pages, round(seconds, 2), round(pages / seconds, 1), peak)


def run(paths: Sequence[Path], limit: int) -> list[Result]:
    """One result a reader, each measured in its own process, one after the other."""
    results = []
    for reader in READERS:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            results.append(pool.submit(measure, reader, paths, limit).result())
    return results


def make_sample(folder: Path) -> list[Path]:
    """Two small PDFs: a contract of 20 pages and a report of 20 pages of tables."""
    paths = [folder / "contract.pdf", folder / "report.pdf"]
    for path, draw in zip(paths, (_contract_page, _table_page), strict=True):
        canvas = Canvas(str(path), pagesize=A4)
        for number in range(1, 21):
            canvas.setFont("Helvetica", 10)
            draw(canvas, number)
            canvas.drawCentredString(297, 30, str(number))
            canvas.showPage()
        canvas.save()
    return paths


def _contract_page(canvas: Canvas, number: int) -> None:
    for row in range(50):
        clause = f"{number}.{row // 5 + 1} " if row % 5 == 0 else ""
        canvas.drawString(
            72, 780 - 14 * row, f"{clause}The supplier performs its duties under this clause with due care and skill."
        )


def _table_page(canvas: Canvas, number: int) -> None:
    for row in range(45):
        canvas.drawString(72, 780 - 14 * row, f"Position {number}-{row}")
        for column in range(4):
            canvas.drawRightString(260 + 80 * column, 780 - 14 * row, f"{(row * 37 + column * 11) * number:,}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed and memory of the PDF parser beside pypdf and pdfplumber.")
    parser.add_argument("folder", nargs="?", type=Path, help="folder of PDFs; default: the filings, or made PDFs")
    parser.add_argument("--files", type=int, default=4, help="how many files, spread over the folder; 0 for all")
    parser.add_argument("--peer-pages", type=int, default=12, help="pages of each file that the other readers read")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    folder = options.folder or (FILINGS if FILINGS.is_dir() else None)
    with tempfile.TemporaryDirectory() as made:
        paths = sorted(folder.glob("*.pdf")) if folder else make_sample(Path(made))
        if options.files:
            paths = [paths[i] for i in _spread(len(paths), options.files)]
        results = run(paths, options.peer_pages)
    _print(results, len(paths), as_json=options.json)


def _print(results: Sequence[Result], files: int, *, as_json: bool) -> None:
    first = results[0]
    if as_json:
        print(json.dumps({"files": files, "results": [asdict(r) for r in results]}))
        return
    print(f"{files} files\n{'reader':12} {'pages':>6} {'CPU s':>8} {'pages/s':>8} {'times ours':>10} {'peak MB':>8}")
    for r in results:
        ratio = r.pages_per_second / first.pages_per_second
        print(f"{r.reader:12} {r.pages:6} {r.seconds:8.2f} {r.pages_per_second:8.1f} {ratio:10.2f} {r.peak_mb:8}")


if __name__ == "__main__":
    main()
