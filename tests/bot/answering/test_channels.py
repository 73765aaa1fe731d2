"""Rules of channels: hours by the clocks of a place, and which rule holds where."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.channels import NO_RULE, ChannelRule, Heard, Hours, Unmentioned, for_us, listening, rule_of
from bot.types import ChannelKind, IncomingKind
from tests.bot.fakes import incoming

PARIS = ZoneInfo("Europe/Paris")
WEEK = frozenset(range(5))
OFFICE = Hours(PARIS, WEEK, time(8), time(18))
NIGHT = Hours(PARIS, frozenset({4}), time(22), time(6))
TO_MIDNIGHT = Hours(PARIS, frozenset({0}), time(20), time(0))
ALL_MONDAY = Hours(PARIS, frozenset({0}), time(0), time(0))


def at(text: str) -> datetime:
    """A moment by the clocks of Paris, as it comes in: in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "moment", "open_"),
    [
        (OFFICE, "2026-03-02 07:59:59", False),
        (OFFICE, "2026-03-02 08:00", True),
        (OFFICE, "2026-03-02 17:59:59", True),
        (OFFICE, "2026-03-02 18:00", False),
        (OFFICE, "2026-03-07 12:00", False),  # a Saturday
        (OFFICE, "2026-03-30 08:00", True),  # the first Monday of summer time
        (NIGHT, "2026-03-06 21:59", False),
        (NIGHT, "2026-03-06 22:00", True),  # a Friday
        (NIGHT, "2026-03-07 05:59", True),
        (NIGHT, "2026-03-07 06:00", False),
        (NIGHT, "2026-03-06 05:00", False),  # Thursday's night is none
        (TO_MIDNIGHT, "2026-03-02 23:59:59", True),
        (TO_MIDNIGHT, "2026-03-03 00:00", False),
        (ALL_MONDAY, "2026-03-02 00:00", True),
        (ALL_MONDAY, "2026-03-02 23:59:59", True),
        (ALL_MONDAY, "2026-03-03 00:00", False),
        (ALL_MONDAY, "2026-03-01 23:59:59", False),
    ],
)
def test_hours_are_those_of_the_places_clocks(hours: Hours, moment: str, open_: bool) -> None:
    assert hours.open_at(at(moment)) is open_


@pytest.mark.parametrize(
    ("moment", "next_"),
    [
        ("2026-03-02 06:00", "2026-03-02 08:00"),
        ("2026-03-02 19:00", "2026-03-03 08:00"),
        ("2026-03-06 19:00", "2026-03-09 08:00"),
        ("2026-03-28 12:00", "2026-03-30 08:00"),  # over the night that is an hour shorter
    ],
)
def test_the_next_opening(moment: str, next_: str) -> None:
    assert OFFICE.next_after(at(moment)).astimezone(UTC) == at(next_)


@given(
    st.frozensets(st.integers(0, 6), min_size=1),
    st.times(),
    st.times(),
    st.integers(0, 2 * 365 * 24 * 60).map(
        lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.sampled_from(["Europe/Paris", "America/St_Johns", "Pacific/Apia", "UTC"]),
)
def test_the_next_opening_is_ahead_and_within_the_hours(
    days: frozenset[int], opens: time, closes: time, moment: datetime, zone: str
) -> None:
    hours = Hours(ZoneInfo(zone), days, opens.replace(second=0, microsecond=0), closes.replace(second=0, microsecond=0))
    start = hours.next_after(moment)
    assert moment < start.astimezone(UTC) <= moment + timedelta(days=7, hours=1)
    assert start.weekday() in days
    assert start.time() == hours.opens
    if zone == "UTC":  # elsewhere the clocks may jump over the opening
        assert hours.open_at(start)
        assert not hours.open_at(start - timedelta(minutes=1)) or hours.open_at(moment) or hours.opens == hours.closes


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (OFFICE, "Monday to Friday, 08:00 to 18:00 (Europe/Paris)"),
        (Hours(PARIS, frozenset(range(7)), time(9), time(0)), "every day, 09:00 to 24:00 (Europe/Paris)"),
        (Hours(PARIS, frozenset({0, 2, 5}), time(9), time(12)), "Monday, Wednesday and Saturday, 09:00 to 12:00"),
        (NIGHT, "Friday, 22:00 to 06:00"),
    ],
)
def test_hours_are_told_in_words(hours: Hours, said: str) -> None:
    assert str(hours).startswith(said)


def test_outside_the_hours_people_are_told_when_to_ask_again() -> None:
    assert "from Tuesday at 08:00" in OFFICE.closed(at("2026-03-02 19:00"))
    assert "from Friday at 22:00" in NIGHT.closed(at("2026-03-08 07:00"))


def test_a_week_ahead_the_date_is_told() -> None:
    assert "from Friday 13 March at 22:00" in NIGHT.closed(at("2026-03-07 07:00"))


def test_a_channels_own_rule_holds_before_that_of_direct_chats() -> None:
    direct, own = ChannelRule(limit=1), ChannelRule(limit=2)
    rules = {"direct": direct, "D2": own}
    assert rule_of(rules, "D1", ChannelKind.DIRECT) is direct
    assert rule_of(rules, "D2", ChannelKind.DIRECT) is own
    assert rule_of(rules, "C1", ChannelKind.CHANNEL) is NO_RULE


@pytest.mark.parametrize(
    ("channel", "threads", "expected"),
    [
        ("C1", True, Unmentioned.NEVER),
        ("C2", False, Unmentioned.ALWAYS),
        ("C3", True, Unmentioned.THREADS),
        ("C3", False, Unmentioned.NEVER),
    ],
)
def test_the_setting_decides_where_no_rule_does(channel: str, threads: bool, expected: Unmentioned) -> None:
    assert listening({"C1": Unmentioned.NEVER, "C2": Unmentioned.ALWAYS}, channel, threads=threads) is expected


IN_THREAD, FIRST = "1.1", "2.2"
YES, NO = True, False
FOR_US = [
    # rule, in a thread that is ours (None: it begins one), mentions somebody else, for us
    (Unmentioned.NEVER, None, NO, NO),
    (Unmentioned.NEVER, YES, NO, NO),
    (Unmentioned.THREADS, None, NO, NO),
    (Unmentioned.THREADS, YES, NO, YES),
    (Unmentioned.THREADS, YES, YES, NO),
    (Unmentioned.THREADS, NO, NO, NO),
    (Unmentioned.ALWAYS, None, NO, YES),
    (Unmentioned.ALWAYS, None, YES, NO),
    (Unmentioned.ALWAYS, YES, NO, YES),
    (Unmentioned.ALWAYS, NO, NO, NO),
]


@pytest.mark.parametrize(("rule", "ours", "to_others", "wanted"), FOR_US)
def test_what_is_for_us(rule: Unmentioned, ours: bool | None, to_others: bool, wanted: bool) -> None:
    """One table for every platform; a mention of us is for us whatever the rule says."""
    said = replace(incoming("And in Paris?"), message=FIRST, thread=FIRST if ours is None else IN_THREAD)
    assert for_us(Heard(said, False, to_others), rule, lambda thread: bool(ours)) is wanted
    assert for_us(Heard(said, True, to_others), rule, lambda thread: False)


WORDLESS = (
    *(
        "👍",
        ":+1:",
        ":thumbsup:",
        ":wave::skin-tone-3: :100:",
        ":了解:",
        ":white_check_mark:!",
        "1️⃣",
        "ℹ️ 🇫🇷",
        "...",
        "?!",
    ),
)
WORDS = ("ok?", "Paris :flag-fr:", "4.2", "10:30:00", "1️⃣ Paris", "巴黎", "at 9:30: Paris?")


@pytest.mark.parametrize("rule", [Unmentioned.THREADS, Unmentioned.ALWAYS])
@pytest.mark.parametrize("text", [*WORDLESS, *WORDS])
def test_an_emoji_is_for_nobody_however_a_platform_writes_it(text: str, rule: Unmentioned) -> None:
    said = replace(incoming(text), message=FIRST, thread=FIRST if rule is Unmentioned.ALWAYS else IN_THREAD)
    answered = text in WORDS if rule is Unmentioned.ALWAYS else text in WORDS and "?" in text
    assert for_us(Heard(said, False), rule, lambda thread: True) is answered
    assert for_us(Heard(said, True), rule, lambda thread: False), "a mention is always answered"


ASKED = (
    *(
        "And in Paris?",
        "and for flights?!",
        "¿Y en París?",
        "Et à Paris ?",
        "那么巴黎呢？",
        "وفي باريس؟",
        "Και στο Παρίσι;",
    ),
    *("Und in Paris? Danke, Tom", "> 180 EUR a night\nIs that with breakfast?", "Tom: and in Paris?"),
    *("See https://example.com/a: does it hold for Paris?", "Paris?", "Ինչպե՞ս", "❓ Paris hotels"),
)
SAID = (
    *("thanks", "Agreed", "Yes, hotels cost at most 180 EUR a night", "No, I think it is 200 EUR a night."),
    *("thx, 180 it is", "I booked a hotel for 170 EUR", "See you at the hotel", ":+1: hotel", "Danke, das hilft"),
    *("Merci, c'est parfait !", "180 EUR; see the policy", "> What do hotels cost?\n180 EUR a night", "ありがとう"),
    *("It is in https://example.com/hotels?city=paris&night=1", "Ναι; 180 ευρώ", "了解、ホテルは180ユーロです。"),
)


@pytest.mark.parametrize("text", [*ASKED, *SAID])
@pytest.mark.parametrize("rule", [Unmentioned.THREADS, Unmentioned.ALWAYS])
def test_in_a_thread_what_people_tell_each_other_is_left_alone(text: str, rule: Unmentioned) -> None:
    """They thank, agree, or answer themselves; a mention is answered whatever it says."""
    said = replace(incoming(text), message=FIRST, thread=IN_THREAD)
    assert for_us(Heard(said, False), rule, lambda thread: True) is (text in ASKED)
    assert for_us(Heard(said, True), rule, lambda thread: False)


@pytest.mark.parametrize(("rule", "wanted"), [(Unmentioned.ALWAYS, YES), (Unmentioned.THREADS, NO)])
def test_a_chat_without_threads_is_for_us_by_its_rule_alone(rule: Unmentioned, wanted: bool) -> None:
    said = incoming("And in Paris?", where=ChannelKind.GROUP)
    assert for_us(Heard(said, False, threads=False), rule, lambda thread: True) is wanted


def test_an_edit_is_for_us_in_our_threads_alone() -> None:
    edit = replace(incoming("", kind=IncomingKind.IGNORED), message="2.2")
    assert for_us(Heard(edit, False, to_others=True), Unmentioned.NEVER, lambda thread: True)
    assert not for_us(Heard(edit, False), Unmentioned.ALWAYS, lambda thread: False)
