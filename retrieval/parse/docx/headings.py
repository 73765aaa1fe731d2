"""The title of a heading or clause: a heading's text, or what a clause begins with in bold or capitals."""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.parse.docx.text import TextRun

_LONGEST = 150  # characters of a heading
_LEAD = 100  # characters of a run-in heading
_TITLE_WORDS = 8
_BELOW = 6  # words of a title on a line of its own
_BREAKS = " \t\n"
_CAPITALS = re.compile(r"([^a-z.:]{4,80}?)[.:](?=\s|$)")


def heading_of(pieces: Sequence[TextRun], skip: int, *, styled: bool, item: bool, title: str | None) -> str:
    """The heading of a paragraph whose number takes up the first `skip` characters; "" for none.

    `styled`: it has a heading style or an outline level. `item`: it is an item such as "(a)", of which
    a short line is no title by itself. `title`: the part before a style separator.
    """
    rest = _after(pieces, skip)
    text = "".join(piece.text for piece in rest).strip()
    if title is not None:
        return _tidy(title[skip:])
    if styled and len(text) <= _LONGEST and not _is_sentence(text):
        return _tidy(text)
    lead = _lead_in(rest, text)
    if lead:
        return lead
    return _tidy(text) if not item and _is_title(text) else ""


def title_line(pieces: Sequence[TextRun]) -> str:
    """The text of a paragraph that is a title by its look: short, and all bold, underlined or in capitals."""
    text = "".join(piece.text for piece in pieces).strip()
    styled = all(piece.bold or piece.underline for piece in pieces if piece.text.strip())
    if not text or len(text.split()) > 12 or text[-1] in ".;," or not (styled or text.isupper()):
        return ""
    return _tidy(text)


def title_below(pieces: Sequence[TextRun]) -> str:
    """The same of the paragraph below "ARTICLE I" on a line of its own, where a short line is enough."""
    text = "".join(piece.text for piece in pieces).strip()
    return title_line(pieces) or (_tidy(text) if text and _is_title(text) and len(text.split()) <= _BELOW else "")


def _after(pieces: Sequence[TextRun], skip: int) -> list[TextRun]:
    """The pieces after a typed number and the blanks around it."""
    out: list[TextRun] = []
    for piece in pieces:
        cut = min(skip, len(piece.text))
        skip -= cut
        text = piece.text[cut:] if out else piece.text[cut:].lstrip(_BREAKS + ".:–—-")
        if text:
            out.append(TextRun(text, piece.bold, piece.underline))
    return out


def _lead_in(pieces: Sequence[TextRun], text: str) -> str:
    """The bold or underlined beginning, when a full stop or colon ends it or follows it."""
    lead = ""
    for piece in pieces:
        if not (piece.bold or piece.underline) and piece.text.strip():
            break
        lead += piece.text
    lead = lead.strip()
    if not lead:
        found = _CAPITALS.match(text)
        return _tidy(found[1]) if found and sum(c.isalpha() for c in found[1]) >= 4 else ""
    if len(lead) > _LEAD:
        return ""
    rest = text[len(lead) :].lstrip()
    if not rest:
        return "" if _is_sentence(text) else _tidy(lead)
    return _tidy(lead) if lead[-1] in ".:–—" or rest[0] in ".:–—" else ""


def _is_sentence(text: str) -> bool:
    return text.endswith((".", ";")) and len(text.split()) > 12


def _is_title(text: str) -> bool:
    """A short line that begins with a capital and ends like no sentence."""
    words = text.split()
    if not 0 < len(words) <= _TITLE_WORDS or text[-1] in ".;,:" or words[-1].lower() in {"and", "or"}:
        return False
    return words[0][0].isupper() and len(text) <= _LEAD


def _tidy(text: str) -> str:
    return " ".join(text.split()).strip().rstrip(".:–—").rstrip()
