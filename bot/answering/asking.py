"""The question in what a person wrote: without greeting, sign-off, "cc", or who passed it on. Pure.

People write to a bot as they write to people. What is not the question misleads the search, so it is taken off by
how it stands (short, at an edge, set off by punctuation or a line of its own), not by lists of words: that holds in any
language. Where in doubt the words stay: a search bears a greeting better than half a question.
"""

from __future__ import annotations

import re

EDGE = 120  # characters at an edge of a message that may say whom else it is for
GREETING_WORDS = 3
SIGN_OFF_WORDS = 4
LEFT_WORDS = 3  # a question has as many words at least, else nothing is taken off it
LONG_WORD = 7  # letters; a longer word says what is asked about
POINTING_WORDS = 6  # "can you answer this please?" is about something else; a longer text is a question of its own

_FENCE = re.compile(r"^\s*```(?:[\w+#.-]*[ \t]*\n)?|\n?```\s*$")  # a language is named on the fence's own line
_QUOTED = re.compile(r"^\s*>\s?", re.MULTILINE)
_PASSED_ON = re.compile(r"^\s*(?:[^\s:?!.]+\s+){0,3}@[^:\n?]{1,80}:\s*")
_MENTIONS = re.compile(r"(?:\b\w{1,3}\b[:.]?\s*)?@[\w.\-]+(?:\s*,?\s*@[\w.\-]+)*", re.UNICODE)
_NAMES = r"@[\w.\-]+(?:(?:\s*[,&+]\s*|\s+)@[\w.\-]+)*"
_COPY = rf"\(?\s*(?:(?:b?cc|fyi)[:.]?\s+)?{_NAMES}\s*\)?"
_COPY_FIRST = re.compile(rf"^\s*{_COPY}\s*(?:[,;–—-]|\n|:(?=\s))\s*", re.IGNORECASE)
_COPY_LAST = re.compile(rf"(?:\s*[,;–—-]\s*|\s*\n\s*|\s+(?=\()){_COPY}[.!]?\s*$", re.IGNORECASE)
_OWN_LINE = re.compile(r"^\s*([^\n?]{1,40}?)\s*(?:!+\s+|[,.!]?\s*\n+)")
_GREETINGS = (
    *("hi", "hello", "hey", "dear", "good (?:morning|afternoon|evening|day)", "hallo", "guten (?:morgen|tag|abend)"),
    *("moin", "liebe[rs]?", "bonjour", "bonsoir", "salut", "hola", "buen[oa]s (?:días|dias|tardes|noches)"),
    *("ciao", "salve"),
    *("buon(?:giorno|asera)", "olá", "ola", "oi", "bo[am] (?:dia|tarde|noite)", "goede(?:morgen|middag|navond)", "dag"),
)
_GREETED = re.compile(rf"^\s*(?:{'|'.join(_GREETINGS)})\b[^\n,!?.:;–—-]{{0,30}}\s*[,:;–—-]\s*", re.IGNORECASE)
_DEMONSTRATIVES = frozenset(
    {
        *("this", "that", "it", "these", "those", "above", "das", "dies", "diese", "dieses", "es"),
        *("ceci", "cela", "ça", "ce", "cette", "esto", "eso", "esta", "este", "questo", "questa", "ciò"),
        *("isto", "isso", "dit", "dat", "deze"),
    }
)
_WORD = re.compile(r"\w+")


def question_in(text: str) -> str:
    """The question in a message; the message itself, trimmed, where nothing is certain to be beside it.

    Quoted lines ("> ...") count only when nothing else was written.
    """
    text = "\n".join(line for line in (" ".join(line.split()) for line in text.splitlines()) if line)
    own = "\n".join(line for line in text.splitlines() if not _QUOTED.match(line)).strip()
    said = own if _words(own) else _QUOTED.sub("", text).strip()
    said = _FENCE.sub("", said).strip()
    for part in (_without_copies, _without_who_asked, _without_greeting, _without_sign_off):
        less = part(said)
        if _words(less) >= LEFT_WORDS:
            said = less
    return said


def _words(text: str) -> int:
    return len(_WORD.findall(text))


def _without_copies(text: str) -> str:
    """ "cc @Tom: what ...?" and "what ...? (cc @Tom)": whom else it is for, at an edge or set off there."""
    greeted = _GREETED.match(text)
    head, rest = (text[: greeted.end()], text[greeted.end() :]) if greeted else ("", text)
    if first := _COPY_FIRST.match(rest[:EDGE]):
        rest = rest[first.end() :]
    inner = max(0, len(rest) - EDGE)
    return (head + rest[:inner] + _COPY_LAST.sub("", rest[inner:], count=1)).strip()


def _without_who_asked(text: str) -> str:
    """ "@Tom asked: What ...?" is Tom's question."""
    return _PASSED_ON.sub("", text, count=1).strip()


def _without_greeting(text: str) -> str:
    """ "Hi team, what ...?", or a few words that stand apart before the question."""
    greeted = _GREETED.match(text)
    if greeted is not None:
        return text[greeted.end() :].strip()
    alone = _OWN_LINE.match(text)
    if alone is None or _words(alone[1]) > GREETING_WORDS or "?" not in text[alone.end() :]:
        return text
    return text[alone.end() :].strip()


def _without_sign_off(text: str) -> str:
    """ "...? Thanks, Priya" and "...? cc @Tom": few words after the last question mark, none of them a figure."""
    asked, mark, after = text.rpartition("?")
    after = _MENTIONS.sub(" ", after)
    if not mark or _words(after) > SIGN_OFF_WORDS or any(c.isdigit() for c in after):
        return text
    return text[: len(asked) + 1].strip()


def points_elsewhere(text: str) -> bool:
    """Whether a message that mentions the bot is about another message: it says nothing, or only points there."""
    words = _WORD.findall(text)
    if not words:
        return True
    points = any(word.casefold() in _DEMONSTRATIVES for word in words)
    return points and len(words) <= POINTING_WORDS and not any(map(_has_content, words[1:]))


def _has_content(word: str) -> bool:
    return any(c.isdigit() for c in word) or word[:1].isupper() or len(word) > LONG_WORD
