"""What changed between two runs, question by question, with a paired bootstrap."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.errors import SettingsError

SAMPLES = 2_000
SEED = 7  # the same two runs always give the same interval
PAIRED = (
    "section_recall@10",
    "page_recall@10",
    "char_recall",
    "map@10",
    "citation_precision",
    "citation_recall",
    "right_first",
    "shown_among_three",
    "answered_precision",
    "follow_ups_right",
    "needless_refusals",
    "abstention_recall",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of B minus mean of A over the questions that both tell, with a 95 % interval."""

    figure: str
    questions: int
    before: float
    after: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """The interval does not hold zero."""
        return self.low > 0 or self.high < 0


def compare(before: Path, after: Path) -> list[Difference]:
    """Differences of the figures that both runs have. Raises SettingsError when a file is no run."""
    old, new = _read(before), _read(after)
    shared = [q for q in old if q in new]
    if not shared:
        raise SettingsError(f"{before} and {after} share no question: they are runs of different sets.")
    found = []
    for figure in PAIRED:
        pairs = [(old[q].get(figure), new[q].get(figure)) for q in shared]
        kept = np.array([(a, b) for a, b in pairs if a is not None and b is not None])
        if len(kept):
            found.append(_difference(figure, kept))
    return found


def _difference(figure: str, pairs: Any) -> Difference:
    change = pairs[:, 1] - pairs[:, 0]
    draws = np.random.default_rng(SEED).integers(0, len(change), (SAMPLES, len(change)))
    means = np.sort(change[draws].mean(axis=1))
    low, high = means[int(0.025 * SAMPLES)], means[int(0.975 * SAMPLES) - 1]
    before, after = (float(pairs[:, side].mean()) for side in (0, 1))
    return Difference(figure, len(change), before, after, float(low), float(high))


def _read(path: Path) -> dict[str, dict[str, float]]:
    try:
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        return {f"{line['question']} {line['expect']}": line["figures"] for line in lines}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"{path} is no stored run: {error!r}. `footnote eval run` prints where it keeps one."
        ) from error
