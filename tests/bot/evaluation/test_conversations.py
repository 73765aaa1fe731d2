"""Conversations are asked turn by turn in their thread, and claims beside a set say how often the gate errs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SettingsError
from bot.evaluation import claims, conversations
from bot.evaluation.metrics import Cited, Result, figures
from bot.evaluation.run import Options, run_conversations
from bot.evaluation.sets import Case, Gold
from bot.settings.values import Settings

TEXT = """# Parental Leave

Employees get 12 weeks of paid parental leave after the birth of a child.
Parental leave must be taken within one year after the birth.
"""


def turn(question: str, quote: str = "") -> dict[str, Any]:
    at = TEXT.removeprefix("# ").find(quote)
    spans = [[at, at + len(quote)]] if quote else []
    return {"question": question, "document": "leave.md", "spans": spans, "answerable": bool(quote)}


def make(folder: Path) -> Path:
    (folder / "hr" / "documents").mkdir(parents=True)
    (folder / "hr" / "documents" / "leave.md").write_text(TEXT, "utf-8")
    first = turn("How long is paid parental leave?", "Employees get 12 weeks of paid parental leave")
    then = turn("By when must it be taken?", "Parental leave must be taken within one year")
    lines = [{"corpus": "hr", "turns": [first, then]}, {"corpus": "hr", "turns": [first]}]
    (folder / conversations.FILE).write_text("\n".join(json.dumps(item) for item in lines), "utf-8")
    return folder


async def test_a_thread_is_asked_in_its_order_and_its_later_questions_are_counted(tmp_path: Path) -> None:
    corpora = conversations.load(make(tmp_path / "set"))
    results = await run_conversations(corpora, Settings(home=tmp_path / "home"), Options())
    assert [(r.case.turn, r.case.question.split()[0]) for r in results] == [(1, "How"), (2, "By"), (1, "How")]
    assert figures(results)["follow_ups_right"] == 1.0
    assert figures(results)["right_first"] == 1.0
    odd = await run_conversations(corpora, Settings(home=tmp_path / "home"), Options(part="report"))
    assert len(odd) == 2
    assert figures([r for r in odd if r.case.turn == 1])["follow_ups_right"] is None


@pytest.mark.parametrize("text", ["{", '{"corpus": "a"}', '{"corpus": "a", "turns": [{}]}', "[]"])
def test_bad_conversations_are_told(tmp_path: Path, text: str) -> None:
    (tmp_path / conversations.FILE).write_text(text)
    with pytest.raises(SettingsError, match=r"conversations\.jsonl cannot be read"):
        conversations.load(tmp_path)


def test_a_follow_up_is_right_by_what_is_shown_or_rightly_not() -> None:
    def result(turn: int, outcome: str, start: int, *, answerable: bool = True) -> Result:
        case = Case("Q", (Gold("a", span=(100, 150)),) if answerable else (), answerable, turn=turn)
        quote = Cited("a", None, None, start, start + 50, True, True, True, True)
        return Result(case, outcome, (), (), 1, shown=((quote,),))

    right, near, wrong = result(2, "answered", 100), result(3, "abstained", 110), result(2, "answered", 300)
    none, false = (result(3, o, 300, answerable=False) for o in ("abstained", "answered"))
    assert figures([right, near, wrong, none, false, result(1, "answered", 300)])["follow_ups_right"] == 0.6


def test_claims_beside_a_set_tell_how_often_the_gate_errs(tmp_path: Path) -> None:
    assert claims.figures(tmp_path) == {"false_passed": None, "true_kept": None}
    rule = "The Supplier must tell the Customer within 30 days after the breach."
    lines = [
        {"evidence": rule, "claim": "The Supplier must tell the Customer within 30 days.", "label": "supported"},
        {"evidence": rule, "claim": "Within a month the Customer hears of it.", "label": "supported"},
        {"evidence": rule, "claim": "The Customer must tell the Supplier within 30 days.", "label": "contradicted"},
    ]
    (tmp_path / claims.FILE).write_text("\n".join(json.dumps(item) for item in lines))
    assert claims.figures(tmp_path) == {"false_passed": 0.0, "true_kept": 0.5}
    (tmp_path / claims.FILE).write_text("{}")
    with pytest.raises(SettingsError, match=r"claims\.jsonl cannot be read"):
        claims.figures(tmp_path)
