"""A text as the gate reads it: its words in order, each with the form that is compared and what it does. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from retrieval.gate.function_words import LANGUAGES, FunctionWords, Kind
from retrieval.text.number_words import ONES, TENS
from retrieval.text.stems import stem
from retrieval.text.words import straight, visible

_TOKEN = re.compile(r"(?:(?<![\w)])[-−])?\d+(?:[.,'\u00a0\u202f]\d+)*|[^\W\d_]+(?:-[^\W\d_]+)*(?:'s\b)?|[^\w\s]|_")
_SIGNS = frozenset({"Sm", "Sc"})
_SIGN = frozenset("%‰§~#@&°")
_PARTS = frozenset('.,;:!?()[]"«»„-/')  # punctuation that parts words; what lays them out does not
_APART = str.maketrans("", "", "'\u00a0\u202f")
_SAME = {"€": "eur", "euro": "eur", "euros": "eur", "£": "gbp", "percent": "%", "−": "-"}
_SPELLED = {word: str(n) for n, word in enumerate(ONES) if n > 1} | {w: str(10 * n) for n, w in enumerate(TENS) if w}
_SPELLED["half"] = "half"
_NEVER_ONE = re.compile(
    r"\b(ca|do|does|did|is|are|was|were|has|have|had|wo|sha|must|should|would|could|need)n't\b", re.I
)
_FULL = {"wo": "will", "sha": "shall", "ca": "can"}


@dataclass(frozen=True, slots=True)
class Token:
    """`form` is compared. `gap` is the punctuation before it. `name`: it has a capital that no sentence gives it.
    `owns`: the next word is its own ("the Supplier's costs"). `capital`: it has one, be it of the sentence.
    """

    word: str
    form: str
    kind: Kind
    gap: str
    name: bool
    owns: bool = False
    capital: bool = False


@lru_cache(maxsize=1024)
def language_of(text: str) -> FunctionWords:
    """The language of which a text has most function words; English where several have."""
    plain = [_folded(word) for word in _TOKEN.findall(straight(text))]
    return max(LANGUAGES, key=lambda language: sum(word in language.words for word in plain))


@lru_cache(maxsize=1024)
def tokens(text: str, language: FunctionWords) -> tuple[Token, ...]:
    """The words, numbers and signs of a text."""
    text = _NEVER_ONE.sub(lambda m: f"{_FULL.get(m[1].lower(), m[1])} not", straight(visible(text)))
    text = re.sub(r"\bcannot\b", "can not", text, flags=re.IGNORECASE)
    found: list[Token] = []
    gap = ""
    for match in _TOKEN.finditer(text):
        piece = match.group()
        if not (piece[-1].isalnum() or _is_sign(piece)):
            gap += piece if piece in _PARTS else ""
            continue
        opens = not found or any(mark in gap for mark in ".!?:;")
        found.append(_token(piece, gap, language, opens=opens))
        gap = ""
    return tuple(_named(_limits(_pairs(found, language))))


def _limits(found: Sequence[Token]) -> list[Token]:
    """With prepositions that bound a number as bounds, and any other as that."""
    made = list(found)
    for n, token in enumerate(made):
        if token.kind is Kind.LIMIT:
            near = [other for other in made[n + 1 : n + 4] if other.kind is not Kind.IDLE]
            bounds = any(other.kind is Kind.NUMBER for other in near)
            made[n] = replace(token, kind=Kind.BOUND if bounds else Kind.LINK)
    return made


def _named(found: Sequence[Token]) -> list[Token]:
    """With the first word of a sentence as a part of the name that follows it: "Captive Insurer", "Ulm and Bonn"."""
    made = list(found)
    for n, token in enumerate(made):
        near = [other for other in made[n + 1 : n + 3] if other.kind not in (Kind.AND, Kind.OR)]
        if token.capital and near and near[0].name and not near[0].gap:
            made[n] = replace(token, name=True)
    return made


def _is_sign(piece: str) -> bool:
    return piece in _SIGN or (piece not in "|<>" and unicodedata.category(piece) in _SIGNS)


def _token(piece: str, gap: str, language: FunctionWords, *, opens: bool) -> Token:
    whole, piece = piece, piece.removesuffix("'s")
    word = _folded(piece)
    if piece[-1].isdigit():
        return Token(piece, piece.translate(_APART).replace("−", "-"), Kind.NUMBER, gap, False)
    if language is LANGUAGES[0] and word in _SPELLED:
        return Token(word, _SPELLED[word], Kind.NUMBER, gap, False)
    form, kind = language.words.get(piece.lower()) or language.words.get(word) or ("", Kind.WORD)
    if kind is Kind.MAY and piece[0].isupper() and not opens:
        kind = Kind.WORD  # the month of May
    if kind is Kind.WORD:
        form = _SAME.get(word) or stem(word, language.name)
    capital = kind is Kind.WORD and piece[0].isupper()
    name = capital and (not opens or piece[1:].lower() != piece[1:])
    return Token(word, form, kind, gap, name, piece != whole, capital)


def _pairs(found: Sequence[Token], language: FunctionWords) -> list[Token]:
    """With two words that make one function word ("subject to") as that, and an idle one behind it."""
    made = list(found)
    for n in range(len(made) - 1):
        known = language.words.get(f"{made[n].word}_{made[n + 1].word}")
        if known is not None and not made[n + 1].gap:
            first, second = made[n], made[n + 1]
            made[n] = Token(first.word, known[0], known[1], first.gap, False)
            made[n + 1] = Token(second.word, second.form, Kind.IDLE, "", False)
    return made


@lru_cache(maxsize=65536)
def _folded(word: str) -> str:
    if word.isascii():
        return word.lower()
    spread = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in spread if not unicodedata.combining(c))
