"""A clause's number that is drawn right before its title or text, with no space between: "12" and "Penalties"."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,5}")
_MARKED = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){0,5}|[A-Za-z]|[ivxlc]{1,6}|[IVXLC]{1,6})[.)]|\([\dA-Za-z]{1,5}\)")


def numbers(drawn: Sequence[str], following: str) -> bool:
    """Whether the characters that begin a line number what another text object goes on with; three of its letters.

    A bare number needs a word with a capital after it: "12" before "Penalties", not before "th" or "GB".
    """
    begun = "".join(drawn)
    if _MARKED.fullmatch(begun):
        return following[:1].isalpha() if begun.endswith(")") else following[:2].isalpha()
    word = following.isalpha() and len(following) == 3 and following[0].isupper() and following[1:].islower()
    return word and _NUMBER.fullmatch(begun) is not None
