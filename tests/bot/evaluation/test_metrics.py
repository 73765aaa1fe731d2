"""The ranking figures are those of ir-measures, which reckons them with trec_eval's code."""

from __future__ import annotations

import ir_measures
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ir_measures import AP, RR, Qrel, ScoredDoc, nDCG

from bot.evaluation.metrics import Cited, Ranked, Result, figures
from bot.evaluation.sets import Case, Gold

MEASURES = {"ndcg@10": nDCG @ 10, "mrr@10": RR @ 10, "map@10": AP @ 10}
SECTIONS = [f"{n}" for n in range(14)]
QUESTION = st.tuples(st.sets(st.sampled_from(SECTIONS), min_size=1), st.permutations(SECTIONS), st.integers(0, 14))


@given(st.lists(QUESTION, min_size=1, max_size=5))
@example([({"1"}, SECTIONS, 0)])
@example([(set(SECTIONS), SECTIONS, 14), ({"13"}, SECTIONS, 14)])
def test_ranking_figures_are_those_of_trec_eval(questions: list[tuple[set[str], list[str], int]]) -> None:
    results, qrels, run = [], [], []
    for number, (gold, order, shown) in enumerate(questions):
        case = Case("Q", tuple(Gold("a.md", label) for label in sorted(gold)))
        ranked = [Ranked("a.md", 10 * n, 10 * n + 5, (1,), (label,)) for n, label in enumerate(order[:shown])]
        results.append(Result(case, "answered", tuple(ranked), (), 1))
        qrels += [Qrel(str(number), label, 1) for label in gold]
        run += [ScoredDoc(str(number), label, float(-rank)) for rank, label in enumerate(order[:shown])]
    found = figures(results)
    expected = ir_measures.calc_aggregate(list(MEASURES.values()), qrels, run) if run else {}
    for name, measure in MEASURES.items():
        assert found[name] == pytest.approx(expected.get(measure, 0.0), abs=5e-5)


def _quote(start: int, end: int = 0) -> Cited:
    stop = end or start + 10
    return Cited("a.md", None, None, start, stop, exact=True, located=True, current=True, permitted=True)


def test_what_is_shown_counts_whether_answered_or_near() -> None:
    gold = (Gold("a.md", span=(0, 20)),)
    right, wrong = (_quote(5),), (_quote(50),)
    results = [
        Result(Case("1", gold), "answered", (), (), 1, shown=(right,)),
        Result(Case("2", gold), "answered", (), (), 1, shown=(wrong, right)),
        Result(Case("3", gold), "abstained", (), (), 1, shown=(wrong, wrong, right)),
        Result(Case("4", gold), "abstained", (), (), 1, shown=()),
        Result(Case("5", gold), "answered", (), (), 1, shown=(wrong,)),
        Result(Case("6", (), answerable=False), "answered", (), (), 1, shown=(right,)),
    ]
    found = figures(results)
    assert (found["right_first"], found["shown_among_three"]) == (0.2, 0.6)
    assert found["answered_precision"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures(results[2:4])["answered_precision"] is None


def test_a_quote_that_only_touches_the_expected_span_is_not_right() -> None:
    case = Case("1", (Gold("a.md", span=(0, 20)),))
    touching, holding = (_quote(18, 40),), (_quote(0, 200),)
    assert figures([Result(case, "answered", (), (), 1, shown=(touching,))])["right_first"] == 0.0
    assert figures([Result(case, "answered", (), (), 1, shown=(holding,))])["right_first"] == 1.0


def test_a_set_that_names_documents_alone_cannot_tell_whether_a_quote_is_right() -> None:
    case = Case("1", (Gold("a.md"),))
    found = figures([Result(case, "answered", (), (_quote(0),), 1, shown=((_quote(0),),))])
    names = ("citation_precision", "citation_recall", "right_first", "shown_among_three", "answered_precision")
    assert [found[name] for name in names] == [None] * len(names)
    assert found["needless_refusals"] == 0.0
