"""Question sets: the documented shape, and the shapes some published sets come in.

A set is a folder with `documents/` (or `pdfs/`) and one of

* `set.jsonl`: a line a question:
  {"question", "as", "expect": [{"document", "section", "page", "span"}], "answer", "answerable"}
* `questions.json`, a list of {"question", "gold": [[document id, passage id], ...]}; the documents
  are JSON lists of numbered passages
* `questions.json`, a list of {"query", "snippets": [{"file", "span"}]}; the documents are text
* `questions.jsonl`, a line a question with "doc_name" and "evidence" by zero-indexed page
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import SettingsError
from retrieval.errors import DocumentUnreadable
from retrieval.parse.blocks import Block, assemble
from retrieval.ports import Parser
from retrieval.types import ParsedDocument


@dataclass(frozen=True, slots=True)
class Gold:
    """Where an answer stands. What a set does not say is None."""

    document: str
    section: str | None = None
    page: int | None = None
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A question and what is expected of the answer. `asker` is an e-mail; None: no right but everyone. `turn` counts
    the questions of its thread, from 1.
    """

    question: str
    expect: tuple[Gold, ...]
    answerable: bool = True
    answer: str | None = None
    asker: str | None = None
    turn: int = 1


@dataclass(frozen=True, slots=True)
class QuestionSet:
    name: str
    documents: Path
    cases: tuple[Case, ...]


def load(folder: Path) -> QuestionSet:
    """Read a set of any of the shapes. Raises SettingsError, saying what is wrong where."""
    try:
        if (folder / "set.jsonl").is_file():
            cases = [_own(line) for line in _lines(folder / "set.jsonl")]
            return QuestionSet(folder.name, folder / "documents", tuple(cases))
        if (folder / "questions.jsonl").is_file():
            cases = [_paged(line) for line in _lines(folder / "questions.jsonl")]
            return QuestionSet(folder.name, folder / "pdfs", tuple(cases))
        if (folder / "questions.json").is_file():
            items = json.loads((folder / "questions.json").read_text("utf-8"))
            return QuestionSet(folder.name, folder / "documents", tuple(_published(item) for item in items))
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            f"The question set {folder} cannot be read: {error!r}. See bot/evaluation/sets.py."
        ) from error
    raise SettingsError(f"{folder} holds no question set: neither set.jsonl nor questions.json nor questions.jsonl.")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ValueError(f"{path.name}, line {number}: {error}") from error


def _own(item: dict[str, Any]) -> Case:
    known = {"question", "as", "expect", "answer", "answerable"}
    if unknown := item.keys() - known:
        raise ValueError(f"unknown fields {sorted(unknown)}")
    gold = tuple(
        Gold(g["document"], g.get("section"), g.get("page"), (g["span"][0], g["span"][1]) if g.get("span") else None)
        for g in item.get("expect") or ()
    )
    return Case(item["question"], gold, item.get("answerable", True), item.get("answer"), item.get("as"))


def _published(item: dict[str, Any]) -> Case:
    if "gold" in item:
        return Case(item["question"], tuple(Gold(f"{d}.json", section=str(p)) for d, p in item["gold"]))
    return Case(item["query"], tuple(Gold(s["file"], span=(s["span"][0], s["span"][1])) for s in item["snippets"]))


def _paged(item: dict[str, Any]) -> Case:
    gold = dict.fromkeys(
        Gold(f"{e.get('doc_name', item['doc_name'])}.pdf", page=e["evidence_page_num"] + 1) for e in item["evidence"]
    )
    return Case(item["question"], tuple(gold), answer=item.get("answer"))


@dataclass(frozen=True, slots=True)
class SetParser:
    """Reads lists of numbered passages (JSON) as documents; everything else as the product does."""

    inner: Parser

    async def parse(self, name: str, content: bytes) -> ParsedDocument:
        if not name.endswith(".json"):
            return await self.inner.parse(name, content)
        try:
            passages = json.loads(content)
            blocks = [
                Block(p["Passage"], level=1, label=str(p["PassageID"])) for p in passages if str(p["Passage"]).strip()
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise DocumentUnreadable(f"it is no list of numbered passages: {error!r}") from error
        return assemble(name.removesuffix(".json"), blocks)
