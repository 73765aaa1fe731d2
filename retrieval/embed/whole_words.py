"""The words that the built-in model's word pieces hold whole: the 20,000 that people write most, for those who need to
know whether a word is one.
"""

from __future__ import annotations

import json
from functools import cache

from retrieval.embed.minilm import published
from retrieval.errors import EmbedderUnavailable


@cache
def whole_words() -> frozenset[str]:
    """In small letters; none where the model is not installed."""
    try:
        pieces = json.loads(published("tokenizer.json"))["model"]["vocab"]
    except EmbedderUnavailable:
        return frozenset()
    return frozenset(piece for piece in pieces if piece.isalpha())
