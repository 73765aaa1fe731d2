"""Number formats, against what a spreadsheet shows."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.parse.numfmt import show

ACCOUNTS = '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)'


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (0.125, "0.0%", "12.5%"),
        (0.125, "0%", "13%"),
        (0.125, "0.00 %", "12.50 %"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (1234567, "#,##0", "1,234,567"),
        (999, "#,##0", "999"),
        (1000, "#,##0", "1,000"),
        (-1200, "#,##0;(#,##0)", "(1,200)"),
        (-1200, "#,##0_);[Red]\\(#,##0\\)", "(1,200)"),
        (-1234.5, ACCOUNTS, "(1,234.50)"),
        (1234.5, ACCOUNTS, "1,234.50"),
        (0, ACCOUNTS, "-"),
        (180, "[$€-407] #,##0.00", "€ 180.00"),
        (180, '#,##0 "EUR"', "180 EUR"),
        (180, "[$$-409]#,##0.00", "$180.00"),
        (-180, '"$"#,##0', "-$180"),
        (2500000, '0.0,,"M"', "2.5M"),
        (2500000, "#,##0,", "2,500"),
        (0.5, "#.##", ".5"),
        (2.5, "0", "3"),
        (1.005, "0.00", "1.01"),
        (5, "000", "005"),
        (123456789, "000-00-0000", "123-45-6789"),
        (12345, "0.00E+00", "1.23E+04"),
        (0.00012, "0.0E+0", "1.2E-4"),
        (1.5, "# ?/?", "1 1/2"),
        (0.25, "?/?", "1/4"),
        (3, "General", "3"),
        (3.0, "General", "3"),
        (0.1 + 0.2, "General", "0.3"),
        (1e20, "General", "1E+20"),
        (-3.25, "General", "-3.25"),
        (150, '[>100]"high";[<=100]"low"', "high"),
        (-0.001, "0.00", "0.00"),
        (True, "General", "TRUE"),
        ("text", "@", "text"),
        (None, "0", ""),
        (1, '0 "day(s)"', "1 day(s)"),
        (7, ";;;", ""),
    ],
)
def test_numbers(value: object, code: str, shown: str) -> None:
    assert show(value, code) == shown


NOON = datetime.fromisoformat("2026-03-01T13:05:09")


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (NOON, "yyyy-mm-dd", "2026-03-01"),
        (NOON, "d mmmm yyyy", "1 March 2026"),
        (NOON, "dd/mm/yy hh:mm:ss", "01/03/26 13:05:09"),
        (NOON, "h:mm AM/PM", "1:05 PM"),
        (NOON, "dddd, mmm d", "Sunday, Mar 1"),
        (NOON, "mm-dd-yy", "2026-03-01"),
        (NOON, "[$-407]d. mmm yyyy;@", "1. Mar 2026"),
        (NOON, "mm:ss", "05:09"),
        (date(2026, 3, 1), "d.m.yyyy", "1.3.2026"),
        (time(9, 30), "hh:mm", "09:30"),
        (timedelta(hours=30, minutes=5), "[h]:mm", "30:05"),
    ],
)
def test_moments(value: object, code: str, shown: str) -> None:
    assert show(value, code) == shown


@given(st.one_of(st.integers(), st.floats()), st.text(st.sampled_from('0#?.,%/E+-;[]"\\_*()ymdhs@$ x'), max_size=16))
def test_no_format_breaks_the_reader(value: float, code: str) -> None:
    assert isinstance(show(value, code), str)


@given(st.integers(-(10**12), 10**12))
def test_thousands(value: int) -> None:
    assert show(value, "#,##0") == f"{value:,}"


def test_a_format_that_is_longer_than_any_shows_the_plain_value() -> None:
    """It took seconds a cell."""
    assert show(1234.5, "0" * 255) == "1235".zfill(255)
    assert show(1234.5, "0" * 256) == "1234.5"
    assert show(date(2026, 3, 1), "d" + "\\x" * 200) == "2026-03-01"
