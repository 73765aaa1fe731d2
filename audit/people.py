"""Are two names those of one person? Four eyes rest on it, so it says yes when in doubt.

Names come from the operating system ("ada (uid 1000)"), from a platform ("slack:U1", "ada@example.com") or from
whoever calls the library. One person may be written in many ways: another case, spaces, invisible letters, accents,
with and without the mail domain. Two of them count as two people only when nothing of the names agrees.
"""

from __future__ import annotations

import re
import unicodedata

_UID = re.compile(r"\(?\buid\s*(\d+)\)?", re.IGNORECASE)


def same_person(one: str, other: str) -> bool:
    """May both names be of one person? A name of no letters, or of several alphabets, may be anybody's."""
    ours, theirs = _names(one), _names(other)
    return not ours or not theirs or bool(ours & theirs)


def _names(text: str) -> frozenset[str]:
    """What identifies the person; empty when the text identifies nobody."""
    flat = unicodedata.normalize("NFKC", text).casefold()
    names: set[str] = {f"uid {found[1]}" for found in _UID.finditer(flat)}
    flat = _UID.sub(" ", flat)
    if len({unicodedata.name(letter, "?").split()[0] for letter in flat if letter.isalpha()}) > 1:
        return frozenset()
    after = flat.rpartition(":")[2]  # "slack:U1" is U1
    account = after.partition("@")[0]
    names |= {_letters(flat), _letters(account)}
    return frozenset(names - {""})


def _letters(text: str) -> str:
    """Letters and digits alone, without accents."""
    split = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in split if letter.isalnum())
