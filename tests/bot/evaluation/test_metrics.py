"""The ranking figures are those of ir-measures, which reckons them with trec_eval's code."""

from __future__ import annotations

import ir_measures
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ir_measures import AP, RR, Qrel, ScoredDoc, nDCG

from bot.evaluation.metrics import Ranked, Result, figures
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
