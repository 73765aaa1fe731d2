"""Lists that are one sentence: a lead-in that its items finish, up to the last one's full stop.

"... may be punished with a / 1. fine of up to one million euros or / 2. fine of up to twice the gain." is one rule
over three paragraphs; half of it says something else. Told by position and punctuation, in any language: the
lead-in does not end, the items before the last do not end either, and the last one does, or commas and
semicolons part them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_ITEM = re.compile(
    r"\s*(?:(?P<bullet>[-–—•▪◦‣·*●○■□])|(?P<open>\(?)(?:(?P<number>\d{1,3})|(?P<letter>[A-Za-z])"
    r"|(?P<roman>[ivxlcIVXLC]{1,6}))(?P<close>[.)]+|(?<=\d)[°º]|(?<=[IVXLC])\s?[–—-](?=\s)))\s+(?=\S)"
)
_ENDED = re.compile(r"[.!?。！？][\"”’»)\]]*(?:\[[^\[\]\s]{1,9}\])*$")
_PARTED = re.compile(r"[,;、；，](?:\s+[^\W\d_]{1,6})?$")  # "…;" and "…, and", whatever "and" is called
MOST = 60  # items
_LINES = 300  # of a list, those of lists in it too


def mark(text: str) -> str:
    """The number or letter that an item begins with, as printed ("(a)", "1."); "" for a bullet or none."""
    found = _ITEM.match(text)
    if found is None or found["bullet"]:
        return ""
    close = found["close"].strip()[:1].strip("–—-")
    return f"{found['open']}{found['number'] or found['letter'] or found['roman']}{close}"


def wholes(lines: Sequence[tuple[int, str]]) -> tuple[tuple[int, int], ...]:
    """(start, end) of each such list with its lead-in; `lines` are paragraphs with their offsets, no table rows.

    A list inside a list is found too; spans may hold one another.
    """
    shapes = kinds([text for _, text in lines])
    found = []
    for lead in range(len(lines) - 2):
        shape = shapes[lead + 1]
        if not shape or shape == shapes[lead] or _ENDED.search(lines[lead][1].rstrip()):
            continue
        last = _last(lines, shapes, lead, shape)
        if last:
            start, end = lines[lead][0], lines[last][0] + len(lines[last][1].rstrip())
            found.append((start, end))
    return tuple(found)


def kinds(texts: Sequence[str]) -> list[str]:
    """What kind of mark each paragraph begins with; "" for none. "(i)" is Roman unless "(h)" stands before it."""
    found: list[str] = []
    before = ""
    for text in texts:
        mark = _ITEM.match(text)
        if mark is None:
            found.append("")
            continue
        if mark["bullet"]:
            found.append(mark["bullet"])
            continue
        letters = mark["letter"] or mark["roman"] or ""
        roman = bool(letters) and not letters.lower().strip("ivxlc")
        if roman and len(letters) == 1:
            roman = before.lower() != chr(ord(letters.lower()) - 1) and (
                letters in "iI" or "r" in "".join(found[-1:]).lower()
            )
        kind = "1" if mark["number"] else "r" if roman else "a"
        found.append(f"{mark['open']}{kind if letters.islower() else kind.upper()}{mark['close']}")
        before = letters
    return found


def _last(lines: Sequence[tuple[int, str]], shapes: Sequence[str], lead: int, shape: str) -> int:
    """The last paragraph of the list below `lead`; 0 where it is no single sentence."""
    items = [lead + 1]
    at = lead + 2
    end = min(len(lines), lead + _LINES)
    while at < end and len(items) < MOST and shapes[at] and shapes[at] != shapes[lead]:
        if shapes[at] == shape:
            items.append(at)
        at += 1
    ends = [lines[next_ - 1][1].rstrip() for next_ in (*items[1:], at)]
    if len(items) < 2 or any(_ENDED.search(end) for end in ends[:-1]):
        return 0
    parted = sum(bool(_PARTED.search(end)) for end in ends[:-1])
    closed = _ENDED.search(ends[-1]) is not None
    if at < len(lines) and not shapes[at] and not closed and lines[at][1].lstrip()[:1].islower():
        return at  # the words after the list that finish the sentence
    return at - 1 if parted or closed else 0
