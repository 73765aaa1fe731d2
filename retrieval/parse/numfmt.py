"""Spreadsheet values as the reader sees them: 12.5%, (1,200), 1 March 2026 (ECMA-376 part 1, 18.8.30 and 18.8.31)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

_SECTION = re.compile(r'((?:"[^"]*"|\\.|\[[^\]]*\]|[^;])*)(?:;|$)')
_TOKENS = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?:.)|\*(?:.)|\[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]'
    r"|\[(?P<elapsed>h+|m+|s+)\]|\[[^\]]*\]|(?P<exponent>[eE][+-]?0+)|(?P<half>am/pm|a/p)|(?P<general>general)"
    r"|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?)|(?P<slot>[0#?])|(?P<mark>[.,%/@])|(?P<literal>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)\]")
_MONTHS = [
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_EPOCH = datetime.fromisoformat("1899-12-30")  # a spreadsheet's time has no zone

# These two follow the settings of whoever opens the file; ISO 8601 is read the same everywhere.
_LOCAL = {"mm-dd-yy": "yyyy-mm-dd", "m/d/yy h:mm": "yyyy-mm-dd hh:mm", "m/d/yyyy": "yyyy-mm-dd"}

_LONGEST = 255  # characters of a format, as Excel has it; the time that one takes grows with their square

_Token = tuple[str, str]  # kind, text


def show(value: object, code: str) -> str:
    """A cell's value under a number format. A format of a kind that is not known shows the plain value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if len(code) > _LONGEST:
        code = "General"
    if isinstance(value, (int, float)):
        return _number(value, code)
    if isinstance(value, (datetime, date, time, timedelta)):
        return _moment(value, _LOCAL.get(code.lower(), code))
    return str(value)


def general(value: float) -> str:
    """A number without a format: at most 11 digits, as a cell shows it."""
    if isinstance(value, int) or (math.isfinite(value) and value == int(value) and abs(value) < 1e11):
        return str(int(value))
    shown = f"{value:.10g}"
    mantissa, e, exponent = shown.partition("e")
    return f"{mantissa}E{exponent}" if e else shown


# --- numbers ------------------------------------------------------------------------------


def _number(value: float, code: str) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    section, signed = _choose(value, _sections(code))
    if not section:
        return ""  # how a format hides a value: ";;;"
    tokens = [(m.lastgroup or "", m.group(m.lastgroup) if m.lastgroup else "") for m in _TOKENS.finditer(section)]
    kinds = {kind for kind, _ in tokens}
    if "general" in kinds or not kinds & {"slot", "date", "elapsed"}:
        plain = general(value if signed else abs(value))
        return "".join(plain if kind == "general" else text for kind, text in tokens if kind != "mark").strip()
    if kinds & {"date", "elapsed"} and "slot" not in kinds:
        return general(value)  # openpyxl hands dates over as dates; this one is out of their range
    exact = Decimal(repr(value)).copy_abs()
    if exact and exact.adjusted() > 300:
        return general(value)
    with localcontext(prec=700):
        shown = _fill(tokens, exact)
    return ("-" + shown if signed and value < 0 and any(c in "123456789" for c in shown) else shown).strip()


def _sections(code: str) -> list[str]:
    """The parts between semicolons; "General" where there is no format."""
    return _SECTION.findall(code)[: code.count(";") + 1] if code else ["General"]


def _choose(value: float, sections: Sequence[str]) -> tuple[str, bool]:
    """The section that fits the value, and whether a minus sign has to be added."""
    if any(_CONDITION.search(s) for s in sections):
        for section in sections:
            condition = _CONDITION.search(section)
            if condition is None or _holds(value, condition[1], float(condition[2])):
                return section, True
        return sections[-1], True
    if len(sections) > 2 and value == 0:
        return sections[2], False
    if len(sections) > 1 and value < 0:
        return sections[1], False
    return sections[0], True


def _holds(value: float, operator: str, limit: float) -> bool:
    return {
        "<": value < limit,
        ">": value > limit,
        "<=": value <= limit,
        ">=": value >= limit,
        "=": value == limit,
        "<>": value != limit,
    }[operator]


def _fill(tokens: Sequence[_Token], value: Decimal) -> str:
    """The digits of a value put into the places of a format."""
    slots = [n for n, (kind, _) in enumerate(tokens) if kind == "slot"]
    if any(token == ("mark", "/") for token in tokens[slots[0] : slots[-1]]):
        return _fraction(tokens, value)
    point = next((n for n, token in enumerate(tokens) if token == ("mark", ".")), len(tokens))
    whole = [n for n in slots if n < point]
    decimals = [n for n in slots if n > point]
    exponent = next((text for kind, text in tokens if kind == "exponent"), "")
    value *= Decimal(100) ** sum(token == ("mark", "%") for token in tokens)
    last = whole[-1] if whole else -1
    commas = [n for n, token in enumerate(tokens) if token == ("mark", ",")]
    grouped = any(whole and whole[0] < n < last for n in commas)
    value /= Decimal(1000) ** sum(n > max(slots[-1], last) or last < n < point for n in commas)
    power = 0
    if exponent and value:
        power = value.adjusted()
        value = value.scaleb(-power)
    rounded = value.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    left, _, right = f"{rounded:f}".partition(".")
    parts = []
    for n, (kind, text) in enumerate(tokens):
        if n in whole:
            parts.append(_digits(left.lstrip("0"), [tokens[i][1] for i in whole], whole.index(n), grouped))
        elif n in decimals:
            place = decimals.index(n)
            needed = text == "0" or right[place:].strip("0")
            parts.append(right[place] if needed else "")
        elif kind == "exponent":
            sign = "-" if power < 0 else "+" if "+" in text else ""
            parts.append(f"E{sign}{abs(power):0{text.count('0')}d}")
        elif kind == "mark" and text == ".":
            parts.append("." if any(tokens[i][1] == "0" for i in decimals) or right.strip("0") else "")
        elif kind not in ("mark", "half") or text == "%":
            parts.append(text)
    return "".join(parts)


def _digits(digits: str, slots: Sequence[str], place: int, grouped: bool) -> str:
    """What stands in one place before the point; the first holds all digits that have no place."""
    from_right = len(slots) - 1 - place
    have = digits[: len(digits) - from_right] if place == 0 else digits[-from_right - 1 :][:1]
    if len(digits) <= from_right:
        have = "0" if slots[place] == "0" else ""
    shown = ""
    for n, digit in enumerate(have):
        right = from_right + len(have) - 1 - n
        shown += digit + ("," if grouped and right and right % 3 == 0 else "")
    return shown


def _fraction(tokens: Sequence[_Token], value: Decimal) -> str:
    text = "".join(text for kind, text in tokens if kind in ("slot", "mark", "literal"))
    size = len(re.sub(r"[^0#?]", "", text.partition("/")[2])) or 1
    fraction = Fraction(value).limit_denominator(10**size - 1)
    whole, rest = divmod(fraction.numerator, fraction.denominator)
    if " " not in text.partition("/")[0].strip():
        return f"{fraction.numerator}/{fraction.denominator}"
    return " ".join(
        filter(None, (str(whole) if whole or not rest else "", f"{rest}/{fraction.denominator}" if rest else ""))
    )


# --- dates and times ----------------------------------------------------------------------


def _moment(value: datetime | date | time | timedelta, code: str) -> str:
    section = _sections(code)[0]
    tokens = [(m.lastgroup or "", m.group(m.lastgroup) if m.lastgroup else "") for m in _TOKENS.finditer(section)]
    if not any(kind in ("date", "elapsed") for kind, _ in tokens):
        return value.isoformat() if not isinstance(value, timedelta) else str(value)
    elapsed = value if isinstance(value, timedelta) else None
    if isinstance(value, timedelta):
        moment = _EPOCH + value
    elif isinstance(value, time):
        moment = datetime.combine(_EPOCH, value)
    elif isinstance(value, datetime):
        moment = value
    else:
        moment = datetime.combine(value, time())
    since = elapsed if elapsed is not None else moment - _EPOCH
    twelve = any(kind == "half" for kind, _ in tokens)
    parts = []
    for n, (kind, text) in enumerate(tokens):
        if kind == "date":
            parts.append(_part(moment, text.lower(), twelve, _minutes(tokens, n)))
        elif kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[text[0].lower()]
            parts.append(f"{int(since.total_seconds()) // unit:0{len(text)}d}")
        elif kind == "half":
            parts.append(("AM" if moment.hour < 12 else "PM")[: 2 if len(text) > 3 else 1])
        elif text != "@":
            parts.append(text)
    return "".join(parts).strip()


def _minutes(tokens: Sequence[_Token], n: int) -> bool:
    """Whether an "m" is minutes: after hours, or before seconds."""
    before = next((t for k, t in reversed(tokens[:n]) if k in ("date", "elapsed")), "")
    after = next((t for k, t in tokens[n + 1 :] if k in ("date", "elapsed")), "")
    return before[:1].lower() == "h" or after[:1].lower() == "s"


def _part(moment: datetime, code: str, twelve: bool, minutes: bool) -> str:
    size = len(code)
    match code[0]:
        case "y":
            return f"{moment.year:04d}" if size > 2 else f"{moment.year % 100:02d}"
        case "m" if minutes:
            return f"{moment.minute:0{min(size, 2)}d}"
        case "m":
            name = _MONTHS[moment.month - 1]
            return f"{moment.month:0{size}d}" if size < 3 else (name[:3], name, name[0])[min(size, 5) - 3]
        case "d":
            day = _DAYS[moment.weekday()]
            return f"{moment.day:0{size}d}" if size < 3 else day[:3] if size == 3 else day
        case "h":
            hour = (moment.hour % 12 or 12) if twelve else moment.hour
            return f"{hour:0{min(size, 2)}d}"
        case _:
            whole, point, places = code.partition(".")
            rest = f".{moment.microsecond:06d}"[: len(places) + 1] if point else ""
            return f"{moment.second:0{min(len(whole), 2)}d}{rest}"
