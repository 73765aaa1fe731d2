"""Figures of a run. A figure that a set cannot tell is None, never 1.0.

The units of ranking figures are sections where the set names sections, pages where it names pages.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2
from statistics import mean, quantiles
from typing import Any

from bot.evaluation.sets import Case, Gold

CHARACTERS = 5_000
"""Budget of character recall and precision: what a reader, or a model, is handed."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A retrieved passage: its document, span, pages, and the labels of the sections it holds."""

    document: str
    start: int
    end: int
    pages: tuple[int, ...]
    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation of a reply, and whether its quote, place, version and permission are right."""

    document: str
    section: str | None
    page: int | None
    start: int
    end: int
    exact: bool
    located: bool
    current: bool
    permitted: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one question. `shown`: the quotes of each statement, of the answer or of the nearest, in order."""

    case: Case
    outcome: str
    ranked: tuple[Ranked, ...]
    cited: tuple[Cited, ...]
    took_us: int
    reply: Mapping[str, Any] = field(default_factory=dict)
    shown: tuple[tuple[Cited, ...], ...] = ()
    from_model: bool = False  # a language model made the reply, not what stands in for it


Unit = tuple[str, str]


def figures(results: Sequence[Result]) -> dict[str, float | None]:
    """All figures by name, rounded to four places."""
    found: dict[str, float | None] = {}
    for kind in ("section", "page"):
        rows = [(_gold_units(r.case, kind), _ranked_units(r.ranked, kind)) for r in results if r.case.answerable]
        rows = [(gold, units) for gold, units in rows if gold]
        for k in (1, 5, 10):
            found[f"{kind}_recall@{k}"] = _mean(len(gold & set(units[:k])) / len(gold) for gold, units in rows)
    found |= _judged(results)
    found |= _characters(results)
    found |= _citations(results)
    found |= _shown(results)
    found["follow_ups_right"] = _follow_ups(results)
    found |= _abstention(results)
    times = [r.took_us / 1000 for r in results]
    cuts = quantiles(times, n=100, method="inclusive") if len(times) > 1 else []
    found["p50_ms"] = cuts[49] if cuts else None
    found["p99_ms"] = cuts[98] if cuts else None
    return {name: None if value is None else round(value, 4) for name, value in found.items()}


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return mean(listed) if listed else None


def _gold_units(case: Case, kind: str) -> set[Unit]:
    if kind == "section":
        return {(g.document, g.section) for g in case.expect if g.section is not None}
    return {(g.document, str(g.page)) for g in case.expect if g.page is not None}


def _ranked_units(ranked: Sequence[Ranked], kind: str) -> list[Unit]:
    """Units in the order they are first met; a passage that holds several counts them all, in order."""
    units: dict[Unit, None] = {}
    for passage in ranked:
        names = passage.sections if kind == "section" else tuple(map(str, passage.pages))
        units.update(((passage.document, name), None) for name in names)
    return list(units)


def _judged(results: Sequence[Result]) -> dict[str, float | None]:
    """Means over the questions that have gold units, as trec_eval reckons them with relevance 0 or 1."""
    found: dict[str, list[float]] = {"ndcg@10": [], "mrr@10": [], "map@10": []}
    for result in results:
        kind = "section" if any(g.section for g in result.case.expect) else "page"
        gold = _gold_units(result.case, kind) if result.case.answerable else set()
        if not gold:
            continue
        ranks = [n for n, unit in enumerate(_ranked_units(result.ranked, kind)[:10], 1) if unit in gold]
        ideal = sum(1 / log2(n + 1) for n in range(1, min(len(gold), 10) + 1))
        found["ndcg@10"].append(sum(1 / log2(n + 1) for n in ranks) / ideal)
        found["mrr@10"].append(1 / ranks[0] if ranks else 0.0)
        found["map@10"].append(sum(seen / n for seen, n in enumerate(ranks, 1)) / len(gold))
    return {name: _mean(values) for name, values in found.items()}


def _characters(results: Sequence[Result]) -> dict[str, float | None]:
    """Share of the gold characters within the first CHARACTERS retrieved, and of those that are gold."""
    recalls, precisions = [], []
    for result in results:
        gold = {(g.document, i) for g in result.case.expect if g.span for i in range(*g.span)}
        if not gold:
            continue
        got: set[tuple[str, int]] = set()
        left = CHARACTERS
        for passage in result.ranked:
            span = range(passage.start, min(passage.end, passage.start + left))
            got.update((passage.document, i) for i in span)
            left -= len(span)
            if left <= 0:
                break
        recalls.append(len(gold & got) / len(gold))
        precisions.append(len(gold & got) / len(got) if got else 0.0)
    return {"char_recall": _mean(recalls), "char_precision": _mean(precisions)}


def _placed(case: Case) -> bool:
    """Whether it can be told if a quote is right: a document's name alone does not say where the answer stands."""
    return case.answerable and any(g.span or g.section is not None or g.page is not None for g in case.expect)


def _matches(cited: Cited, gold: Gold) -> bool:
    if cited.document != gold.document:
        return False
    if gold.span is not None:
        return cited.start < gold.span[1] and gold.span[0] < cited.end
    if gold.section is not None and cited.section is not None:
        return _squash(cited.section) == _squash(gold.section)
    return gold.page is not None and cited.page == gold.page


def _squash(label: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", label).casefold() if c.isalnum())


def _citations(results: Sequence[Result]) -> dict[str, float | None]:
    answered = [r for r in results if r.outcome == "answered" and _placed(r.case)]
    cited = [c for r in results for c in r.cited]
    first = [r.ranked[0].document for r in results if r.ranked and r.case.expect and r.case.answerable]
    golds = [{g.document for g in r.case.expect} for r in results if r.ranked and r.case.expect and r.case.answerable]
    pairs = [(c, r.case) for r in answered for c in r.cited]
    return {
        "wrong_document_rate": _mean(float(d not in g) for d, g in zip(first, golds, strict=True)),
        "citation_precision": _mean(float(any(_matches(c, g) for g in case.expect)) for c, case in pairs),
        "citation_recall": _mean(float(any(_matches(c, g) for c in r.cited for g in r.case.expect)) for r in answered),
        "quote_exactness": _mean(float(c.exact) for c in cited),
        "locator_accuracy": _mean(float(c.located) for c in cited),
        "stale": float(sum(not c.current for c in cited)) if cited else None,
        "leaks": float(sum(not c.permitted for c in cited)) if cited else None,
    }


def _shown(results: Sequence[Result]) -> dict[str, float | None]:
    """Of the answerable questions, those whose first, or one of whose first three statements is right, answered or
    nearest; and of those answered, those whose answer shows a right one.
    """
    told = [(r.outcome == "answered", [_right(r, quotes) for quotes in r.shown]) for r in results if _placed(r.case)]
    return {
        "right_first": _mean(float(any(right[:1])) for _, right in told),
        "shown_among_three": _mean(float(any(right[:3])) for _, right in told),
        "answered_precision": _mean(float(any(right)) for answered, right in told if answered),
    }


def _follow_ups(results: Sequence[Result]) -> float | None:
    """Of the questions after the first of their thread, those with a right one among three, or rightly no answer."""
    later = [r for r in results if r.case.turn > 1 and (_placed(r.case) or not r.case.answerable)]
    return _mean(
        float(any(_right(r, quotes) for quotes in r.shown[:3]) if r.case.answerable else r.outcome == "abstained")
        for r in later
    )


def _right(result: Result, quotes: Sequence[Cited]) -> bool:
    return any(_carries(c, g) for c in quotes for g in result.case.expect)


def _carries(cited: Cited, gold: Gold) -> bool:
    """At the expected place, and, where that is a span, over half of the shorter of the two."""
    if not _matches(cited, gold) or gold.span is None:
        return _matches(cited, gold)
    shared = min(cited.end, gold.span[1]) - max(cited.start, gold.span[0])
    return 2 * shared >= min(cited.end - cited.start, gold.span[1] - gold.span[0])


def _abstention(results: Sequence[Result]) -> dict[str, float | None]:
    """Precision: of the abstentions, the right ones. Recall: of the unanswerable, those not answered."""
    unanswerable = [r for r in results if not r.case.answerable]
    abstained = [r for r in results if r.outcome == "abstained"]
    return {
        "abstention_precision": _mean(float(not r.case.answerable) for r in abstained) if unanswerable else None,
        "abstention_recall": _mean(float(r.outcome == "abstained") for r in unanswerable),
        "needless_refusals": _mean(float(r.outcome != "answered") for r in results if r.case.answerable),
    }
