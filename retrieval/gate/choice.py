"""For choices of the answer form: the value that is chosen is said by the unit that it is chosen for.

A value ("not permitted", "30 days", "high risk") counts as an ordered compression of the unit: its words stand
there in its order, and nothing that turns them round stands between or before them.
"""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.gate.compression import says
from retrieval.gate.function_words import LANGUAGES, Kind
from retrieval.gate.tokens import language_of, tokens

_SAYS = frozenset({Kind.WORD, Kind.NUMBER, Kind.DUTY, Kind.MAY})


def checkable(value: str) -> bool:
    """Whether a value says anything that a unit could carry: "yes", "no" and "ja" do not."""
    return all(any(token.kind in _SAYS for token in tokens(value, language)) for language in LANGUAGES)


def chosen(value: str, choices: Sequence[str], text: str) -> bool:
    """Whether a text says this value of the choices, and no other that says more than it."""
    words = _words(value, text)
    narrower = (other for other in choices if words < _words(other, text))
    return says(value, text) and not any(says(other, text) for other in narrower)


def _words(value: str, text: str) -> frozenset[str]:
    return frozenset(token.form for token in tokens(value, language_of(text)))
