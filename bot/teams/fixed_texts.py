"""Which messages of the bot hold no answer: fixed texts of ours, which have no record of their own."""

from __future__ import annotations

import re

from bot.answering.audience import NO_GROUPS, NOT_GUESTS
from bot.answering.audience import NOT_HERE as NOT_SHARED
from bot.answering.experts import ASKED, NO_EXPERT, NO_QUESTION
from bot.answering.render import NOT_HERE, PRIVATE_NOTE, STATUS
from bot.queue.worker import NO_PEOPLE, SHOWN_BEFORE, UNRECORDED
from bot.teams.adapter import NO_PRIVATE_CHAT
from bot.teams.render import WELCOME

_TEXTS = (
    *(STATUS, PRIVATE_NOTE, NO_PRIVATE_CHAT, SHOWN_BEFORE, UNRECORDED, WELCOME),
    *(NOT_HERE, NO_QUESTION, NO_EXPERT, NOT_SHARED, NOT_GUESTS, NO_GROUPS, NO_PEOPLE),
)
_CALL = rf"@?.{{1,60}} {re.escape(ASKED)} “.*”"
"""To an expert: the name, our words, somebody's question."""


def _pattern(text: str) -> str:
    """With anything short in the place of what is filled in."""
    parts = re.split(r"\{\w+\}", " ".join(text.split()))
    return ".{1,100}?".join(re.escape(part) for part in parts)


_FIXED = re.compile("|".join([*map(_pattern, _TEXTS), _CALL]), re.DOTALL)


def is_fixed(text: str) -> bool:
    """Whether a message, on one line as people read it, is one of ours without an answer."""
    return _FIXED.fullmatch(text) is not None
