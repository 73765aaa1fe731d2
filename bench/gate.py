"""What the gate costs for an answer, in CPU time: `python -m bench.gate cost`. Goal: under 5 ms.

An answer of four worded units over ten passages of about 1,500 characters, once with sentences that stand and once
with sentences that are replaced. Nothing is read twice: every answer has passages of its own.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from retrieval.selection import Chosen, ModelUse, Selection
from retrieval.types import Document, Passage, Place, Section
from retrieval.units import read
from retrieval.verdicts import VerdictClass
from retrieval.verify import verify

ROUNDS = 300
_SUBJECTS = ("Employees", "The Supplier", "Managers", "The Receiving Party", "Contractors", "The Audit Committee")
_DUTIES = ("must report", "may approve", "shall not disclose", "should review", "shall retain", "must not accept")
_OBJECTS = ("expenses above EUR {n}", "all invoices within {n} days", "gifts worth {n}%", "records for {n} years")


def passages(rng: random.Random, count: int = 10, length: int = 14) -> list[Passage]:
    """Made-up policy passages, each with sentences that differ from those of the others."""
    found = []
    for n in range(count):
        sentences = [
            f"{rng.choice(_SUBJECTS)} {rng.choice(_DUTIES)} {rng.choice(_OBJECTS).format(n=rng.randrange(2, 5000))}, "
            f"as item {rng.randrange(10_000)} of the “Policy” says – with café receipts."
            for _ in range(length)
        ]
        text = " ".join(sentences)
        document = Document(
            f"{n}.pdf", "2026-03-01.1a2b3c4d", f"Policy {n}", "", "0" * 64, "everyone", "folder", "application/pdf",
            datetime(2026, 3, 1, tzinfo=UTC),
        )  # fmt: skip
        section = Section(f"s{n}", f"4.{n}", "Rules", ("4 Policy", f"4.{n} Rules"), 0, len(text), 1, 1)
        units = tuple(replace(unit, id=f"{n}.{at}") for at, unit in enumerate(read(text)))
        places = (Place(0, len(text), 1),)
        found.append(Passage(f"p{n}", document, section, f"c{n}", 0, len(text), text, places, 1, units=units))
    return found


def selection(rng: random.Random, shelf: Sequence[Passage], *, true: bool) -> Selection:
    chosen = []
    for unit in rng.sample([unit for passage in shelf for unit in passage.units], 4):
        text = unit.text.partition(", as item")[0]
        chosen.append(Chosen(unit.id, text=text if true else text.replace("must", "need not").replace("0", "9")))
    return Selection(tuple(chosen), True, ModelUse("bench"))


def cost(rng: random.Random, *, true: bool) -> list[float]:
    """Milliseconds of CPU to verify what a model chose and worded."""
    took = []
    for _ in range(ROUNDS):
        shelf = passages(rng)
        said = selection(rng, shelf, true=true)
        began = time.process_time()
        verified = verify(said, shelf, compressed=True)
        took.append((time.process_time() - began) * 1000)
        stood = sum(v.verdict is VerdictClass.SUPPORTED for v in verified.verdicts)
        if true and stood < len(said.chosen) // 2:
            raise SystemExit(f"the gate judged wrongly: {[v.reason for v in verified.verdicts]}")
    return took


def main() -> None:
    rng = random.Random(7)
    show("gate, sentences that stand", cost(rng, true=True), 5)
    show("gate, sentences that are replaced", cost(rng, true=False), 5)


def show(name: str, took: list[float], goal: int) -> None:
    p99 = sorted(took)[int(len(took) * 0.99)]
    print(f"{name}: p50 {statistics.median(took):.2f} ms, p99 {p99:.2f} ms of CPU an answer (goal {goal} ms)")


if __name__ == "__main__":
    main()
