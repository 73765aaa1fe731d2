"""Which language a text is in, of those that the gate can check."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from retrieval.gate.language.base import Language, flat
from retrieval.gate.language.dutch import DUTCH
from retrieval.gate.language.french import FRENCH
from retrieval.gate.language.german import GERMAN
from retrieval.gate.language.italian import ITALIAN
from retrieval.gate.language.portuguese import PORTUGUESE
from retrieval.gate.language.spanish import SPANISH
from retrieval.text.words import word_set, words

ENGLISH = "en"
LANGUAGES: dict[str, Language] = {known.code: known for known in (GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE, DUTCH)}
"""By code. English is checked by the steps of the gate themselves."""

_ENGLISH_WORDS = word_set(
    """the a an and or of to in on at by for with from is are was were be been has have had not no must shall may
    should can will would this that these those its it their they he she we you your our any all each every
    other than more less most least within before after under over until unless if when which who whose as into
    per also only such does do did there cannot up euros dollars pounds million millions billion billions
    trillion thousands client percent article clause chapter page table first second third fourth quarter
    minutes week weeks times francs yen half annex january february march april june july august september
    october november december two three four five six seven eight nine ten days day months month years year
    night hours section employees employee company approval"""
)
_ENDINGS = {
    ("cion", "ciones"): "es",
    ("cao", "coes"): "pt",
    ("zione", "zioni"): "it",
    ("ungen", "ung", "keit", "heit"): "de",
}
_LETTERS = {"ã": "pt", "õ": "pt", "ñ": "es", "ß": "de", "ò": "it", "ì": "it"}  # that no other of them has
_LONG = 6  # letters; in shorter words an ending tells nothing
_LEAST = 2  # different words that tell a language
_SHARES = (0, 420, 210, 140, 105, 84, 70, 60)  # what a word of so many languages tells of each
_WEIGHT = 420  # that they have together
_LEAD = 1.5  # times as much as the next language


@lru_cache(maxsize=1024)
def language_of(text: str) -> str:
    """The code of a text's language; "" where too few of its words tell, or another language is as likely."""
    found = words(text)
    weights, hits, different = Counter[str](), Counter[str](), Counter[str]()
    for word, count in Counter(found).items():
        codes = _tells(word)
        for code in codes:
            weights[code] += count * _SHARES[len(codes)]
            hits[code] += count
            different[code] += 1
    best = weights.most_common(2)
    if not best:
        return ""
    first, weight = best[0]
    second = best[1][1] if len(best) > 1 else 0
    sure = weight >= max(_WEIGHT, _LEAD * second)
    return first if sure and different[first] >= _LEAST and hits[first] * 6 >= len(found) else ""


@lru_cache(maxsize=8192)
def _tells(word: str) -> tuple[str, ...]:
    """The languages that a word is common in."""
    plain = flat(word)
    ended = next((code for ends, code in _ENDINGS.items() if len(plain) > _LONG and plain.endswith(ends)), "")
    lettered = next((code for letter, code in _LETTERS.items() if letter in word), "")
    found = tuple(c for c, known in LANGUAGES.items() if c in (ended, lettered) or plain in known.common)
    return (ENGLISH, *found) if plain in _ENGLISH_WORDS else found
