"""Fits the weights of the embedded selector: `python -m training.selector EVAL WORK`.

EVAL is the folder of evaluation data (`natural/` in it), WORK keeps indexes and vectors between runs. Only the even
lines of each set are fitted to; the odd ones are reported. Prints the figures of README.md, and writes the weights.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.evaluation.offtopic import OFF_TOPIC
from bot.settings.values import Settings
from bot.wiring.app import App, open_app
from connectors.folder import FolderSource
from retrieval.select.embedded import FITTED_TO, GROUP, WEIGHTS, candidates, group
from retrieval.select.features import FEATURES, Candidate, features, telling
from retrieval.types import Question

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
THRESHOLD, JOINS, LEAST = 0.52, 2.3, 0.46
OFF = 0.5  # weight of a question that has nothing to do with the documents, beside one that they answer
MADE = 0.5  # weight of a question whose answer was taken away, beside one that people wrote
RIDGE, GROUP_RIDGE = 20.0, 10.0
_OF_ANY_SCALE = frozenset({"cosine"})  # means nothing where the embedder is another one


class Origin(Enum):
    """Where a question comes from."""

    WRITTEN = "people wrote it for these documents"
    MADE = "the same, without the passages that answer it"
    OFF_TOPIC = "it has nothing to do with such documents"


@dataclass(frozen=True, slots=True)
class Case:
    """A question with a row of features for each unit of its passages; `right` says which of them answer."""

    corpus: str
    tune: bool
    answerable: bool
    origin: Origin
    rows: Floats
    right: NDArray[np.bool_]


async def collect(sets: Sequence[Path], work: Path) -> list[Case]:
    """The cases of these sets, each through the product's own index and search."""
    found: list[Case] = []
    for corpus in sets:
        async with open_app(Settings(home=work / corpus.name)) as app:
            await app.sync(FolderSource(corpus.name, corpus / "documents"))
            for number, line in enumerate((corpus / "full.jsonl").read_text("utf-8").splitlines(), 1):
                found += await _asked(app, corpus.name, number, json.loads(line), Origin.WRITTEN)
            for number, text in enumerate(OFF_TOPIC, 1):
                item = {"question": text, "answerable": False, "expect": []}
                found += await _asked(app, corpus.name, number, item, Origin.OFF_TOPIC)
    return found


async def _asked(app: App, corpus: str, number: int, item: dict[str, Any], origin: Origin) -> list[Case]:
    """Retrieved as by the product, without its selector: the weights in the package may be of other features."""
    question = Question(item["question"], datetime.now(UTC))
    passages = await app.ask.retriever.retrieve(question, frozenset(await app.state.access_lists()))
    [vector] = await app.embedder.embed([question.text])
    listed = telling(question.text, candidates(passages, len(vector) // 4))
    return cases(corpus, number, item, np.frombuffer(vector, "<f4"), listed, origin)


def cases(
    corpus: str, number: int, item: dict[str, Any], vector: Floats32, listed: Sequence[Candidate], origin: Origin
) -> list[Case]:
    """A question with its units; and, where one is right, again without the passages that hold such units."""
    gold = [(g["document"], *g["span"]) for g in item["expect"]]
    right = np.array([any(_answers(c.document, c.unit.start, c.unit.end, g) for g in gold) for c in listed])
    answering = {c.passage for c, holds in zip(listed, right, strict=True) if holds}
    rest = [c for c in listed if c.passage not in answering] if answering else []
    found = []
    for units, holds, of in ((listed, right, origin), (rest, np.zeros(len(rest), bool), Origin.MADE)):
        if units:
            rows = features(item["question"], vector, units).astype(np.float64)
            found.append(Case(corpus, number % 2 == 0, item["answerable"] and of is origin, of, rows, holds))
    return found


def _answers(document: str, start: int, end: int, gold: tuple[str, int, int]) -> bool:
    """Whether a unit and a gold span share half of the shorter one."""
    shared = min(end, gold[2]) - max(start, gold[1])
    return document == gold[0] and shared > 0 and 2 * shared >= min(end - start, gold[2] - gold[1])


def newton(rows: Floats, right: Floats, weight: Floats, ridge: float) -> tuple[Floats, Floats, Floats, float]:
    """Weighted logistic regression with a ridge on scaled columns: mean, scale, weights, bias."""
    mean, scale = rows.mean(0), rows.std(0) + 1e-6
    x = np.hstack([(rows - mean) / scale, np.ones((len(rows), 1))])
    found, penalty = np.zeros(x.shape[1]), np.append(np.full(rows.shape[1], ridge), 1e-6)
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        gradient = x.T @ (weight * (p - right)) + penalty * found
        curve = (x * (weight * np.maximum(p * (1 - p), 1e-6))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(curve, gradient)
        found = found - step * min(1.0, 4.0 / max(1e-9, float(np.abs(step).max())))
        if float(np.abs(step).max()) < 1e-9:
            break
    return mean, scale, found[:-1], float(found[-1])


@dataclass(frozen=True, slots=True)
class Model:
    units: tuple[Floats, Floats, Floats, float]
    group: Floats
    near: Floats

    def odds(self, case: Case) -> Floats:
        return _odds(self.units, case)

    def likely(self, case: Case) -> float:
        """How likely one of the two best units answers."""
        return _probability(self.group, _grouped(case, self.odds(case)))

    def shown(self, case: Case) -> bool:
        """Whether anything is shown, as an answer or as nearest."""
        about = _probability(self.near, _grouped(case, self.odds(case)))
        return self.likely(case) >= THRESHOLD or about >= LEAST


def _probability(weights: Floats, features: Floats) -> float:
    return float(1 / (1 + np.exp(-(features @ weights[:-1] + weights[-1]))))


def _odds(units: tuple[Floats, Floats, Floats, float], case: Case) -> Floats:
    mean, scale, weights, bias = units
    return np.asarray(((case.rows - mean) / scale) @ weights + bias)


def _grouped(case: Case, odds: Floats) -> Floats:
    order = np.argsort(-odds, kind="stable")
    return group(case.rows[order].astype(np.float32), odds[order].astype(np.float32)).astype(np.float64)


def _first(case: Case, odds: Floats, most: int) -> bool:
    return bool(case.right[np.argsort(-odds, kind="stable")[:most]].any())


def fit_units(cases: Sequence[Case]) -> tuple[Floats, Floats, Floats, float]:
    told = [c for c in cases if c.right.any()]
    weight = np.concatenate([np.where(c.right, 1 / c.right.sum(), 1.0) for c in told])
    return newton(np.vstack([c.rows for c in told]), np.concatenate([c.right for c in told]), weight, RIDGE)


def fit(cases: Sequence[Case]) -> Model:
    """Units first; then, on odds that come from the other sets, whether one of the two best units is right, and whether
    the documents hold an answer to a question or have nothing to do with it.
    """
    outside: list[tuple[Case, Floats, Floats]] = []
    for corpus in sorted({c.corpus for c in cases}):
        units = fit_units([c for c in cases if c.corpus != corpus])
        for c in (c for c in cases if c.corpus == corpus):
            odds = _odds(units, c)
            outside.append((c, odds, _grouped(c, odds)))
    asked = [(c, odds, row) for c, odds, row in outside if c.origin is not Origin.OFF_TOPIC]
    weight = [MADE if c.origin is Origin.MADE else 1.0 for c, _, _ in asked]
    group = _head([row for _, _, row in asked], [_first(c, odds, 2) for c, odds, _ in asked], weight)
    about = [(c, row) for c, _, row in outside if c.right.any() or c.origin is Origin.OFF_TOPIC]
    weight = [OFF if c.origin is Origin.OFF_TOPIC else 1.0 for c, _ in about]
    near = _head([row for _, row in about], [bool(c.right.any()) for c, _ in about], weight)
    return Model(fit_units(cases), group, near)


def _head(rows: Sequence[Floats], right: Sequence[bool], weight: Sequence[float]) -> Floats:
    """Logistic weights of GROUP for the columns as they are, and the bias."""
    mean, scale, weights, bias = newton(np.array(rows), np.array(right, float), np.array(weight), GROUP_RIDGE)
    return np.append(weights / scale, bias - (mean * weights / scale).sum())


def report(name: str, cases: Sequence[Case], of: Callable[[Case], Model]) -> None:
    """The figures of one half. `of` gives the model that a case was not fitted to."""
    told = [(c, of(c).odds(c), of(c).likely(c)) for c in cases if c.origin is Origin.WRITTEN]
    seen = {id(c): of(c).shown(c) for c in cases}
    yes, no = [t for t in told if t[0].answerable], [t for t in told if not t[0].answerable]
    answered = [t for t in yes if t[2] >= THRESHOLD]
    wrong = [t for t in no if t[2] >= THRESHOLD]
    first, shown = ([seen[id(c)] and _first(c, o, most) for c, o, _ in yes] for most in (1, 3))
    right = [_first(c, o, 2) for c, o, _ in answered]
    print(f"{name}: {len(yes)} answerable, {len(no)} not")
    print(f"  right unit first {_share(first)}, among three shown {_share(shown)}")
    print(f"  answered {len(answered) / len(yes):.2f}, right among them {_share(right)}")
    print(f"  unanswerable answered {len(wrong) / max(1, len(no)):.2f}")
    off = [c for c in cases if c.origin is Origin.OFF_TOPIC]
    near, sure = [seen[id(c)] for c in off], [of(c).likely(c) >= THRESHOLD for c in off]
    print(f"  off topic, {len(off)}: something shown {_share(near)}, answered {_share(sure)}")


def _share(held: Sequence[bool]) -> str:
    return f"{sum(held) / max(1, len(held)):.2f}"


def main() -> None:
    folder, work = Path(sys.argv[1]) / "natural", Path(sys.argv[2])
    held = asyncio.run(collect(sorted(p.parent for p in folder.glob("*/full.jsonl")), work))
    tune = [c for c in held if c.tune]
    apart = {corpus: fit([c for c in tune if c.corpus != corpus]) for corpus in {c.corpus for c in tune}}
    whole = fit(tune)
    report("even lines, each set by a model of the others", tune, lambda c: apart[c.corpus])
    report("odd lines", [c for c in held if not c.tune], lambda _: whole)
    arrays: dict[str, Floats] = {}
    scaleless = np.array([name not in _OF_ANY_SCALE for name in FEATURES], np.float64)
    for name, mask in (("own", np.ones(len(FEATURES))), ("other", scaleless)):
        masked = [replace(c, rows=c.rows * mask) for c in tune]
        model = fit(masked)
        mean, scale, weights, bias = model.units
        arrays |= {
            f"{name}_mean": mean,
            f"{name}_scale": scale,
            f"{name}_weights": weights,
            f"{name}_group": model.group,
            f"{name}_near": model.near,
        }
        arrays[f"{name}_rest"] = np.array([bias, THRESHOLD, JOINS, LEAST])
    path = Path(__file__).parent.parent / "retrieval" / "select" / WEIGHTS
    np.savez(path, **{name: value.astype(np.float32) for name, value in arrays.items()})  # type: ignore[arg-type]
    print(f"{path.name} for {FITTED_TO}: {', '.join(FEATURES)}; {', '.join(GROUP)}")


if __name__ == "__main__":
    main()
