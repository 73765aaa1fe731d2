"""Question sets: every shape is read, figures are right on made-up results, and a set runs through the product."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SettingsError
from bot.evaluation.compare import compare
from bot.evaluation.metrics import Cited, Ranked, Result, figures
from bot.evaluation.run import Options, chosen, half, line, run_set, write
from bot.evaluation.sets import Case, Gold, load
from bot.settings.values import Settings


def make(folder: Path, lines: list[dict[str, Any]], documents: dict[str, str]) -> Path:
    (folder / "documents").mkdir(parents=True)
    for name, text in documents.items():
        path = folder / "documents" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (folder / "set.jsonl").write_text("\n".join(json.dumps(item) for item in lines))
    return folder


def test_the_documented_shape_is_read(tmp_path: Path) -> None:
    item = {
        "question": "What do hotels cost?",
        "as": "ada@example.com",
        "expect": [{"document": "a.md", "section": "4.2", "page": None, "span": [3, 9]}],
        "answer": "180 EUR",
        "answerable": True,
    }
    (case,) = load(make(tmp_path / "s", [item], {})).cases
    gold = Gold("a.md", "4.2", None, (3, 9))
    assert case == Case("What do hotels cost?", (gold,), True, "180 EUR", "ada@example.com")


def test_the_published_shapes_are_read(tmp_path: Path) -> None:
    numbered, spans, paged = (tmp_path / n for n in ("numbered", "spans", "paged"))
    for folder in (numbered, spans, paged):
        folder.mkdir()
    (numbered / "questions.json").write_text('[{"question": "Q", "gold": [[3, "18.8.2"]]}]')
    (spans / "questions.json").write_text('[{"query": "Q", "snippets": [{"file": "a.txt", "span": [1, 5]}]}]')
    evidence = {"evidence_page_num": 68, "doc_name": "X_10K"}
    (paged / "questions.jsonl").write_text(json.dumps({"question": "Q", "doc_name": "X_10K", "evidence": [evidence]}))
    assert load(numbered).cases == (Case("Q", (Gold("3.json", section="18.8.2"),)),)
    assert load(spans).cases == (Case("Q", (Gold("a.txt", span=(1, 5)),)),)
    assert load(paged).cases == (Case("Q", (Gold("X_10K.pdf", page=69),)),)


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"question": 1', "line 1"), ('{"question": "Q", "expected": []}', "expected"), ("{}", "question")],
)
def test_a_bad_set_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "set.jsonl").write_text(text)
    with pytest.raises(SettingsError, match=said):
        load(tmp_path)
    with pytest.raises(SettingsError, match="holds no question set"):
        load(tmp_path / "nowhere")


def ranked(document: str, start: int, end: int, *sections: str, page: int | None = None) -> Ranked:
    return Ranked(document, start, end, (page,) if page else (), sections)


def cited(document: str, section: str, *, exact: bool = True) -> Cited:
    return Cited(document, section, None, 0, 5, exact, True, True, True)


def test_figures_of_sections() -> None:
    case = Case("Q", (Gold("a", "1"), Gold("a", "2")))
    hits = (ranked("b", 0, 9, "1"), ranked("a", 0, 9, "1"), ranked("a", 9, 20, "9", "2"))
    found = figures([Result(case, "answered", hits, (cited("a", "1"), cited("b", "1", exact=False)), 1000)])
    assert found["section_recall@1"] == 0.0
    assert found["section_recall@5"] == 1.0
    assert found["mrr@10"] == 0.5
    assert found["map@10"] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert found["wrong_document_rate"] == 1.0
    assert (found["citation_precision"], found["citation_recall"], found["quote_exactness"]) == (0.5, 1.0, 0.5)
    assert (found["page_recall@10"], found["char_recall"], found["abstention_recall"]) == (None, None, None)
    assert (found["needless_refusals"], found["stale"], found["leaks"]) == (0.0, 0.0, 0.0)


def test_figures_of_characters_count_the_first_five_thousand() -> None:
    case = Case("Q", (Gold("a", span=(0, 100)),))
    hits = (ranked("b", 0, 4_950), ranked("a", 0, 100))
    found = figures([Result(case, "answered", hits, (), 1000)])
    assert found["char_recall"] == 0.5
    assert found["char_precision"] == 50 / 5_000
    assert found["citation_precision"] is None


def test_figures_of_abstention() -> None:
    no, yes = Case("Q", (), answerable=False), Case("Q", (Gold("a"),))
    results = [Result(c, o, (), (), 1) for c, o in ((no, "abstained"), (no, "answered"), (yes, "abstained"))]
    found = figures(results)
    assert (found["abstention_precision"], found["abstention_recall"], found["needless_refusals"]) == (0.5, 0.5, 1.0)


def test_a_run_is_chosen_by_half_limit_and_kind() -> None:
    cases = [Case(f"Q{n}", (Gold(f"{n}.md"),)) for n in range(40)]
    tune, report = (chosen(cases, Options(part=part)) for part in ("tune", "report"))
    assert len(tune) + len(report) == 40
    assert {half(c) for c in tune} == {"tune"}
    assert len(chosen(cases, Options(limit=7))) == 7
    assert not any(c.answerable for c in chosen(cases, Options(leave_one_out=True)))
    assert len(chosen(cases, Options(off_topic=True))) > 40


@pytest.mark.slow
async def test_a_set_runs_through_the_product(tmp_path: Path) -> None:
    documents = {
        "travel.md": "# Travel Policy\n\n## 4.2 Hotels\n\nHotels cost at most 180 EUR a night.\n",
        "board/minutes.md": "# Board Minutes\n\n## 1 Bonus\n\nThe bonus pool for the board is EUR 1.35 million.\n",
    }
    hotels: dict[str, Any] = {
        "question": "What do hotels cost a night?",
        "expect": [{"document": "travel.md", "section": "4.2"}],
    }
    bonus: dict[str, Any] = {
        "question": "What is the bonus pool for the board?",
        "expect": [{"document": "board/minutes.md"}],
    }
    lines = [
        hotels,
        {**bonus, "as": "tom@example.com"},
        {**bonus, "as": "eve@example.com", "expect": [], "answerable": False},
    ]
    folder = make(tmp_path / "mine", lines, documents)
    (folder / "set.toml").write_text(
        '[groups]\nboard = ["tom@example.com"]\n[[access]]\npath = "board/**"\nallow = ["group:board"]\n'
    )
    settings = Settings(home=tmp_path / "home")
    results = await run_set(load(folder), settings, Options())
    assert [r.outcome for r in results] == ["answered", "answered", "abstained"]
    found = figures(results)
    assert (found["section_recall@1"], found["quote_exactness"], found["locator_accuracy"]) == (1.0, 1.0, 1.0)
    assert (found["leaks"], found["stale"], found["abstention_recall"]) == (0.0, 0.0, 1.0)
    without = await run_set(load(folder), settings, Options(leave_one_out=True))
    assert {r.outcome for r in without} == {"abstained"}
    assert line(results[0])["reply"]["citations"][0]["section"] == "4.2"
    write(tmp_path / "a.jsonl", results)
    write(tmp_path / "b.jsonl", results)
    assert all(d.before == d.after and not d.certain for d in compare(tmp_path / "a.jsonl", tmp_path / "b.jsonl"))


def test_a_mistyped_run_asks_the_same_slips_every_time() -> None:
    cases = [Case("Why can't the hotel expenses be reimbursed?", (Gold("a.md"),))]
    [first], [again] = (chosen(cases, Options(mistyped=True)) for _ in range(2))
    assert first == again
    assert first.question != cases[0].question
    assert "cant" in first.question
    assert first.expect == cases[0].expect
