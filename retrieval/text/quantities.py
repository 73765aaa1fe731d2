"""Numbers, dates, periods and section numbers of a text, in a form in which two styles compare equal.

"thirty (30) days" is 30 days, "$5.8bn" is USD 5,800,000,000, "(563)" in a table is -563, "FY23" is the
year 2023, "1st day of March 2026" and "2026-03-01" are one date. Every kind is taken out of the text
before the next is looked for, so that "Section 4.2" is no number and "May 5, 2026" no amount.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from retrieval.text.numerals import CURRENCIES, NUMERAL_WORDS, SCALES, UNITS, spelled
from retrieval.text.words import visible, word_set, words

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|"
    r"Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?|[A-Z]{3,9})\b\.?"
)
_YEAR = r"(?P<year>(?:19|20)\d\d)\b"
_DATES = (
    re.compile(r"\b(?P<year>(?:19|20)\d\d)-(?P<m>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])\b"),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+day)?(?:\s+of)?[\s-]+{_MONTH}(?:,?[\s-]+{_YEAR})?"),
    re.compile(rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*(?:%|percent|\.\d))(?:,?\s+{_YEAR})?"),
    re.compile(rf"\b{_MONTH},?(?:\s+of)?\s+{_YEAR}"),
    re.compile(r"\b(?P<day>\d{1,2})(?P<sep>[./-])(?P<m>\d{1,2})(?P=sep)(?P<year>(?:19|20)?\d\d)\b(?![./-]?\d)"),
)
_DATED = re.compile(r"\d[./-]\d")
_QUARTERED = re.compile(r"[qh][1-4]|[1-4][qh]|fy|cy|fiscal", re.I)
_DIGIT = re.compile(r"\d+")
_NUMERALS = frozenset(NUMERAL_WORDS.split("|"))
_GLUED = re.compile(r"[a-z]{2}\.?\d")  # "Rule3.7": an extractor lost the blank
_REFERRING = word_set(
    """section sections sec secs article articles art arts clause clauses paragraph paragraphs para paras part parts
    chapter chapters rule rules schedule schedules annex annexes appendix exhibit exhibits note notes item items page
    pages p pp table tables figure figures regulation regulations"""
)
_ORDINAL = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_FISCAL = re.compile(r"\b(?:FY|CY)\s?['’]?(?P<y>(?:19|20)?\d\d)\b|\bfiscal(?:\s+year)?\s+(?P<f>(?:19|20)\d\d)\b", re.I)
_QUARTERS = (
    re.compile(
        r"\b(?P<kind>[QH])(?P<n>[1-4])(?:\s*(?:of\s+)?(?:FY\s?)?['’]?(?P<y>(?:19|20)\d\d|\d\d(?![\d%.,]\d|%)))?\b", re.I
    ),
    re.compile(r"\b(?P<n>[1-4])(?P<kind>[QH])['’]?(?P<y>(?:19|20)?\d\d)?\b", re.I),
    re.compile(
        r"\b(?P<o>first|second|third|fourth|[1-4](?:st|nd|rd|th))[\s-]+(?P<word>fiscal\s+quarter|quarter|half)\b"
        r"(?:\s+(?:of\s+)?(?:the\s+)?(?:fiscal\s+|FY\s?)?(?:year\s+)?(?P<y>(?:19|20)\d\d))?", re.I,
    ),
)  # fmt: skip
_LABEL = r"(?:\d+[A-Za-z]?(?:\.\d+[A-Za-z]?)*|[A-Z]{1,2}-?\d+|[IVXLC]+|[A-Z])(?:\s?\([A-Za-z0-9]{1,5}\))*(?![\w%])"
_REFERENCE = re.compile(
    r"(?P<kind>\b(?i:sections?|secs?\.|articles?|arts?\.|clauses?|paragraphs?|paras?\.|parts?|chapters?|rules?|"
    r"schedules?|annex(?:es)?|appendix|exhibits?|notes?|items?|pages?|pp?\.|tables?|figures?|regulations?)(?![A-Za-z])|§§?)"
    rf"\s*(?P<labels>{_LABEL}(?:(?:\s*,\s*|\s*(?:,\s*)?(?:and|or|to|through)\s+|\s?[-–]\s?)(?!\d{{4}}\b){_LABEL})*)"
)
_CODE = re.compile(r"\b(?=[\w-]*[A-Za-z])(?=[\w-]*\d)(?:[A-Z][A-Za-z]*-?\d+[\w-]*|\d+-?[A-Z][\w-]*)\b")
_WORDS = rf"(?P<word>(?:{NUMERAL_WORDS})(?:(?:[\s-]+|\s+and\s+)(?:{NUMERAL_WORDS}))*)"
_PAIR = re.compile(rf"\b{_WORDS}\s*\(\s*(?P<n>\d[\d,]*)\s*(?P<p>%?)\s*\)", re.I)
_RIAP = re.compile(rf"\b(?P<n>\d[\d,]*)\s*\(\s*{_WORDS}\s*\)", re.I)
_CURRENCY = "|".join(
    sorted((re.escape(c) for c in CURRENCIES if not c.isalpha() or c.isupper()), key=len, reverse=True)
)
_UNIT = "|".join(sorted((re.escape(u) for u in UNITS), key=len, reverse=True))
_MONEY = "|".join(sorted((re.escape(c) for c in CURRENCIES), key=len, reverse=True))
_AFTER = rf"(?:{_UNIT})(?![A-Za-z])|(?:{_MONEY})(?![A-Za-z])(?!\s?\(?\d)"  # "5 $ 71": the $ belongs to 71
_SCALE = "|".join(sorted((re.escape(s) for s in SCALES), key=len, reverse=True))
_TAIL = (
    rf"(?P<close>\))?(?:[\s-]*(?P<scale>{_SCALE})(?![A-Za-z]))?(?P<late>\))?"
    rf"(?:(?:\s|-)*(?P<unit>{_AFTER}))?"
)
_DIGITS = (
    r"(?P<digits>\d{1,3}(?: 000)+(?!\d)|\d{1,3}(?:[,'’\u00a0\u2009\u202f]\d{3})+(?:\.\d+)?"
    r"|\d{1,3}(?:\.\d{3})+,\d+|\d+(?:[.,]\d+)?|\.\d+)"
)
_NUMBER = re.compile(
    rf"(?=\D{{0,14}}\d)(?P<open>\(\s*)?(?P<minus>(?<![\w)%])[-−–]\s?|\bminus\s+|\bnegative\s+)?"
    rf"(?:(?P<money>{_CURRENCY})\s?(?P<inner>[-−]|\(\s?)?)?"
    rf"(?<![\w.]){_DIGITS}(?:st|nd|rd|th)?(?![\w]*[A-Za-z]\d)\s?{_TAIL}",
    re.I,
)
_SPELLED = re.compile(rf"\b{_WORDS}\b\s?{_TAIL}", re.I)
_SINGLE = re.compile(rf"\ban?\s+(?P<unit>{_AFTER})", re.I)
_BEFORE = 16  # characters that a sign and a currency take at most, before the digits of a number
_BEHIND = 160  # and digits, scale and unit after them
# A footnote mark is no digit of the number before it.
_FOOTNOTES = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]")
_HINT = re.compile(
    r"\b(?:in|of)\s+(?:U\.?S\.?\s*)?(?:[$€£]|[A-Z]{3}\s|dollars?\s+in\s+)?\s*(thousand|million|billion)s?\b", re.I
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number: the values it may mean, its unit ("" when it has none) and how it is written."""

    values: frozenset[Decimal]
    unit: str
    text: str
    scaled: bool = False  # says its own scale ("million")
    at: int = -1  # where it stands in its text


@dataclass(frozen=True, slots=True)
class Day:
    """A date; None where the text does not say. Several readings of "03/04/2026" are several days."""

    year: int | None
    month: int
    day: int | None


@dataclass(slots=True)
class Quantities:
    amounts: list[Amount] = field(default_factory=list)
    dates: list[tuple[tuple[Day, ...], str]] = field(default_factory=list)
    years: list[int] = field(default_factory=list)
    stands: list[int] = field(default_factory=list)  # where each of `years` does
    quarters: list[tuple[str, str]] = field(default_factory=list)  # ("Q1", as written)
    references: list[tuple[str, str]] = field(default_factory=list)  # ("section", "4.2(b)")
    codes: list[str] = field(default_factory=list)


@lru_cache(maxsize=1024)
def quantities(text: str, *, sizes: bool = False) -> Quantities:
    """Everything countable in a text. With `sizes`, "(563)" may also mean 563: a loss, an outflow.

    Cached: read the result, do not change it.
    """
    found = Quantities()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _FOOTNOTES.sub(" ", visible(text)))
    # The patterns are slow where nothing matches: a glance at the words first.
    low, tokens = text.casefold(), frozenset(words(text))
    digits = _DIGIT.search(text) is not None
    spelled_out = not tokens.isdisjoint(_NUMERALS)
    referring = "§" in text or not tokens.isdisjoint(_REFERRING) or _GLUED.search(low) is not None
    if not (digits or spelled_out or referring or "quarter" in low or "half" in low):
        return found
    if referring:
        text = _take(text, _REFERENCE, lambda m: _reference(m, found))
    if digits and (_DATED.search(text) or any(month in low for month in _MONTHS)):
        for pattern in _DATES:
            text = _take(text, pattern, lambda m: _date(m, found))
    if "quarter" in low or "half" in low or (digits and _QUARTERED.search(text)):
        for pattern in _QUARTERS:
            text = _take(text, pattern, lambda m: _quarter(m, found))
        text = _take(text, _FISCAL, lambda m: _fiscal(m, found))
    if digits:
        text = _take(text, _CODE, lambda m: _code(m, found))
        if "(" in text and spelled_out:
            text = _PAIR.sub(_once, _RIAP.sub(_once, text))
        text = _take_numbers(text, found, sizes)
    if spelled_out:
        _take(text, _SPELLED, lambda m: _word(m, found))
    return found


def _take_numbers(text: str, found: Quantities, sizes: bool) -> str:
    """As `_take` for `_NUMBER`, looked for around digits alone."""
    parts: list[str] = []
    at = seen = 0
    while (digit := _DIGIT.search(text, seen)) is not None:
        here = digit.start()
        m = _NUMBER.search(text, max(at, here - _BEFORE), min(len(text), here + _BEHIND))
        if m is None or m.start() > here:
            seen = digit.end()
            continue
        parts += (text[at : m.start()], " " * len(m.group()) if _number(m, found, sizes, text) else m.group())
        at = seen = m.end()
    return "".join((*parts, text[at:]))


def singles(text: str) -> list[Amount]:
    """ "a year", "an hour": one of a unit. Read in sources only, where a claim may say "one year"."""
    return [_amount(frozenset({Decimal(1)}), m["unit"], m.group()) for m in _SINGLE.finditer(text)]


@lru_cache(maxsize=256)
def scale_hints(text: str) -> tuple[Decimal, ...]:
    """Scales that a table's caption announces: "(in millions)", "Amounts in thousands", "$m"."""
    low = text.casefold()
    found = _HINT.findall(text) if any(scale in low for scale in ("thousand", "million", "billion")) else []
    found += re.findall(r"\b(?:USD|EUR|GBP|US)?[$€£]\s?('000|000s|bn|m)\b", text)
    return tuple(Decimal(SCALES.get(f.casefold(), 1000)) for f in found)


def _take(text: str, pattern: re.Pattern[str], read: Callable[[re.Match[str]], bool]) -> str:
    """Read every match; what was read is blanked out, so that no later pattern sees it."""
    return pattern.sub(lambda m: " " * len(m.group()) if read(m) else m.group(), text)


def _reference(m: re.Match[str], found: Quantities) -> bool:
    kind = m["kind"].casefold().rstrip(".s") or "section"
    kind = {"§": "section", "sec": "section", "art": "article", "para": "paragraph", "p": "page"}.get(kind, kind)
    labels = re.findall(_LABEL, m["labels"])
    if kind in ("part", "note", "item", "figure", "rule") and not any(c.isdigit() or c.isupper() for c in labels[0]):
        return False
    if kind == "page":
        labels = [label for label in labels if label.isdigit()]
    found.references += [(kind, "".join(label.split())) for label in labels]
    return bool(labels)


def _date(m: re.Match[str], found: Quantities) -> bool:
    parts = m.groupdict()
    year = int(parts["year"]) if parts["year"] else None
    if year is not None and year < 100:
        year += 2000
    day = int(parts["day"]) if parts.get("day") else None
    if parts.get("month"):
        name = parts["month"][:3].casefold()
        if name not in _MONTHS or (day is not None and not 1 <= day <= 31):
            return False
        readings: tuple[Day, ...] = (Day(year, _MONTHS.index(name) + 1, day),)
    else:
        a, b = int(parts["day"]), int(parts["m"])
        both = {(a, b), (b, a)} if parts.get("sep") else {(a, b)}
        readings = tuple(Day(year, month, d) for d, month in sorted(both) if 1 <= month <= 12 and 1 <= d <= 31)
        if not readings:
            return False
    found.dates.append((readings, m.group().strip()))
    if year is not None:
        found.years.append(year)
        found.stands.append(m.start())
    return True


def _full(year: str) -> int:
    return int(year) if len(year) == 4 else 2000 + int(year)


def _quarter(m: re.Match[str], found: Quantities) -> bool:
    parts = m.groupdict()
    number = _ORDINAL[parts["o"].casefold()] if parts.get("o") else int(parts["n"])
    kind = "H" if (parts.get("word") or parts.get("kind") or "").casefold() in ("half", "h") else "Q"
    found.quarters.append((f"{kind}{number}", m.group().strip()))
    if parts.get("y"):
        found.years.append(_full(parts["y"]))
        found.stands.append(m.start())
    return True


def _fiscal(m: re.Match[str], found: Quantities) -> bool:
    found.years.append(_full(m["y"] or m["f"]))
    found.stands.append(m.start())
    return True


def _code(m: re.Match[str], found: Quantities) -> bool:
    if re.fullmatch(rf"(?:{_CURRENCY})\d+|\d+(?:{_SCALE})|\d+-?(?:{_AFTER})", m.group(), re.I):
        return False
    found.codes.append(m.group())
    return True


def _once(m: re.Match[str]) -> str:
    """ "thirty (30)" and "30 (thirty)" as one number, when they agree."""
    if spelled(m["word"]) != int(m["n"].replace(",", "")):
        return m.group()
    shown = f" {m['n']}{m.groupdict().get('p') or ''}"
    return shown.rjust(len(m.group()))


def _number(m: re.Match[str], found: Quantities, sizes: bool, text: str) -> bool:
    value = _decimal(m["digits"])
    if value is None:
        return False
    unit = (m["money"] or m["unit"] or "").strip()
    inner = (m["inner"] or "").strip()
    bracketed = bool(m["open"] or inner == "(") and bool(m["close"] or m["late"])
    plain = not (unit or m["scale"] or bracketed or m["minus"] or m["inner"])
    if plain and re.fullmatch(r"(?:19|20)\d\d", m["digits"]):
        found.years.append(int(m["digits"]))
        found.stands.append(m.start())
        return True
    scale = SCALES.get((m["scale"] or "").casefold(), 1)
    value *= scale
    negative = bracketed or bool(m["minus"]) or inner in ("-", "−")
    values = {-value} if negative else {value}
    # "(3) the Supplier": a list number, or a negative figure.
    if bracketed and m["digits"].isdigit() and not unit and re.match(r"\s*[A-Za-z]", text[m.end() :]):
        values.add(value)
    if sizes:
        values |= {abs(v) for v in values}
    found.amounts.append(_amount(frozenset(values), unit, m.group().strip(), scale != 1, m.start()))
    return True


def _word(m: re.Match[str], found: Quantities) -> bool:
    value = spelled(m["word"])
    if value is None or (value == 1 and not m["unit"]):
        return False  # "one" is a pronoun more often than a number
    scale = SCALES.get((m["scale"] or "").casefold(), 1)
    found.amounts.append(
        _amount(frozenset({Decimal(value) * scale}), m["unit"] or "", m.group().strip(), scale != 1, m.start())
    )
    return True


def _amount(values: frozenset[Decimal], unit: str, text: str, scaled: bool = False, at: int = -1) -> Amount:
    key = " ".join(unit.replace("-", " ").split())
    name, factor = UNITS.get(key.casefold(), ("", Decimal(1)))
    if not name:
        name = CURRENCIES.get(key) or CURRENCIES.get(key.upper()) or CURRENCIES.get(key.casefold()) or ""
    return Amount(frozenset(v * factor for v in values), name, text, scaled, at)


def _decimal(digits: str) -> Decimal | None:
    """A number as printed. "12,5" and "1.234,56" have decimal commas; "1,234" groups thousands."""
    digits = re.sub(r"['’ \u00a0\u2009\u202f]", "", digits)
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+", digits):
        digits = digits.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"\d+,\d{1,2}", digits):
        digits = digits.replace(",", ".")
    try:
        return Decimal(digits.replace(",", ""))
    except InvalidOperation:
        return None
