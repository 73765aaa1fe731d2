"""How often the gate errs on claims of one's own: `claims.jsonl` beside a set, a line a claim:
{"evidence": text, "claim": text, "label": "supported" or any other}. A claim passes where it may stand, as worded, over
one unit of its evidence.
"""

from __future__ import annotations

import json
from pathlib import Path

from bot.errors import SettingsError
from retrieval.gate.worded import check
from retrieval.units import read

FILE = "claims.jsonl"


def figures(folder: Path) -> dict[str, float | None]:
    """The share of false claims that pass, and of true ones that stand as worded; None where there are none.

    Raises SettingsError.
    """
    stood: dict[bool, list[bool]] = {True: [], False: []}
    path = folder / FILE
    try:
        for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
            if line.strip():
                item = json.loads(line)
                stood[item["label"] == "supported"].append(passes(item["claim"], item["evidence"]))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise SettingsError(f"The claims {path} cannot be read: {error!r}. See bot/evaluation/claims.py.") from error
    shares = {true: round(sum(each) / len(each), 4) if each else None for true, each in stood.items()}
    return {"false_passed": shares[False], "true_kept": shares[True]}


def passes(claim: str, evidence: str) -> bool:
    """Whether a claim may stand, as worded, over a unit of a text."""
    return any(check(claim, unit) is None for unit in read(evidence))
