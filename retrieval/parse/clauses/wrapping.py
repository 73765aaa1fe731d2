"""Where lines end because they are full, and where because a clause does."""

from __future__ import annotations

import re
from collections.abc import Sequence

SOFT, HARD = "\ufdd7", "\ufdd8"
"""Line ends of a source that show as a space and as a line end; in a paragraph until its clauses are known."""

_NARROWEST, _WIDEST = 50, 200  # characters of a wrapped line
_BREAK = re.compile(f"[\n{SOFT}{HARD}]")
_CLOSED = re.compile(r"[.:;,!?…。；：，](?:\s+[^\W\d_]{1,6})?[\"”’»)\]]*$")


def full_width(lines: Sequence[str]) -> int:
    """The length of a full line of a text that is wrapped; 0 for one whose paragraphs stand on a line each."""
    lengths = sorted(len(line.rstrip()) for line in lines if line.strip())
    longest = lengths[len(lengths) * 49 // 50] if lengths else 0
    full = sum(0.75 * longest <= length <= longest for length in lengths)
    return longest if _NARROWEST <= longest <= _WIDEST and 3 * full >= len(lengths) else 0


def wrapped(above: str, width: int) -> bool:
    """Whether the line after `above` goes on with it: `above` is full and ends like no clause."""
    above = above.rstrip()
    return width > 0 and len(above) >= 0.6 * width and (above[-1:].isalnum() or above[-1:] == ",")


def closed(line: str) -> bool:
    """Whether a line ends as a clause, an item or a lead-in does."""
    return _CLOSED.search(line.rstrip()) is not None


def breaks(text: str) -> list[int]:
    """Where the lines of a paragraph end."""
    return [found.start() for found in _BREAK.finditer(text)]


def shown(text: str) -> str:
    """The paragraph as it is read: line ends that are no more than that of the source are spaces."""
    return text.replace(SOFT, " ").replace(HARD, "\n")
