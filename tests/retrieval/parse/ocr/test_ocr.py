"""Scanned pages, through the real sandbox: read for sure, or named; never guessed, never a crash."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageDraw

from retrieval.errors import DocumentUnreadable, ParserLimit
from retrieval.parse.pdf.parser import parse_pdf
from retrieval.parse.sandbox import Ocr, SandboxLimits, SandboxParser
from retrieval.types import ParsedDocument
from tests.retrieval.parse.children import a_child, zygotes
from tests.retrieval.parse.ocr import making
from tests.retrieval.parse.ocr.making import Picture, contract, joined, pictures, scanned
from tests.retrieval.parse.pdf.making import drawn, lines

READ = "text read from a scanned page by OCR"
PARTLY = "part of a scanned page that OCR could not read"
PROSE = ["The Supplier keeps all records for ten years and shows", "them to the Customer within 14 days of a request."]


@pytest.fixture
async def parser() -> AsyncIterator[SandboxParser]:
    making.need_ocr()
    async with SandboxParser(children=1, ocr=Ocr()) as made:
        yield made


@pytest.fixture(scope="module")
def pages() -> list[Picture]:
    return pictures(contract())


def proc(*parts: object) -> str:
    return Path("/proc", *map(str, parts)).read_text("ascii")


def left_out(document: ParsedDocument) -> list[tuple[str, str]]:
    return [(item.what, item.where) for item in document.left_out]


def page_of(*texts: str) -> bytes:
    def page(canvas: Any) -> None:
        lines(canvas, texts)

    return drawn(page)


def parts(document: ParsedDocument) -> list[tuple[str | None, str, int | None]]:
    return [(section.label, section.heading, section.page_start) for section in document.sections]


async def test_a_clear_scan_has_the_labels_pages_and_words_of_its_print(
    parser: SandboxParser, pages: list[Picture]
) -> None:
    printed = parse_pdf("contract.pdf", contract())
    document = await parser.parse("contract.pdf", scanned(pages))
    assert parts(document) == parts(printed)
    assert len([label for label, _, _ in parts(document) if label]) == 50
    assert document.text.split() == printed.text.split()
    assert [place.page for place in document.places] == [1, 2, 3]
    assert left_out(document) == [(READ, f"page {n}") for n in (1, 2, 3)]


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(making.askew, id="askew"),
        pytest.param(making.grainy, id="grainy"),
        pytest.param(making.turned(90), id="on the left side"),
        pytest.param(making.turned(180), id="upside down"),
        pytest.param(making.turned(270), id="on the right side"),
    ],
)
async def test_a_scan_that_lies_badly_has_the_labels_and_words_of_its_print(
    parser: SandboxParser, harm: Callable[[Picture], Picture]
) -> None:
    printed = parse_pdf("contract.pdf", contract(1))
    document = await parser.parse("contract.pdf", scanned([harm(page) for page in pictures(contract(1))]))
    assert parts(document) == parts(printed)
    assert len([label for label, _, _ in parts(document) if label]) == 10
    assert document.text.split() == printed.text.split()
    assert left_out(document) == [(READ, "page 1")]


async def test_a_black_and_white_scan_is_read(parser: SandboxParser) -> None:
    scans = [making.black_and_white(page) for page in pictures(contract(1), 300)]
    document = await parser.parse("contract.pdf", scanned(scans, 300))
    assert parts(document) == parts(parse_pdf("contract.pdf", contract(1)))


async def test_without_the_setting_scanned_pages_are_named_alone(pages: list[Picture]) -> None:
    text = page_of(*PROSE)
    async with SandboxParser(children=1) as off:
        mixed = await off.parse("mixed.pdf", joined(text, scanned(pages[:1])))
        with pytest.raises(DocumentUnreadable, match="none of the 1 pages has a text layer; run text recognition"):
            await off.parse("scan.pdf", scanned(pages[:1]))
    assert left_out(mixed) == [("scanned page", "page 2")]
    assert mixed.text.split() == " ".join(PROSE).split()


@pytest.mark.slow
async def test_each_page_says_what_became_of_it(parser: SandboxParser, pages: list[Picture]) -> None:
    text = page_of(*PROSE)
    scans = scanned([pages[2], making.blank(), making.beyond_reading(pictures(contract(1))[0])])
    document = await parser.parse("mixed.pdf", joined(text, scans))
    assert sorted(left_out(document), key=lambda item: item[1]) == [
        (READ, "page 2"),
        ("scanned page on which OCR found no text", "page 3"),
        ("scanned page that OCR could not read", "page 4"),
    ]
    assert [place.page for place in document.places] == [1, 2]
    assert "5.1 The fee in year 1 is EUR 6,281 and is due within 51 days." in document.text.replace("\n", " ")


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        pytest.param(making.blank, "^scanned, not readable: OCR found no text on any page", id="blank"),
        pytest.param(
            lambda: making.beyond_reading(pictures(contract(1))[0]),
            "^scanned, not readable: OCR could read none of the pages for sure; scan them again",
            id="beyond reading",
        ),
        pytest.param(
            lambda: making.speckled(pictures(contract(1))[0]),
            "^scanned, not readable: OCR could read none of the pages for sure; scan them again",
            id="specks",
        ),
    ],
)
async def test_a_scan_without_a_word_to_read_is_not_searchable(
    parser: SandboxParser, page: Callable[[], Picture], reason: str
) -> None:
    with pytest.raises(DocumentUnreadable, match=reason):
        await parser.parse("scan.pdf", scanned([page()]))
    assert (await parser.parse("a.md", b"# Next\n\nIs read.\n")).title == "Next"


async def test_a_number_struck_out_is_not_guessed(parser: SandboxParser) -> None:
    print_ = page_of("1. Fees", "The fee is EUR 1,345 and is due within 11 days.", *PROSE, *PROSE, *PROSE)
    (page,) = pictures(print_)
    x0, y0, x1, y1 = making.word_box(print_, "1,345")
    ImageDraw.Draw(page).line([x0, y0, x1, y1, x0, y1 - 3, x1, y0 + 3, x0, (y0 + y1) / 2, x1, y0], 0, 3)
    document = await parser.parse("struck.pdf", scanned([page]))
    numbers = re.findall(r"\d[\d.,]*\d|\d", document.text)
    assert set(numbers) == {"1", "11", "14"}
    assert "The fee is EUR [illegible] and is due within 11 days." in document.text
    assert left_out(document) == [(READ, "page 1"), (PARTLY, "page 1")]


async def test_a_scribble_is_left_out(parser: SandboxParser) -> None:
    (page,) = pictures(page_of("1. Records", *PROSE))
    draw = ImageDraw.Draw(page)
    for row in range(5):  # hatching, as of a stamp or a photograph
        for n in range(60):
            x, y = 300 + 9 * n, 1200 + 60 * row
            draw.line([x, y, x + (n * 37) % 23 - 11, y + 45], 0, 2)
    document = await parser.parse("signed.pdf", scanned([page]))
    assert document.text.split() == ["1.", "Records", *" ".join(PROSE).split()]


async def test_a_word_broken_at_a_line_end_is_joined_for_the_search_alone(parser: SandboxParser) -> None:
    (page,) = pictures(page_of("The Customer holds the Supplier free of any indem-", "nification claims."))
    document = await parser.parse("broken.pdf", scanned([page]))
    (join,) = document.joins
    assert document.text[join - 5 : join + 5] == "indem-\nnif"


async def test_pages_beyond_the_limit_are_named(pages: list[Picture]) -> None:
    making.need_ocr()
    async with SandboxParser(children=1, ocr=Ocr(pages=1)) as parser:
        content = scanned([pages[2], pages[2], pages[2]])
        first = await parser.parse("long.pdf", content)
        again = await parser.parse("long.pdf", content)
    beyond = "scanned page beyond the pages of one file that OCR reads"
    assert left_out(first) == [(READ, "page 1"), (beyond, "page 2"), (beyond, "page 3")]
    assert again == first


@pytest.mark.slow
async def test_each_scanned_page_brings_its_processor_time(pages: list[Picture]) -> None:
    making.need_ocr()
    content = scanned(pages)
    async with SandboxParser(SandboxLimits(cpu_seconds=1), children=1, ocr=Ocr()) as parser:
        assert len((await parser.parse("long.pdf", content)).places) == 3
    async with SandboxParser(SandboxLimits(cpu_seconds=1), children=1, ocr=Ocr(cpu_seconds=0)) as parser:
        with pytest.raises(ParserLimit, match="1 s of processor time, and 0 s for each scanned page"):
            await parser.parse("long.pdf", content)


async def test_a_child_that_reads_scans_has_no_more_rights(parser: SandboxParser, pages: list[Picture]) -> None:
    reading = asyncio.create_task(parser.parse("scan.pdf", scanned(pages[2:])))
    child = await a_child()
    assert re.search(r"^Threads:\s+1$", proc(child, "status"), re.MULTILINE)
    assert proc(zygotes()[0], "environ") == "OPENBLAS_NUM_THREADS=1\0OMP_THREAD_LIMIT=1\0"
    limits = proc(child, "limits")
    assert re.search(r"^Max address space\s+1073741824 ", limits, re.MULTILINE)
    assert re.search(r"^Max processes\s+0 ", limits, re.MULTILINE)
    await reading


# --- what is not installed --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ocr", "reason"),
    [
        pytest.param(Ocr("xyz"), 'data for "xyz" is not installed: on Debian, apt install tesseract-ocr-xyz', id="one"),
        pytest.param(Ocr("eng+chi_sim"), "apt install tesseract-ocr-eng tesseract-ocr-chi-sim", id="one of two"),
        pytest.param(
            Ocr(folder="/no-such-folder"), 'data for "eng" is not installed in /no-such-folder', id="no folder"
        ),
    ],
)
async def test_missing_language_data_is_named_once(pages: list[Picture], ocr: Ocr, reason: str) -> None:
    making.need_ocr()
    text = page_of(*PROSE)
    async with SandboxParser(children=1, ocr=ocr) as parser:
        with pytest.raises(DocumentUnreadable, match=re.escape(reason)):
            await parser.parse("scan.pdf", scanned(pages[:1]))
        mixed = await parser.parse("mixed.pdf", joined(text, scanned(pages[:2])))
        plain = await parser.parse("text.pdf", text)
    *scans, (missing, where) = left_out(mixed)
    assert scans == [("scanned page", "page 2"), ("scanned page", "page 3")]
    assert reason in missing
    assert where == "the file"
    assert not left_out(plain)


async def test_damaged_language_data_is_named(tmp_path: Path, pages: list[Picture]) -> None:
    making.need_ocr()
    (tmp_path / "eng.traineddata").write_bytes(b"no model at all" * 300)
    async with SandboxParser(children=1, ocr=Ocr(folder=str(tmp_path))) as parser:
        with pytest.raises(DocumentUnreadable, match=f'cannot use its data for "eng" in {tmp_path}'):
            await parser.parse("scan.pdf", scanned(pages[:1]))


def test_a_missing_library_is_named(tmp_path: Path, pages: list[Picture]) -> None:
    (tmp_path / "scan.pdf").write_bytes(scanned(pages[:1]))
    code = (
        "import sys; sys.modules['tesserocr'] = None\n"
        "from retrieval.errors import DocumentUnreadable\n"
        "from retrieval.parse.formats import parse_content\n"
        "from retrieval.parse.ocr import Recognizer\n"
        "try: parse_content('scan.pdf', open(sys.argv[1], 'rb').read(), Recognizer('eng', None, pages=1, turned=0))\n"
        "except DocumentUnreadable as error: print(error)\n"
    )
    said = subprocess.check_output([sys.executable, "-c", code, str(tmp_path / "scan.pdf")], text=True)
    assert "OCR is switched on, but tesserocr is not installed: pip install tesserocr" in said
