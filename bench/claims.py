"""How often the gate errs: `python -m bench.claims [FILE ...]`, by kind of error.

A file has a JSON object a line (`.gz` too): `evidence`, `claim`, `label` ("supported" or not), `kind`, and `split` or
`source` where it has them: the shape of `eval/training/entailment.jsonl.gz`. A claim passes where it may stand, as
worded, over one unit of its evidence. `bench/claims.jsonl` was written for this, over real and made-up clauses: the
half marked "tune" was tuned on; of the half "report" only the sums were looked at. Of a file with sources the odd lines
are read, 700 of each source and none with long evidence: the even ones were tuned on.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from retrieval.gate.worded import check
from retrieval.units import read

OWN = Path(__file__).with_name("claims.jsonl")
_MOST = 40  # kinds shown of a file
_OF_A_SOURCE = 700
_LONGEST = 1_500  # characters of evidence, where there are sources


def main(names: list[str]) -> int:
    for name in names or [str(OWN)]:
        groups: dict[tuple[str, str, bool], list[bool]] = {}
        for line in _lines(Path(name)):
            true = line["label"] == "supported"
            group = str(line.get("split") if "source" not in line else line["source"])
            kinds = ("all", "" if true else str(line.get("kind") or ""))
            stands = passes(str(line["claim"]), str(line["evidence"]))
            for kind in dict.fromkeys(kinds):
                if kind:
                    groups.setdefault((group, kind, true), []).append(stands)
        print(f"{name}\n{'set':<24} {'kind':<40} {'false passed':>16} {'true kept':>16}")
        listed = sorted({(group, kind) for group, kind, _ in groups}, key=lambda g: (g[0], g[1] != "all", g[1]))
        if len(listed) > _MOST:
            listed = [g for g in listed if g[1] == "all"]
        for group, kind in listed:
            told = (_share(groups.get((group, kind, true), [])) for true in (False, True))
            print(f"{group:<24} {kind:<40} " + " ".join(f"{share:>16}" for share in told))
    return 0


def passes(claim: str, evidence: str) -> bool:
    """Whether a claim may stand, as worded, over a unit of a text."""
    return any(check(claim, unit) is None for unit in read(evidence))


def _lines(path: Path) -> Iterator[dict[str, object]]:
    seen: Counter[str] = Counter()
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            line = json.loads(text)
            if "source" in line and (number % 2 == 0 or len(line["evidence"]) > _LONGEST):
                continue
            seen[str(line.get("source"))] += 1
            if "source" not in line or seen[line["source"]] <= _OF_A_SOURCE:
                yield line


def _share(stood: list[bool]) -> str:
    return f"{sum(stood)}/{len(stood)} {sum(stood) / len(stood):.3f}" if stood else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
