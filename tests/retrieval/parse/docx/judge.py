"""A contract of the tests, and its labels written down by hand.

Each table has a line a section: the label, and how the text of the section begins on the page.
None stands for a heading without a number.
"""

from __future__ import annotations

from dataclasses import dataclass

Labels = tuple[tuple[str | None, str], ...]


@dataclass(frozen=True, slots=True)
class Contract:
    name: str
    content: bytes
    labels: Labels
