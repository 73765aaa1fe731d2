"""How text of an HTML page is set: bold, size, centred. Defaults as in the HTML standard, 15.3 "Rendering"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LENGTH = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(px|pt|r?em|%)")
_POINTS = {"pt": 1.0, "px": 0.75, "rem": 12.0}
_SIZES = {
    "xx-small": 7.0,
    "x-small": 7.5,
    "small": 10.0,
    "medium": 12.0,
    "large": 13.5,
    "x-large": 18.0,
    "xx-large": 24.0,
}
_TAG_SIZES = {"h1": 24.0, "h2": 18.0, "h3": 14.0, "big": 14.0, "small": 10.0, "sup": 10.0, "sub": 10.0}
_BOLD = frozenset(("b", "strong", "th", "h1", "h2", "h3", "h4", "h5", "h6"))
_FONT = re.compile(r"(?:^| )(bold|[6-9]00)(?= )")


@dataclass(frozen=True, slots=True)
class Look:
    """The look in force: `size` in points."""

    bold: bool = False
    size: float = 12.0
    centred: bool = False


def look_of(tag: str, align: str | None, said: Mapping[str, str], outer: Look) -> Look:
    """The look of an element's text, given its style properties and the look around it."""
    weight = said.get("font-weight", "")
    bold = tag in _BOLD or outer.bold
    if weight:
        bold = weight in ("bold", "bolder") or (weight.isdigit() and int(weight) >= 600)
    elif _FONT.search(said.get("font", "")):
        bold = True
    aligned = said.get("text-align") or align or ("center" if tag == "center" else "")
    centred = outer.centred if not aligned or aligned == "inherit" else aligned.lower() in ("center", "-webkit-center")
    return Look(
        bold, _size(said.get("font-size") or said.get("font", ""), _TAG_SIZES.get(tag, outer.size), outer), centred
    )


def _size(value: str, usual: float, outer: Look) -> float:
    found = _LENGTH.search(value)
    if found is None:
        return _SIZES.get(value, usual)
    number, unit = float(found[1]), found[2]
    if unit in ("em", "%"):
        return outer.size * number / (100 if unit == "%" else 1)
    return number * _POINTS[unit]


@dataclass(slots=True)
class Ink:
    """What has been set of one paragraph: letters bold from its beginning on, and how large they are."""

    lead: int = 0
    letters: int = 0
    weighed: float = 0.0
    centred: bool = False
    plain: bool = False

    def add(self, text: str, look: Look) -> None:
        count = len("".join(text.split()))
        if not count:
            return
        self.centred = look.centred
        self.letters += count
        self.weighed += count * look.size
        self.plain |= not look.bold and any(c.isalnum() for c in text)
        if not self.plain:
            self.lead += count

    @property
    def size(self) -> float:
        return round(self.weighed / self.letters, 1) if self.letters else 0.0

    def lead_of(self, text: str) -> int:
        """How many characters of the finished text the bold letters take up."""
        if not self.plain:
            return len(text) if self.lead else 0
        left = self.lead
        for at, char in enumerate(text):
            if left <= 0:
                return at
            left -= not char.isspace()
        return len(text)
