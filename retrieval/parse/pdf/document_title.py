"""The title of a PDF: from its metadata, its first page and its file name, so that it names one document.

Titles are indexed beside every passage, so a title says what the document is, whose, and for what period.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePosixPath

from retrieval.parse.clauses.numbers import readings
from retrieval.parse.pdf.paragraphs import BodyType, Paragraph
from retrieval.parse.titling import names

MAX_TITLE = 160
_PROSE = 24  # words, from which on a paragraph is none of a cover's lines

_JUNK_NAME = re.compile(
    r"(?:scan|img|image|doc|document|file|untitled|download|export|print|output|attachment|temp|tmp|page|copy|new|final|draft|signed|v)+\d*",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"for\s+the\s+(?:(?:fiscal|financial|quarterly|annual|transition)\s+)*(?:year|period|quarter|half-year|month)s?\s+ended[:\s]+"
    r"(?:[A-Z][a-z]{2,8}\.?\s+\d{1,2},?\s+\d{4}|\d{1,2}\.?\s+[A-Z][a-z]{2,8}\s+\d{4})",
    re.IGNORECASE,
)
_OWNER = re.compile(
    r"\(?\s*(?:exact |full |legal )*name of (?:the )?(?:\w+ )?(?:registrant|issuer|company|filer|applicant)", re.I
)
_FORM = re.compile(r"form\s+[\w-]{1,12}(?:/A)?", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W_]+")


def title_of(name: str, metadata: str, first_page: Sequence[Paragraph], body: BodyType) -> str:
    """A title for people and for the index; never empty. `name`: the file's, with or without a path."""
    stem = PurePosixPath(name.replace("\\", "/")).name
    stem = re.sub(r"\.pdf$", "", stem, flags=re.IGNORECASE)
    file_words = " ".join(re.sub(r"[_+]+|(?<=\w)[-.](?=[A-Za-z])|%20", " ", stem).split())
    base = " ".join(metadata.split())
    if not names(base, body.words) or (len(base.split()) < 2 and "_" in base):
        telling = [p for p in first_page if names(" ".join(p.text.split()), body.words) or p.words > _PROSE]
        base = _cover_form(first_page) or _layout_title(telling, body)
    period = _period(first_page)
    if base and period and not _told(period, base):
        base = f"{base}, {period}"
    if not base:
        return file_words[:MAX_TITLE] or "Untitled PDF"
    if _adds(file_words, base):
        base = f"{base[: MAX_TITLE - len(file_words) - 3]} ({file_words})" if len(file_words) < MAX_TITLE - 20 else base
    return base[:MAX_TITLE].strip()


def _adds(file_words: str, title: str) -> bool:
    """Whether the file's name says something that the title does not."""
    known = re.sub(r"[\W_]+", "", title.casefold())
    tokens = [t.casefold() for t in _TOKEN.findall(file_words) if not _JUNK_NAME.fullmatch(t)]
    new = [t for t in tokens if t not in known and (len(t) > 2 or any(c.isdigit() for c in t))]
    coded = all(len(t) > 15 or (len(t) > 6 and re.search(r"\d[a-f]|[a-f]\d", t)) for t in new)
    return bool(new) and not coded and any(any(c.isalpha() for c in t) or len(t) == 4 for t in new)


def _told(period: str, title: str) -> bool:
    year = re.findall(r"\d{4}", period)[-1:]
    return bool(year) and year[0] in title and "ended" in title.lower()


def _period(first_page: Sequence[Paragraph]) -> str:
    for item in first_page:
        found = _PERIOD.search(" ".join(item.text.replace(" | ", " ").split()))
        if found:
            words = re.sub(r"[:\s]+", " ", found[0]).split(" ")
            return " ".join(w.lower() if w.isupper() or n < 2 else w for n, w in enumerate(words[2:], start=0)).replace(
                "  ", " "
            )
    return ""


def _cover_form(first_page: Sequence[Paragraph]) -> str:
    """ "OWNER – FORM X" of an official form, whose cover captions the owner's name; "" for other documents."""
    shown = [p for p in first_page if p.text.strip()]
    owner = next((a for a, b in pairwise(shown) if _OWNER.match(b.text) and _name_like(a)), None)
    form = next((p for p in shown if _FORM.fullmatch(p.text.strip())), None)
    return " – ".join(" ".join(p.text.split()) for p in (owner, form) if p is not None) if owner else ""


def _name_like(item: Paragraph) -> bool:
    return item.table is None and 0 < item.words <= 12 and any(c.isalpha() for c in item.text) and item.text[0] != "("


def _layout_title(first_page: Sequence[Paragraph], body: BodyType) -> str:
    """The largest type at the top of the first page, up to three lines of it."""
    shown = [p for p in first_page if p.table is None and sum(c.isalpha() for c in p.text) > 2 and p.words <= 24]
    if not shown:
        return ""
    largest = max(p.size for p in shown)
    if largest > body.size * 1.1:
        parts = [p for p in shown if p.size > largest * 0.93][:3]
    else:
        top = [p for p in shown[:6] if p.text[0] != "(" and (p.bold or p.centred or p.text.isupper())]
        parts = top[:1] if top else []
    prose = next((n for n, p in enumerate(first_page) if p.words > 24), len(first_page))
    cover = [p for p in first_page[:prose] if p in shown and p not in parts and not readings(p.text)]
    second = [p for p in cover if p.size > body.size * 1.1 and p.text[0] != "("]
    if len(parts) == 1 and largest > body.size * 1.1 and second:
        parts = [p for p in shown if p in parts or p is max(second, key=lambda q: q.size)]
    return " – ".join(" ".join(p.text.split()) for p in parts)[:MAX_TITLE].strip(" .:–—-")
