"""Text that speaks to a machine: what a document plants to steer a language model is no unit that could be quoted."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache

from retrieval.text.words import visible

_MACHINE = (
    r"(?:a\.?i\.?|llm|language\s+model|(?:ai\s+)?assistant|chat\s?bot|bot|gpt\S{0,20}|chatgpt|claude|copilot|model)"
)
_INSTRUCTIONS = (
    r"(?:instructions?|prompts?|rules|directions|guidelines|messages?|context|commands?|training|constraints?)"
)
_MACHINES = (
    "a.i _ai_ _ai, _ai: _ai; _ai! _ais_ (ai llm model assistant _bot_ _bots _bot, _bot: _bot; _bot! (bot chatbot "
    "chat_bot gpt claude copilot"
)
# What a planted text says, as regular expressions in which white space counts for nothing, each with signs
# of which it has at least one ("_" is a blank): looking for them first is a hundred times cheaper.
_PHRASES: tuple[tuple[str, str], ...] = (
    ("ignore disregard forget overrid bypass overwrit discard", rf"""
    \b(?:ignore|disregard|forget|override|bypass|overwrite|discard)\b(?!\s+of)[^.]{{0,40}}\b
        (?:previous|prior|above|earlier|preceding|foregoing|your|all\s+other|system|these|those)\b[^.]{{0,30}}\b{_INSTRUCTIONS}
    | \b(?:ignore|disregard|forget)\s+(?:everything|anything|all)\b[^.\n]{{0,20}}\b(?:above|before|told|said)"""),
    ("system", rf"\bsystem\s*(?:prompt|message|override|instruction|notice\s+to\s+{_MACHINE})"),
    ("instruction", rf"""
    \b(?:new|updated|real|hidden|secret|additional)\s+instructions?\s*(?::|for\s+{_MACHINE}|follow)
    | \binstructions?\s+(?:for|to)\s+(?:the\s+|any\s+|all\s+)?{_MACHINE}\b"""),
    (_MACHINES, rf"""
    \b(?:note|message|memo|attention|dear|hey|hello)\s*,?\s+(?:to\s+)?
        (?:the\s+|any\s+|all\s+|every\s+)?{_MACHINE}\s*[,:;!]"""),
    ("you_are", rf"""
    \byou\s+are\s+(?:now\s+)?(?:an?\s+|the\s+)?(?:{_MACHINE}|dan\b|no\s+longer\s+bound|in\s+developer\s+mode)
    | \bif\s+you\s+are\s+(?:an?\s+)?{_MACHINE}\b"""),
    ("act_as pretend_to roleplay_as", rf"""
    \b(?:act\s+as|pretend\s+to\s+be|roleplay\s+as)\s+(?:an?\s+|the\s+)?(?:{_MACHINE}|dan)\b"""),
    ("model assistant", r"\bas\s+an\s+a\.?i\.?\s+(?:language\s+)?(?:model|assistant)\b"),
    (_MACHINES, rf"""
    \b{_MACHINE}s?\s+(?:must|should|shall|will|reading\s+this)\b[^.\n]{{0,40}}
        \b(?:say|answer|reply|respond|output|print|ignore|tell|write|cite)"""),
    ("answer response reply output", r"""
    \b(?:your|the)\s+(?:answer|response|reply|output)\s+(?:must|should|shall|has\s+to)\b"""),
    ("answer reply respond output print only_say always_say instead_say now_say", r"""
    (?:^|[.!?:;]\s+)(?:only\s+|always\s+|instead\s+|now\s+)?(?:answer|reply|respond|output|print)\s+
        (?:only|exactly|instead|always|nothing\s+but|the\s+following|with)\b
    | (?:^|[.!?:;]\s+)(?:only|always|instead|now)\s+(?:answer|reply|respond|output|say|print)\b"""),
    ("tell reveal mention disclose", r"""
    \b(?:do\s+not|don't|never)\s+(?:tell|reveal|mention|disclose)\b[^.\n]{0,30}\bto\s+the\s+(?:user|asker|reader)\b
    | \btell\s+the\s+(?:user|asker)\b"""),
    ("prompt instruction configuration", r"""
    \b(?:reveal|print|repeat|output|show|leak)\s+(?:me\s+)?(?:your|the)\s+
        (?:system|hidden|initial|full)?\s*(?:prompt|instructions|configuration)
    | \bprompt\s+injection\b"""),
    ("jail developer anything", r"\b(?:jail\s?break|developer\s+mode|do\s+anything\s+now)\b"),
    ("<| inst] sys> <", r"""
    <\|[a-z_]+\|> | \[/?INST\] | <</?SYS>>
    | </?(?:system|assistant|developer|instructions?|passages?|prompt)\b[^>]{0,200}>
    | <<<[^>\n]{0,200}\b(?:begins|ends)\b"""),
    ("system assistant developer user", r"^\s*\#{0,9}\s*(?:system|assistant|developer|user)\s*(?:\(.{0,20}\))?\s*:"),
    ("begin_ end_ start_", r"""
    \b(?:begin|end|start)\s+(?:of\s+)?(?:system|prompt|passages?|instructions?|data|untrusted|trusted)\b"""),
    ("units\" words\"", r'"units"\s*: | "words"\s*:'),
)  # fmt: skip
_RULES = tuple(
    (tuple(sign.replace("_", " ") for sign in signs.split()), re.compile(pattern, re.I | re.VERBOSE | re.MULTILINE))
    for signs, pattern in _PHRASES
)

_ENDS = '.!?:;|>"”)]}'
_BLANK = re.compile(r"\s{2,}")
_REMEMBERED = 10_000  # characters


def speaks_to_machine(text: str) -> bool:
    """Whether a text gives orders to a language model, or poses as a part of its prompt."""
    return _remembered(text) if len(text) <= _REMEMBERED else _speaks(text)


@lru_cache(maxsize=2048)
def _remembered(text: str) -> bool:
    return _speaks(text)


def _speaks(text: str) -> bool:
    # Runs of white space are drawn together: a pattern takes a time that grows with the cube of their length.
    text = _BLANK.sub(lambda blank: "\n" if "\n" in blank[0] else " ", visible(text))
    low = f" {' '.join(text.casefold().split())} "
    return any(pattern.search(text) for signs, pattern in _RULES if any(sign in low for sign in signs))


def around(text: str, start: int, end: int) -> str:
    """The paragraph of text[start:end]: its line, and those before and after that run on without an end."""
    begin, stop = Paragraphs(text).around(start, end)
    return text[begin:stop]


class Paragraphs:
    """Where the paragraphs of a text end: at line breaks after a line with an end."""

    def __init__(self, text: str) -> None:
        self._ends = [-1]
        self._length = len(text)
        last, at = "", 0
        while (stop := text.find("\n", at)) >= 0:
            last = text[at:stop].rstrip()[-1:] or last
            if last in _ENDS:
                self._ends.append(stop)
            at = stop + 1

    def around(self, start: int, end: int) -> tuple[int, int]:
        """The paragraphs, or the one, that hold [start, end)."""
        after = bisect_left(self._ends, end)
        stop = self._ends[after] if after < len(self._ends) else self._length
        return self._ends[bisect_left(self._ends, start) - 1] + 1, stop
