"""Figures around what is left out: "1", struck-out text, "3" is no 13.

A reader puts `GAP` where something stood that it does not give; `apart` makes a space of it between two parts of what
would be one figure, and nothing elsewhere.
"""

from __future__ import annotations

import re

GAP = "\x00"  # no text that was decoded holds it
_GAPS = re.compile(f"(?:(?<=\\d)|(?<=\\d[.,'’])){GAP}+(?=[.,'’]?\\d)")


def apart(text: str) -> str:
    """The text without gaps, figures beside one set apart."""
    return _GAPS.sub(" ", text).replace(GAP, "") if GAP in text else text


def touch(before: str, after: str) -> bool:
    """Whether two texts would make one figure if they were joined."""
    return _GAPS.search(f"{before[-2:]}{GAP}{after[:2]}") is not None
