"""Ordered lists of HTML: which number comes next, and how it is printed (HTML standard, 4.4.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from retrieval.parse.clauses.counting import roman

_STYLES = {
    "lower-alpha": "a",
    "lower-latin": "a",
    "upper-alpha": "A",
    "upper-latin": "A",
    "lower-roman": "i",
    "upper-roman": "I",
}


@dataclass(slots=True)
class List:
    """An open list: the next number (None: bullets), the step, and how numbers are shown."""

    next: int | None
    step: int = 1
    style: str = "decimal"
    serial: int = 0  # of the outermost list
    begun: bool = False
    depth: int = 0  # numbered lists around it
    bulleted: bool = False  # it or a list around it has bullets

    def within(self, outer: List | None, serial: int) -> List:
        """The list, as one that stands in another."""
        self.serial = serial
        self.depth = outer.depth + (outer.next is not None) if outer is not None else 0
        self.bulleted = self.next is None or (outer is not None and outer.bulleted)
        return self


def numbered(attributes: Mapping[str, str | None], items: Callable[[], int]) -> List:
    """The list of an <ol>; `items` counts its items, which one that counts down begins with."""
    found = re.search(r"list-style(?:-type)?:([\w-]+)", re.sub(r"\s+", "", (attributes.get("style") or "").lower()))
    style = found[1] if found else attributes.get("type") or "decimal"
    backwards = "reversed" in attributes
    start = integer(attributes.get("start"), items() if backwards else 1)
    return List(start, -1 if backwards else 1, _STYLES.get(style, style))


def integer(value: str | None, default: int) -> int:
    """The number of an attribute; `default` where it holds none of at most nine digits."""
    return int(value) if value and re.fullmatch(r"\s*-?\d{1,9}\s*", value) else default


def printed(number: int, style: str) -> str:
    """A number in a style: "decimal", "a", "A", "i", "I", or "none"."""
    if style == "none":
        return ""
    if style in ("a", "A") and number > 0:
        letters = ""
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(ord(style) + rest) + letters
        return letters
    if style in ("i", "I") and 0 < number < 4000:
        return roman(number) if style == "i" else roman(number).upper()
    return str(number)
