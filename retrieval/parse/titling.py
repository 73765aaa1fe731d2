"""Which of a file's titles names it for people: its own property, its first heading, or its name.

A title is shown beside every answer and indexed with every passage. One that names no document ("Untitled-1", a
template's tag, an address, a form's number) is passed over; the file's name is the last.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote

from retrieval.parse.blocks import Block
from retrieval.parse.clauses.numbers import readings
from retrieval.parse.deleted import unmarked, without

MAX_TITLE = 200
_LINE = 12  # words of a line that may be the title
_HEADINGS = 3  # that may be the title
_OFTEN = 3  # times that a word of a doubtful title stands in the document
_SMALL = 150  # words of a document too short to tell
_READ = 200_000  # characters of the text that are looked at

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_TOKEN = re.compile(r"\S+")
_MARKUP = re.compile(r"<[%!?/]?[A-Za-z][^<>]{0,80}>|<%|%>|\{\{|\}\}|\{%|%\}|\$\{|\[\[|\]\]|&[a-z]+;")
_PLACEHOLDER = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}|([$%#@_~^|])\1*[\w .-]+\1+")  # "[Company Name]", "%%TITLE%%"
_CONTACT = re.compile(r"\S@\S+\.\S|https?://|www\.|\+\d[\d ()/-]{6,}|\(\d{3}\)\s*\d{3}-\d{4}", re.IGNORECASE)
_YEARS = re.compile(r"(?:19|20)\d\d(?:[/–-](?:19|20)?\d\d)?")
_JUNK = re.compile(
    r"(?:microsoft (?:word|excel|powerpoint)\s*-.*|powerpoint.*|untitled.*|(?:document|dokument|doc)\s*\d*|"
    r".*\.(?:docx?|xlsx?|pptx?|pdf|indd|x?html?|rtf|txt|tmp|qxd|md|odt)|[0-9a-f-]{16,}|"
    r"(?:slide|page|sheet|blank|scan|print|title|new|none|null|unknown|index|home|default|template)\s*\d*(?:\s?(?:of|/)\s?\d+)?)",
    re.IGNORECASE,
)


def title_of(name: str, offered: Iterable[str], words: Counter[str]) -> str:
    """The first of the titles offered, best first, that names the document; else the file's name.

    `name` is the file's, with or without folders; `words` counts the document's words in lower case.
    """
    kept = [" ".join(without(text).split())[:MAX_TITLE].strip(" .:;–—-|") for text in offered]
    chosen = next((text for text in kept if names(text, words)), "")
    if chosen:
        return chosen
    file = file_title(name)
    plain = next((text for text in kept if text and not _is_junk(text)), "")
    return file if names(file, words) or not plain else plain


def _is_junk(text: str) -> bool:
    return any((_MARKUP.search(text), _JUNK.fullmatch(text), _PLACEHOLDER.fullmatch(text)))


def file_title(name: str) -> str:
    """A title from a file's name; saved web pages write a space as %20."""
    return unquote(PurePosixPath(name.replace("\\", "/")).stem) or name


def first_headings(blocks: Iterable[Block]) -> list[str]:
    """The first unnumbered headings of a document: a numbered one names a part, not the whole.

    Where there is none, a line above the first numbered one that may be the title.
    """
    found: list[str] = []
    above = ""
    for n, block in enumerate(blocks):
        if block.level is not None and block.label is not None:
            return found[:_HEADINGS] or [above]
        if block.level is not None and block.heading:
            found.append(block.heading)
        elif n == 0 and _may_be_title(block):
            above = block.text
    return found[:_HEADINGS]


def _may_be_title(block: Block) -> bool:
    """Whether a document's first line is short, and no sentence, row or clause."""
    text = unmarked(block.text).strip()
    return (
        block.table is None
        and 1 < len(text.split()) <= _LINE
        and not text[0].islower()
        and "\n" not in text
        and text[-1] not in ".;,:!?"
        and not readings(text)
    )


def words_of(text: str) -> Counter[str]:
    """The words of a text, lower case."""
    return Counter(word.lower() for word in _WORD.findall(text[:_READ]))


def names(title: str, words: Counter[str]) -> bool:
    """Whether a title says what the document is: words, and not a tag, an address, a number or a date alone."""
    if len(title) < 2 or "\ufffd" in title or _is_junk(title) or _CONTACT.search(title):
        return False
    if any(r.word and not title[len(r.text) :].strip(" .:–—-") for r in readings(title)):
        return False  # "CHAPTER 1" names a part
    letters, digits = sum(c.isalpha() for c in title), sum(c.isdigit() for c in title)
    said = [w for w in _WORD.findall(title) if len(w) > 2 or not w.isascii()]
    if not said or 2 * letters <= digits:
        return False
    if len(said) <= 2 and any(map(_identifies, _TOKEN.findall(title))):
        return False  # "Policy Number 2006-01-02"
    doubtful = title[0].isdigit() or (digits > 0 and len(said) == 1)
    if doubtful and words.total() >= _SMALL:  # "200 W. Forsyth Street" stands in the letterhead alone
        return any(words[w.lower()] >= _OFTEN for w in said)
    return True


def _identifies(token: str) -> bool:
    """Whether a token is the number of something, not a year: "2006-01-02", "A-123/45", "00412377"."""
    token = token.strip(".,:;()")
    groups = re.findall(r"\d+", token)
    return not _YEARS.fullmatch(token) and (len(groups) > 2 or any(len(group) > 5 for group in groups))
