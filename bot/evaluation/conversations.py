"""Conversations: what is asked in one thread, each question after the ones before it.

A folder with `conversations.jsonl`, a line a conversation, beside a folder for each corpus with its `documents/`:
{"corpus", "turns": [{"question", "document", "spans": [[start, end], ...], "answerable"}]}
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import SettingsError
from bot.evaluation.sets import Case, Gold, QuestionSet

FILE = "conversations.jsonl"


@dataclass(frozen=True, slots=True)
class Corpus:
    """A question set of one corpus whose questions are asked in threads: `threads` has their numbers."""

    questions: QuestionSet
    threads: tuple[int, ...]  # the line of the conversation, from 1, for each question


def load(folder: Path) -> list[Corpus]:
    """The conversations by corpus, in the file's order. Raises SettingsError, saying what is wrong where."""
    found: dict[str, tuple[list[Case], list[int]]] = {}
    try:
        for number, item in _lines(folder / FILE):
            cases, threads = found.setdefault(str(item["corpus"]), ([], []))
            turns = [_case(turn, at) for at, turn in enumerate(item["turns"], 1)]
            cases += turns
            threads += [number] * len(turns)
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            f"The conversations {folder / FILE} cannot be read: {error!r}. See bot/evaluation/conversations.py."
        ) from error
    return [
        Corpus(QuestionSet(f"{folder.name}-{corpus}", folder / corpus / "documents", tuple(cases)), tuple(threads))
        for corpus, (cases, threads) in found.items()
    ]


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip():
            yield number, json.loads(line)


def _case(turn: dict[str, Any], at: int) -> Case:
    gold = tuple(Gold(turn["document"], span=(s[0], s[1])) for s in turn.get("spans") or ())
    return Case(turn["question"], gold, bool(turn.get("answerable", True)), turn.get("answer"), turn=at)


def half(number: int) -> str:
    """ "tune" or "report": the even and the odd lines."""
    return "tune" if number % 2 == 0 else "report"
