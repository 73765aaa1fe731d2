"""Plain text, kept character for character: a quote's offsets count in the file's own text.

The canonical text differs from the decoded file in three ways: no byte order mark, every line end
is a line feed, and a form feed, which starts a page, is a line feed too.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from retrieval.errors import UnsupportedFormat
from retrieval.parse.blocks import Block, from_spans
from retrieval.parse.charsets import letters
from retrieval.parse.clauses.plain import find_capitals, find_clauses
from retrieval.parse.titling import file_title
from retrieval.types import LeftOut, ParsedDocument

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
GUESSED = "character set not told by the file, letters read as"
_LINE_END = re.compile("\r\n?")


def decode(content: bytes, declared: str = "") -> str:
    """Text of a file: by its byte order mark, as it declares, or as its bytes look.

    Raises UnsupportedFormat for bytes that are no text.
    """
    return decoded(content, declared)[0]


def decoded(content: bytes, declared: str = "") -> tuple[str, tuple[LeftOut, ...]]:
    """The text of a file, and a note where its character set is a guess. Raises UnsupportedFormat as `decode`."""
    mark, encoding = next(((m, e) for m, e in _MARKS if content.startswith(m)), (b"", ""))
    guessed = ""
    try:
        if mark:
            text = content[len(mark) :].decode(encoding)
        else:
            if b"\x00" in content[:100_000] and not declared.lower().startswith("utf-16"):
                raise UnsupportedFormat("The file is not text, and of no type that can be read.")
            read = letters(content, declared)
            text, guessed = read.text, read.guessed
    except UnicodeDecodeError:
        raise UnsupportedFormat(f"The file says that it is {encoding} text, and is not. Save it as UTF-8.") from None
    controls = len(_CONTROL.findall(text[:100_000]))
    if "\x00" in text or controls > len(text[:100_000]) // 100 + 3:
        raise UnsupportedFormat("The file is not text, and of no type that can be read.")
    return text, (LeftOut(f"{GUESSED} {guessed}", "the file"),) if guessed else ()


def lines_of(text: str) -> str:
    """The text with line feeds as its only line ends."""
    return _LINE_END.sub("\n", text)


def parse_text(name: str, content: bytes) -> ParsedDocument:
    """Plain text with its numbered clauses as sections. Raises UnsupportedFormat."""
    text, notes = decoded(content)
    raw = lines_of(text)
    return from_spans(file_title(name), raw.replace("\f", "\n"), _spans(raw), left_out=notes)


def _spans(raw: str) -> Iterator[tuple[int, Block]]:
    """One block a line, or more where clauses open inside it; pages where a form feed stands."""
    lines = re.split("[\n\f]", raw)
    paged = "\f" in raw
    page = 1
    offset = 0
    found = find_clauses(lines)
    found = found if any(found) else find_capitals(lines)
    for number, (line, clauses) in enumerate(zip(lines, found, strict=True), 1):
        cuts = [c.offset for c in clauses]
        starts = cuts if cuts[:1] == [0] else [0, *cuts]
        for start, end in zip(starts, [*starts[1:], len(line)], strict=True):
            clause = next((c for c in clauses if c.offset == start), None)
            yield (
                offset + start,
                Block(
                    line[start:end],
                    level=clause.level if clause else None,
                    label=(clause.label or None) if clause else None,
                    heading=clause.heading if clause else "",
                    page=page if paged else None,
                    locator=None if paged else f"line {number}",
                ),
            )
        offset += len(line) + 1
        page += raw[offset - 1 : offset] == "\f"
