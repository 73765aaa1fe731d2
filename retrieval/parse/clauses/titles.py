"""Which words of a paragraph are its title."""

from __future__ import annotations

import re

MAX_WORDS, MAX_LENGTH = 16, 140
_BOLD_WORDS, _BOLD_LENGTH = 28, 220  # of a title that is bold to its end
_CLOSED_TITLE = 5  # words of a title that ends in a full stop: "2.1 Restrictions on Customer."

_SMALL_WORDS = (
    "a an and as at but by for from in into nor of off on or per the to upon via vs with within without "
    "de der des die et la le und y"
)
_SMALL = frozenset(_SMALL_WORDS.split())
_SENTENCE_END = re.compile(r"[.:](?=\s|$)|\s[–—-]\s|[–—](?=\S)")
_WORD = re.compile(r"[^\W\d_][\w'’/&-]*")
_DATE = re.compile(
    r"\(?(?:january|february|march|april|may|june|july|august|september|october|november|december)\b.{0,12}\d{4}",
    re.IGNORECASE,
)

_DAY = re.compile(
    r"(?:[^\W\d_]{3,12}\.?\s+(?:[1-9]|[12]\d|3[01])|(?:[1-9]|[12]\d|3[01])\.?\s+(?:de\s+)?[^\W\d_]{3,12}\.?)"
    r",?(?:\s+(?:de\s+)?(?:19|20)\d\d)?[,.:]?"
)
"""A day, in any language: one word and its number, with a year or without ("May 26,", "31. Dezember 2024")."""


def title_case(text: str) -> bool:
    """Whether every word that counts starts with a capital: "Termination for Convenience"."""
    words = _WORD.findall(text)
    big = [w for w in words if w.lower() not in _SMALL]
    return bool(big) and words[0][:1].isupper() and all(w[:1].isupper() for w in big)


def run_in_title(text: str, bold: int, whole_bold: bool) -> str:
    """The title of a numbered paragraph, its number cut off; "" when it opens with a sentence.

    `bold` characters at the start are bold. A title is bold and followed by plain text, or stands alone
    and short, or is a capitalised phrase closed by a full stop before more text.
    """
    text = text.strip()
    if not text:
        return ""
    if whole_bold or len(text) <= bold:
        return _trim(text) if fits(text, _BOLD_WORDS, _BOLD_LENGTH) else ""
    if bold > 2:
        head, after = _whole_words(text, bold)
        closed = head[-1:] in ".:–—-" or after[:1] in ".:–—-"
        return _trim(head) if fits(head) and (closed or (title_case(head) and " " in head)) else ""
    end = _SENTENCE_END.search(text)
    if end and end.start() < 90:
        head, rest = text[: end.start()], text[end.end() :].strip()
        if rest and len(head.split()) <= 9 and title_case(head):
            return _trim(head)
    most = 12 if text[-1] not in ".;,:" else _CLOSED_TITLE if text[-1] == "." else 0
    if fits(text) and title_case(text) and len(text.split()) <= most:
        return _trim(text)
    return ""


def _whole_words(text: str, at: int) -> tuple[str, str]:
    """The text cut near `at`, between two words."""
    while 0 < at < len(text) and not text[at - 1].isspace() and not text[at].isspace():
        at -= 1
    return text[:at].strip(), text[at:].strip()


def fits(text: str, words_most: int = MAX_WORDS, length_most: int = MAX_LENGTH) -> bool:
    """Whether a text can be a title at all: some letters, not too long, not a date, no sentence's end within."""
    words = text.split()
    if not 0 < len(words) <= words_most or len(text) > length_most or not any(c.isalpha() for c in text):
        return False
    return not _DATE.fullmatch(text.strip()) and not re.search(r"[a-z]{3}[.;]\s+[A-Z]", text)


def heading_alone(text: str, *, strong: bool) -> bool:
    """Whether an unnumbered paragraph in heading style reads like a title. `strong`: its type is larger."""
    text = text.strip()
    letters = sum(c.isalpha() for c in text)
    if not fits(text) or _DAY.fullmatch(text) or letters < 3 or letters < len(text.replace(" ", "")) * 0.55:
        return False
    if text[0] in "(*•$†" or text[-1] in ".;,…" or (text[-1] == ":" and not strong):
        return False
    return text[0].isupper() or text[0].isdigit() or strong


def _trim(text: str) -> str:
    return " ".join(text.split()).strip(" .:;–—-|")
