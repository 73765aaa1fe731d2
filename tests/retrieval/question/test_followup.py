"""What a thread remembers, and how a question is read beside it: the same way in every language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.question.followup import fresh, turn, with_thread
from retrieval.selection import Chosen, ModelUse, Selection
from retrieval.types import Answer, Passage, Question, Shown, Turn
from retrieval.verify import verify
from tests.retrieval.gate.build import passage

NOW = datetime(2026, 4, 1, tzinfo=UTC)


def asked(text: str, *memory: Turn) -> Question:
    return Question(text, NOW, memory)


def shows(held: Passage) -> Answer:
    """The first unit of a passage as an answer."""
    answer = verify(Selection((Chosen(held.units[0].id),), True, ModelUse("extractive")), [held]).answer
    assert answer is not None
    return answer


def shown(text: str, *, title: str = "Policy", path: tuple[str, ...] = ()) -> Answer:
    return shows(passage(text, title=title, path=path))


@pytest.mark.parametrize(
    ("question", "title", "path", "quote", "about"),
    [
        (
            "how long is parental leave",
            "New Parent Leave",
            (),
            "Clef offers 12 weeks of paid leave for all full time employees after the birth of a child.",
            "parental leave",
        ),
        (
            "wie viele Urlaubstage habe ich",
            "Arbeitszeit",
            ("4 Urlaub", "4.1 Urlaubstage"),
            "Jeder Mitarbeiter hat Anspruch auf 28 Tage im Jahr.",
            "Urlaubstage",
        ),
        (
            "combien de jours de télétravail",
            "Charte du télétravail",
            (),
            "Deux jours par semaine au plus.",
            "jours télétravail",
        ),
        ("what happens then", "Other", (), "Nothing shared stands here.", "happens"),
    ],
)
def test_a_thread_is_about_what_question_and_quote_share(
    question: str, title: str, path: tuple[str, ...], quote: str, about: str
) -> None:
    assert turn(asked(question), shown(quote, title=title, path=path)).about == about


def test_a_question_is_read_beside_what_its_thread_is_about() -> None:
    before = turn(asked("how long is parental leave"), shown("Parental leave is 12 weeks."))
    read = with_thread(asked(" when does it   have to be used by? ", before))
    assert (read.text, read.own) == (
        "when does it have to be used by? (parental leave)",
        "when does it have to be used by?",
    )
    assert with_thread(asked("how long is parental leave")).own == ""


def test_what_the_thread_is_about_lasts_until_a_question_brings_words_of_its_own() -> None:
    first = turn(asked("how long is parental leave"), shown("Parental leave is 12 weeks."))
    second = turn(with_thread(asked("and if it is twins?", first)), shown("Twins make it 16 weeks."))
    third = turn(with_thread(asked("why", first, second)), None)
    assert second.about == "parental leave twins"
    assert {"parental", "leave"} <= set(third.about.split())
    assert turn(asked("what may a hotel room cost", first), None).about == "hotel room cost"


def test_a_question_without_an_answer_is_remembered_with_the_documents_before() -> None:
    before = Turn("how long is leave", ("leave.md",), "leave")
    after = turn(with_thread(asked("is it paid in Berlin?", before)), None)
    assert (after.question, after.document_ids, after.shown) == ("is it paid in Berlin?", ("leave.md",), ())
    assert "Berlin" in after.about


def test_the_sentence_just_shown_is_not_offered_again_unless_the_same_is_asked() -> None:
    held = passage("Leave is 25 days. Unused leave lapses in March.", path=())
    first = turn(asked("how many days of leave"), shows(held))
    offered = [u.text for p in fresh(with_thread(asked("does it lapse", first)), [held]) for u in p.units]
    assert offered == ["Unused leave lapses in March."]
    again = [u.text for p in fresh(with_thread(asked("How many days of leave?", first)), [held]) for u in p.units]
    assert again == ["Leave is 25 days.", "Unused leave lapses in March."]


def test_a_row_of_a_table_answers_more_than_one_question() -> None:
    held = passage("Grade | Hotel | Meals\nManager | 180 EUR | 40 EUR", path=())
    rows = Turn("hotel limit", (held.document.id,), "hotel", (Shown(held.document.id, held.start, held.end, row=True),))
    assert [len(p.units) for p in fresh(with_thread(asked("and meals?", rows)), [held])] == [len(held.units)]


@given(st.text(max_size=80), st.lists(st.text(max_size=80), max_size=4))
def test_any_thread_gives_a_question(text: str, thread: list[str]) -> None:
    memory: tuple[Turn, ...] = ()
    for earlier in thread:
        memory = (*memory, turn(with_thread(asked(earlier, *memory)), None))
    read = with_thread(asked(text, *memory))
    assert " ".join(text.split()) in read.text or read.text == text
    assert len(read.text) <= len(text) + 80 * 5 + 3
