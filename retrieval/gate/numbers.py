"""Step 3 of the gate: every number, date, percent and currency of a claim stands in its quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from retrieval.gate.evidence import Evidence, Problem
from retrieval.gate.projection import project
from retrieval.locators import locate
from retrieval.text.numerals import CURRENCIES, UNITS
from retrieval.text.quantities import Amount, Day, Quantities, quantities, scale_hints, singles
from retrieval.types import VerdictClass

_FALLING = re.compile(
    r"\b(?:loss(?:es)?|decreas\w*|declin\w*|fell|fall(?:en|s)?|drop\w*|reduc\w*|lower\w*|outflows?|negative|deficit|"
    r"shortfall|expenses?|used|paid|payments?|spent|repurchases?|expenditures?|provision|charges?|write-?\w*)\b", re.I,
)  # fmt: skip
_CURRENCY_NAMES = frozenset(CURRENCIES.values())
_NUMBERED = re.compile(r"^(?:\w+\s+)?(?P<label>(?:\d+|[A-Z])(?:\.\d+)*(?:\s?\([A-Za-z0-9]{1,5}\))*)[.)]?(?=\s|$)")
_FORMS: dict[str, list[str]] = {}
for _written, _name in [*((w, n) for w, (n, _) in UNITS.items()), *CURRENCIES.items()]:
    _FORMS.setdefault(_name, []).append(_written)
_MENTIONS = {
    name: re.compile("|".join(rf"(?<![A-Za-z]){re.escape(f)}(?![A-Za-z])" for f in forms), re.IGNORECASE)
    for name, forms in _FORMS.items()
}


def check_numbers(evidence: Evidence) -> Problem | None:
    if evidence.verbatim:
        return None
    claimed = quantities(evidence.claim)
    if claimed == Quantities():
        return None
    falling = bool(_FALLING.search(evidence.claim) or _FALLING.search(evidence.quotes))
    quoted = quantities(evidence.quotes, sizes=falling)
    return (
        _references(claimed, quoted, evidence)
        or _amounts(claimed, quoted, evidence)
        or _dates(claimed, quoted, evidence)
        or _columns(claimed, evidence)
        or _pairs(claimed, quoted)
    )


def _amounts(claimed: Quantities, quoted: Quantities, evidence: Evidence) -> Problem | None:
    if not claimed.amounts:
        return None
    sources = [*quoted.amounts, *singles(evidence.quotes)]
    # A bare number that looks like a year in one text may be an amount in the other ("2000 EUR").
    sources += [Amount(frozenset({Decimal(y)}), "", str(y)) for y in quoted.years]
    hints = scale_hints(evidence.surroundings) + scale_hints(evidence.context)
    for amount in claimed.amounts:
        if not any(_matches(amount, source, hints, evidence) for source in sources):
            return Problem(VerdictClass.WRONG_NUMBER, f"“{amount.text}” is not in the quotes")
    return None


def _matches(amount: Amount, source: Amount, hints: Iterable[Decimal], evidence: Evidence) -> bool:
    values = set(source.values)
    if not source.scaled:
        values |= {v * hint for hint in hints for v in source.values}
    if amount.values & values:
        return amount.unit == source.unit or _unit_fits(amount, source, evidence)
    # "5-10 years": the unit stands after the last number of a range only.
    factor = next((f for name, f in UNITS.values() if name == amount.unit and f != 1), None)
    if factor is None or source.unit or not _mentions(amount.unit, evidence.quotes):
        return False
    return bool({v / factor for v in amount.values} & values)


def _unit_fits(amount: Amount, source: Amount, evidence: Evidence) -> bool:
    if not source.unit:
        if amount.unit == "%" or amount.unit in _CURRENCY_NAMES:
            return _mentions(amount.unit, f"{evidence.surroundings}\n{evidence.context}")
        return _mentions(amount.unit, f"{evidence.quotes}\n{evidence.context}")
    return not amount.unit and source.unit not in ("%", "‰")


def _mentions(unit: str, text: str) -> bool:
    return unit in _MENTIONS and bool(_MENTIONS[unit].search(text))


def _dates(claimed: Quantities, quoted: Quantities, evidence: Evidence) -> Problem | None:
    if not (claimed.dates or claimed.years or claimed.quarters or claimed.codes):
        return None
    context = quantities(evidence.context)
    years = {*quoted.years, *context.years}
    dates = [day for readings, _ in (*quoted.dates, *context.dates) for day in readings]
    for readings, written in claimed.dates:
        if not any(_same_day(wanted, day, years) for wanted in readings for day in dates):
            return Problem(VerdictClass.WRONG_NUMBER, f"the date “{written}” is not in the quotes")
    amounts = {v for a in quoted.amounts for v in a.values}
    for year in claimed.years:
        if year not in years and Decimal(year) not in amounts:
            return Problem(VerdictClass.WRONG_NUMBER, f"the year {year} is not in the quotes, headings or title")
    quarters = {name for name, _ in (*quoted.quarters, *context.quarters)}
    for name, written in claimed.quarters:
        if name not in quarters:
            return Problem(VerdictClass.WRONG_NUMBER, f"“{written}” is not in the quotes, headings or title")
    shelf = project(f"{evidence.quotes}\n{evidence.context}").key
    for code in claimed.codes:
        if project(code).key not in shelf:
            return Problem(VerdictClass.WRONG_NUMBER, f"“{code}” is not in the quotes, headings or title")
    return None


def _same_day(wanted: Day, day: Day, years: set[int]) -> bool:
    if wanted.month != day.month or (wanted.day is not None and wanted.day != day.day):
        return False
    return wanted.year in (None, day.year) or (day.year is None and wanted.year in years)


def _references(claimed: Quantities, quoted: Quantities, evidence: Evidence) -> Problem | None:
    """A section number that a claim names is the cited one, one above it, or stands in the quotes."""
    if not claimed.references:
        return None
    here: set[str] = set()
    for f in evidence.found:
        section = f.passage.section
        labels = [section.label or "", *(m["label"] for p in section.path if (m := _NUMBERED.match(p)))]
        here |= {_plain(label) for label in labels if label}
    named = {_plain(label) for _, label in (*quoted.references, *quantities(evidence.context).references)}
    for kind, label in claimed.references:
        plain = _plain(label)
        if kind == "page":
            pages = {
                locate(f.passage.places, f.passage.start + f.start, f.passage.start + f.end)[0] for f in evidence.found
            }
            stands = not label.isdigit() or int(label) in pages or plain in named
        else:
            stands = plain in named or any(h == plain or _above(plain, h) for h in here)
        if not stands:
            return Problem(VerdictClass.MISATTRIBUTED, f"the quotes do not stand in {kind} {label}")
    return None


def _plain(label: str) -> str:
    """A section number as a path of its parts: "Section 4.2(b)(i)" -> "4.2.b.i"."""
    first, _, rest = label.casefold().strip().partition(" ")
    number = rest if rest and first.isalpha() and len(first) > 1 else first + rest
    return ".".join(part for part in re.split(r"[.()\s]+", number) if part)


def _above(label: str, inner: str) -> bool:
    return inner.startswith(label) and inner[len(label) : len(label) + 1] == "."


def _columns(claimed: Quantities, evidence: Evidence) -> Problem | None:
    """A table's row beside its header: the figure must stand in the column of the claim's year.

    Checked where one quote lists years and another as many figures, and the claim names one of each.
    """
    if len(set(claimed.years)) != 1:
        return None
    parts = [quantities(line) for f in evidence.found for line in f.text.splitlines()]
    headers = [p.years for p in parts if len(set(p.years)) == len(p.years) > 1 and not p.amounts]
    years = set(claimed.years)
    if not headers:
        return None
    year = years.pop()
    for header in headers:
        for row in parts:
            if year in header and len(row.amounts) == len(header) and not row.years:
                at = header.index(year)
                held = [bool({abs(v) for v in a.values} & _sizes(claimed)) for a in row.amounts]
                if any(held) and not held[at]:
                    return Problem(VerdictClass.WRONG_NUMBER, f"the figure does not stand in the column of {year}")
    return None


def _pairs(claimed: Quantities, quoted: Quantities) -> Problem | None:
    """ "$5 million in 2019 and $7 million in 2018": no amount may change its year."""
    theirs = _paired(quoted)
    if len({year for _, year in theirs}) < 2:
        return None
    for amount, year in _paired(claimed):
        years = {y for a, y in theirs if a.values & amount.values}
        if years and year not in years:
            return Problem(VerdictClass.WRONG_NUMBER, f"“{amount.text}” is not the figure of {year} in the quotes")
    return None


def _paired(found: Quantities) -> list[tuple[Amount, int]]:
    """Amounts with their years, where a text has as many of both, by turns or "respectively"."""
    amounts = sorted(found.amounts, key=lambda a: a.at)
    years = sorted(zip(found.stands, found.years, strict=True))
    if not amounts or len(amounts) != len(years):
        return []
    kinds = "".join(kind for _, kind in sorted([*((a.at, "a") for a in amounts), *((at, "y") for at, _ in years)]))
    half = len(amounts)
    if kinds not in ("ay" * half, "ya" * half, "a" * half + "y" * half, "y" * half + "a" * half):
        return []
    return [(amount, year) for amount, (_, year) in zip(amounts, years, strict=True)]


def _sizes(claimed: Quantities) -> set[Decimal]:
    """The claim's figures without sign, as a table in thousands, millions or billions would print them."""
    sizes = {abs(v) for a in claimed.amounts for v in a.values}
    return sizes | {v / 10**power for v in sizes for power in (3, 6, 9)}
