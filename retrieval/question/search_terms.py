"""What a question asks for, apart from how it is put: the words to search by, and whether a number is wanted. Pure.

No rule names a company, a document or a field's own text: framing ("Consider ...; does the document
state that") says nothing of what is looked for, and accounting has several names for one thing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval.question.vocabulary import FRAMES, FRAMING, GLOSSARY
from retrieval.text.stems import stems


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """`text` is the question; `keywords` is what keyword search sees; `numeric`: a figure is asked for."""

    text: str
    keywords: str
    numeric: bool


def analysed(question: str) -> SearchTerms:
    """The question without its framing, with other names for what it names."""
    text = question
    for frame in FRAMES:
        text = frame.sub(" ", text)
    kept = " ".join(word for word in text.split() if not _framing(word))
    # A question that is nothing but framing is searched as it stands.
    other = [names for pattern, names in GLOSSARY if pattern.search(question)]
    return SearchTerms(question, " ".join([kept or question, *other]), _NUMERIC.search(question) is not None)


def _framing(word: str) -> bool:
    found = stems(word)
    return bool(found) and all(stem in FRAMING for stem in found)


_NUMERIC = re.compile(
    r"\bhow much\b|\b(?:ratio|margin|turnover|growth rate|percent(?:age)?s?|average|decimals?|millions?|"
    r"billions?|thousands?|calculate|total|net|amount|revenues?|sales|income|earnings|expens\w+|assets|liabilit\w+|"
    r"cash|ebitda|capex|cogs|eps|dividends?|tax rate|payables?|receivables?|inventor\w+)\b|[%$€£]",
    re.IGNORECASE,
)
