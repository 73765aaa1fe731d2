"""Text as its characters are: what a reader cannot see, and digits that are none, made visible.

By Unicode's properties, not by lists of bad characters. Every outlet (chat, terminal, CSV) uses `shown` or
`shown_line`; what is kept and checked stays as it was. Unicode Technical Report 36 describes the tricks, UTS 39 the
look-alikes.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

STRUCK_OUT, STRUCK_END = "[struck out: ", "]"
"""Around struck-out text that a setting keeps: part of the canonical text, so of every quote."""

_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Default_Ignorable_Code_Point without the format characters, which have a category (DerivedCoreProperties.txt)."""
_BLANKS = frozenset("\u2800\U00013441\U00013442\U00016fe4\U0001d159")
"""Signs of Braille, hieroglyphs, Khitan script and music that are drawn as nothing; Unicode has no property for it."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LAID_OUT = frozenset("\n\t")
_LAYOUT = str.maketrans(dict.fromkeys("\n\t"))
_JOINERS = frozenset("\u200c\u200d\u00ad")
_DIRECTION_MARKS = frozenset("\u200e\u200f\u061c")
_TOKEN = re.compile(r"\w++(?:[.,'’\u00a0\u202f]\w++)*+(?!‹U\+)")  # what is marked already stays as it is


@lru_cache(maxsize=4096)
def _unseen(character: str) -> bool:
    if character in _LAID_OUT:
        return False
    nothing = ord(character) & 0xFFFE == 0xFFFE or "\ufdd0" <= character <= "\ufdef"  # noncharacters
    category = unicodedata.category(character)
    return category in _UNSEEN or nothing or character in _BLANKS or bool(_IGNORABLE.match(character))


def hidden(text: str) -> str:
    """The characters of the text that cannot be seen: controls, format and bidi characters, lone surrogates, fillers.

    Not those that their script needs where they stand: joiners between letters of such scripts, soft
    hyphens in a word, variation selectors and joiners of emoji, marks of direction beside letters that
    run from the right, blanks beside signs of their own script. New lines and tabs are layout.
    """
    if text.isascii() and text.translate(_LAYOUT).isprintable():
        return ""
    return "".join(c for at, c in enumerate(text) if _unseen(c) and not _needed(text, at))


def _needed(text: str, at: int) -> bool:
    character, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if character in _DIRECTION_MARKS:
        return any(unicodedata.bidirectional(c) in ("R", "AL") for c in text[max(0, at - 2) : at + 3] if c != character)
    if character in _BLANKS:
        return any(c not in _BLANKS and _script(c) == _script(character) for c in (before, after) if c)
    if "\ufe00" <= character <= "\ufe0f":
        return bool(before) and (unicodedata.category(before) in ("So", "Sm", "Sk", "Lo") or after == "\u20e3")
    if character not in _JOINERS or not before or not after:
        return False
    kinds = {unicodedata.category(c)[0] for c in (before, after)}
    if character == "\u00ad":
        return kinds <= {"L", "M"}
    if character == "\u200d" and unicodedata.category(after) == "So":  # an emoji of several
        return unicodedata.category(before) in ("So", "Sk", "Mn")
    return kinds <= {"L", "M"} and not any(c.isascii() or "LATIN" in unicodedata.name(c, "") for c in (before, after))


def _script(character: str) -> str:
    """Near enough: the first word of its name, or "" where it has none."""
    return unicodedata.name(character, "").partition(" ")[0]


def shown(text: str) -> str:
    """The text with every character that cannot be seen written as ‹U+202E›, and look-alike digits named."""
    if text.isascii() and text.translate(_LAYOUT).isprintable():
        return text
    marked = "".join(mark(c) if _unseen(c) and not _needed(text, at) else c for at, c in enumerate(text))
    return _TOKEN.sub(lambda found: _named(found[0]), marked) if not marked.isascii() else marked


def shown_line(text: str) -> str:
    """As `shown`, for what must stay on one line: new lines and tabs are written out, too."""
    return re.sub(r"[\n\t]", lambda found: mark(found[0]), shown(text))


def mark(character: str) -> str:
    """How a character that cannot be seen is written: ‹U+202E›."""
    return f"‹U+{ord(character):04X}›"


def _named(token: str) -> str:
    """A number in which letters or foreign digits pass for digits, with those named behind it."""
    foreign = dict.fromkeys(c for c in token if _foreign(c))
    mixed = foreign and any("0" <= c <= "9" for c in token)
    return token + "".join(map(mark, foreign)) if mixed else token


@lru_cache(maxsize=4096)
def _foreign(character: str) -> bool:
    """A digit of another system, or a letter of another script than Latin: beside ASCII digits it may pass for one."""
    if character.isascii():
        return False
    if unicodedata.decimal(character, None) is not None:
        return True
    single_cased = character.upper() != character.lower()  # scripts with two cases have the look-alikes
    return character.isalpha() and single_cased and "LATIN" not in unicodedata.name(character, "LATIN")
