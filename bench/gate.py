"""What the quote gate costs for an answer, in CPU time: `python -m bench.gate`. Goal: under 5 ms.

An answer of four claims with one or two quotes each, over ten passages of about 1,500 characters, once
with true claims and once with claims that fall (the search for a misattributed quote reads every passage).
Nothing is read twice: every answer has passages of its own.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from retrieval.types import Claim, Document, Draft, ModelUse, Passage, Place, Quote, Section
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
        found.append(Passage(f"p{n}", document, section, f"c{n}", 0, len(text), text, (Place(0, len(text), 1),), 1))
    return found


def draft(rng: random.Random, shelf: Sequence[Passage], *, true: bool) -> Draft:
    claims = []
    for _ in range(4):
        source = rng.choice(shelf)
        quotes = rng.sample(source.text.split(". ")[:-1], rng.choice((1, 2)))
        said = ". ".join(quotes)
        if not true:
            quotes = [q.replace("policy", "law").replace("as item", "as entry") for q in quotes]
        claims.append(Claim(said + ".", tuple(Quote(source.id, q) for q in quotes)))
    return Draft(tuple(claims), ModelUse("bench"))


def gate(rng: random.Random, *, true: bool) -> list[float]:
    """Milliseconds of CPU to verify a model's draft."""
    took = []
    for _ in range(ROUNDS):
        shelf = passages(rng)
        drafted = draft(rng, shelf, true=true)
        began = time.process_time()
        verified = verify(drafted, shelf)
        took.append((time.process_time() - began) * 1000)
        if (verified.answer is not None) != true:
            raise SystemExit(f"the gate judged claims wrongly: {[v.reason for v in verified.verdicts]}")
    return took


def main() -> None:
    rng = random.Random(7)
    show("gate, true claims", gate(rng, true=True), 5)
    show("gate, claims that fall", gate(rng, true=False), 5)


def show(name: str, took: list[float], goal: int) -> None:
    p99 = sorted(took)[int(len(took) * 0.99)]
    print(f"{name}: p50 {statistics.median(took):.2f} ms, p99 {p99:.2f} ms of CPU an answer (goal {goal} ms)")


if __name__ == "__main__":
    main()
