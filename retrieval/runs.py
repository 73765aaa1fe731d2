"""Stretches of an answer's text, each shown alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RunKind(StrEnum):
    SAID = "said"  # what the documents say, or a value that was chosen
    ASKED = "asked"  # the same, and what was asked for: it should stand out
    TITLE = "title"  # of a part of the form
    OURS = "ours"  # markers and fixed words


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of an answer's text that is shown alike."""

    text: str
    kind: RunKind = RunKind.SAID
