"""Which units answer, without a language model: by meaning, words and rank, weighed by what was learned.

The weights are a small file in the package (`training/` makes it, `training/README.md` says from what and how well
they do on data kept apart); its SHA-256 stands in each record.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from retrieval.ports import Embedder
from retrieval.select.features import FEATURES, Candidate, Floats, features, telling
from retrieval.selection import Chosen, ModelUse, Selection
from retrieval.thread import direction, embedded, near_thread
from retrieval.types import Passage, Question

WEIGHTS = "weights.npz"
SHOWN = 3
ANSWERS = 2  # units that an answer is made of at most; the closest that are none are three
THREAD_SHARE = 0.5  # of the question before in the vector of one that does not stand alone
THREAD_WEIGHT = 0.7  # log odds, once for the document shown last, once for standing beside what was shown
FITTED_TO = "all-MiniLM-L6-v2"


@dataclass(frozen=True, slots=True)
class Scorer:
    """Logistic weights of the features, for embedders of one kind, and where their answers are sure enough."""

    mean: Floats
    scale: Floats
    weights: Floats
    bias: float
    group: Floats  # of GROUP, the last one for itself
    threshold: float  # probability from which on the best units are an answer
    joins: float  # log odds that a further unit may be behind the best one, to be part of an answer
    near: Floats  # of GROUP, the last one for itself: whether the question is about what these documents are about
    least: float  # probability of that below which nothing is shown

    def likely(self, rows: Floats) -> Floats:
        """The log odds that each unit answers."""
        return np.asarray(((rows - self.mean) / self.scale) @ self.weights + self.bias, np.float32)

    def sure(self, rows: Floats, odds: Floats) -> float:
        """The probability that the best of them does answer."""
        return _probability(self.group, group(rows, odds))

    def about(self, rows: Floats, odds: Floats) -> float:
        """The probability that the question has to do with them at all."""
        return _probability(self.near, group(rows, odds))


def _probability(weights: Floats, features: Floats) -> float:
    return float(1 / (1 + np.exp(-(features @ weights[:-1] + weights[-1]))))


GROUP = ("best", "ahead", "lead", "spread", "cosine", "covered_with_heads", "together", "passage_rank")


def group(rows: Floats, odds: Floats) -> Floats:
    """What tells whether the first unit answers: its odds, how far it is ahead, over how many units the likelihood is
    spread (entropy, in nats), what it shares with the question, and whether its passage was found first.

    The units come in the order in which they would be shown.
    """
    best = rows[0]
    ahead = float(odds[0] - odds[min(SHOWN, len(odds) - 1)])
    lead = float(odds[0] - odds[min(1, len(odds) - 1)])
    at = {name: n for n, name in enumerate(FEATURES)}
    likely = 1 / (1 + np.exp(-odds))
    share = likely / likely.sum()
    spread = -float((share * np.log(share + 1e-12)).sum())
    return np.array([odds[0], ahead, lead, spread, *(best[at[name]] for name in GROUP[4:])], np.float32)


@dataclass(frozen=True, slots=True)
class Learned:
    """The file's content: scorers for the built-in embedder, and for any other, whose likeness has another scale."""

    own: Scorer
    other: Scorer
    sha256: str


@cache
def learned() -> Learned:
    """The weights in the package."""
    content = resources.files("retrieval.select").joinpath(WEIGHTS).read_bytes()
    return read(content)


def read(content: bytes) -> Learned:
    """The weights from the bytes of their file."""
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        arrays: Mapping[str, Floats] = {name: np.asarray(held[name], np.float32) for name in held.files}
    return Learned(_scorer(arrays, "own"), _scorer(arrays, "other"), hashlib.sha256(content).hexdigest())


def _scorer(arrays: Mapping[str, Floats], name: str) -> Scorer:
    mean, scale, weights, rest, group, near = (
        arrays[f"{name}_{part}"] for part in ("mean", "scale", "weights", "rest", "group", "near")
    )
    bias, threshold, joins, least = map(float, rest)
    return Scorer(mean, scale, weights, bias, group, threshold, joins, near, least)


class EmbeddedSelector:
    """Implements `retrieval.ports.Selector`."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        held = learned()
        self._scorer = held.own if FITTED_TO in embedder.fingerprint else held.other
        self._use = ModelUse("extractive", "", {"weights_sha256": held.sha256})

    async def select(self, question: Question, passages: Sequence[Passage]) -> Selection:
        """The likeliest units, three at most. Raises EmbedderUnavailable."""
        text = question.own or question.text
        own = await embedded(self._embedder, text)
        vector = await direction(self._embedder, question, own, THREAD_SHARE)
        listed = telling(text, candidates(passages, len(vector)))
        if not listed:
            return Selection((), False, self._use)
        rows = features(text, vector, listed)
        odds = self._scorer.likely(rows)
        # What a thread is about puts units in order; it makes none of them a surer answer.
        near = THREAD_WEIGHT * near_thread(question, [(c.document, c.unit.start, c.unit.end) for c in listed])
        order = [int(n) for n in np.argsort(-(odds + near), kind="stable")]
        likely = 1 / (1 + np.exp(-odds))
        likeliest = self._scorer.sure(rows[order], odds[order])
        use = ModelUse("extractive", "", {**self._use.parameters, "sure_millionths": round(1e6 * likeliest)})
        sure = likeliest >= self._scorer.threshold and (not question.own or self._asked_here(text, own, listed))
        if not sure and self._scorer.about(rows[order], odds[order]) < self._scorer.least:
            return Selection((), False, use)
        shown = _apart(order, listed)
        if sure:
            shown = [n for n in shown[:ANSWERS] if odds[n] >= odds[order[0]] - self._scorer.joins]
        chosen = tuple(Chosen(listed[n].unit.id, round(1e6 * float(likely[n]))) for n in shown)
        return Selection(chosen, sure, use)

    def _asked_here(self, text: str, own: Floats, listed: Sequence[Candidate]) -> bool:
        """Whether a question that is read with its thread has to do with the units by itself. The thread's vector lifts
        whatever is about the same matter, also where the question asks for something that stands nowhere.
        """
        rows = features(text, own, listed)
        odds = self._scorer.likely(rows)
        order = np.argsort(-odds, kind="stable")
        return self._scorer.about(rows[order], odds[order]) >= self._scorer.least


def candidates(passages: Sequence[Passage], size: int) -> list[Candidate]:
    """The units of the passages, each once; those without a vector of this size cannot be judged."""
    top = max((p.score for p in passages), default=0) or 1
    found: dict[tuple[str, int, int], Candidate] = {}
    for rank, passage in enumerate(passages):
        for unit in passage.units:
            if len(unit.vector) == size:
                opens = unit.start <= passage.section.start + len(passage.section.heading) + 12
                made = Candidate(
                    passage.id, passage.document.id, passage.document.title, unit, rank, passage.score / top, opens
                )
                found.setdefault((passage.document.id, unit.start, unit.end), made)
    return list(found.values())


def _apart(order: Sequence[int], listed: Sequence[Candidate]) -> list[int]:
    """The best few that do not say the same."""
    shown: list[int] = []
    said: set[str] = set()
    for n in order:
        text = " ".join(listed[n].unit.text.casefold().split())
        if text not in said:
            said.add(text)
            shown.append(n)
        if len(shown) == SHOWN:
            break
    return shown
