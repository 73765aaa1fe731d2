"""Words that tie a sentence to its neighbour, by language: without it the sentence would say too much. Pure."""

from __future__ import annotations

import re

_GOES_ON = (
    "however|except|unless|otherwise|but|alternatively|nevertheless|notwithstanding|provided that|in that case|"
    "in such cases?|the only exceptions?|exceptions?|or|if so|if not|"
    "jedoch|allerdings|außer|es sei denn|andernfalls|sonst|ausgenommen|ausnahmen?|oder|"
    "toutefois|cependant|sauf|sinon|à moins que|exceptions?|ou|"
    "sin embargo|salvo|excepto|a menos que|de lo contrario|"
    "tuttavia|però|salvo|eccetto|altrimenti|a meno che|"
    "no entanto|contudo|exceto|a menos que|caso contrário|"
    "echter|evenwel|tenzij|behalve|anders|uitgezonderd"
)
_BEGINS = re.compile(rf"(?:{_GOES_ON})\b", re.IGNORECASE)
_ENDS = re.compile(r"(?:\b(?:or|unless|except|oder|ou|o|of|sauf|salvo)|[,;]\s*(?:and|und|et|y|e|en))[;,:]?\s*$", re.I)


def goes_on(sentence: str) -> bool:
    """Whether a sentence takes something back from the one before it, or offers another: "However, ...", "Or ..."."""
    return _BEGINS.match(sentence) is not None


def joins(sentence: str) -> bool:
    """Whether a text ends with a word that needs what follows: "...; or"."""
    return _ENDS.search(sentence[-24:]) is not None
