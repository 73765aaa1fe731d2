"""Real filings: every passage that people copied as evidence is found on its page.

Compared on letters and digits (NFKC, case-folded), less the running headers and footers taken out.
"""

from __future__ import annotations

import json
import unicodedata
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from retrieval.parse.pdf.parser import lay_out, read_pdf

SET = Path(__file__).resolve().parents[5] / "shared" / "eval" / "financebench"

Pages = dict[int, tuple[str, list[str]]]  # page -> its canonical text, and its running lines


def letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def pages_of(name: str) -> Pages:
    reading = read_pdf((SET / "pdfs" / f"{name}.pdf").read_bytes())
    document = lay_out(f"{name}.pdf", reading)
    texts = {p.page: document.text[p.start : p.end] for p in document.places if p.page is not None}
    return {n: (texts.get(n, ""), running) for n, running in enumerate(reading.running, start=1)}


def found(evidence: dict[str, Any], pages: Pages) -> bool:
    text, running = pages[evidence["evidence_page_num"] + 1]  # the set counts pages from 0
    taken = {letters(line) for line in running}
    kept = "".join(letters(line) for line in evidence["evidence_text"].split("\n") if letters(line) not in taken)
    return bool(kept) and kept in letters(text)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not SET.is_dir(), reason="the FinanceBench filings are not beside this checkout")
def test_every_evidence_string_is_on_its_page() -> None:
    questions = [json.loads(line) for line in (SET / "questions.jsonl").read_text("utf-8").splitlines()]
    names = sorted({q["doc_name"] for q in questions})
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        filings = dict(zip(names, pool.map(pages_of, names), strict=True))
    missed = [
        q["financebench_id"]
        for q in questions
        if not all(found(evidence, filings[q["doc_name"]]) for evidence in q["evidence"])
    ]
    assert len(questions) == 50
    assert missed == []
