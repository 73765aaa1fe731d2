from __future__ import annotations

import pytest

from retrieval.question.routing import Router, periods
from retrieval.types import Document
from tests.retrieval.fakes import document

ALL = frozenset({"all"})


def library(*titles: str, **acl_ids: str) -> dict[str, Document]:
    held = {t: document(t, title=t) for t in titles}
    return held | {t.replace("_", " "): document(t, title=t.replace("_", " "), acl_id=a) for t, a in acl_ids.items()}


FILLER = [f"Handbook part {letter}" for letter in "abcdefghij"]


def best(question: str, *titles: str) -> set[str]:
    given = Router(library(*titles, *FILLER)).route(question, ALL, name=1.0, period=1.0)
    return {id_ for id_, weight in given.items() if weight == max(given.values())}


@pytest.mark.parametrize(
    ("text", "years", "quarters"),
    [
        ("FY2019 - FY2021", {2019, 2021}, set()),
        ("fiscal year ended December 31, 2018", {2018}, set()),
        ("between FY20 and FY21", {2020, 2021}, set()),
        ("Q2 of FY2023", {2023}, {(2023, 2)}),
        ("ACME 2023Q4 EARNINGS", {2023}, {(2023, 4)}),
        ("4Q 2023", {2023}, {(2023, 4)}),
        ("Q1 FY24", {2024}, {(2024, 1)}),
        ("Q3 was good", set(), set()),
        ("12,019 units and 2.2020", set(), set()),
        ("article 20190", set(), set()),
    ],
)
def test_periods(text: str, years: set[int], quarters: set[tuple[int, int]]) -> None:
    found = periods(text)
    assert (set(found.years), set(found.quarters)) == (years, quarters)


@pytest.mark.parametrize(
    ("question", "titles", "expected"),
    [
        ("What did Initech earn?", ("Initech annual report", "Hooli annual report"), {"Initech annual report"}),
        ("What are Initech's fees?", ("INITECH fees", "HOOLI fees"), {"INITECH fees"}),
        ("Does Sea Trust pay?", ("NDA-SeaTrust", "NDA-Hooli"), {"NDA-SeaTrust"}),
        ("Does SeaTrust pay?", ("Sea Trust terms", "Hooli terms"), {"Sea Trust terms"}),
        ("What does the UMC say?", ("Upper Mill Council rules", "Lower rules"), {"Upper Mill Council rules"}),
        ("Initech revenue in FY2019?", ("Initech 2018", "Initech 2019"), {"Initech 2019"}),
        ("Initech growth, FY2018 to FY2019?", ("Initech 2018", "Initech 2019"), {"Initech 2019"}),
        ("Initech sales in Q2 of FY2023?", ("Initech 2023Q2", "Initech 2023Q3", "Initech 2022"), {"Initech 2023Q2"}),
        ("who pays for hotels?", ("Hotels", "Trains"), set()),
        ("What is new in 2019?", ("Initech 2018", "Initech 2019"), set()),
    ],
    ids=["a name", "a possessive", "two words for one", "one word for two", "initials", "a year", "the latest year",
         "a quarter", "no name", "a year alone"],
)  # fmt: skip
def test_names_and_periods_lead_to_documents(question: str, titles: tuple[str, ...], expected: set[str]) -> None:
    assert best(question, *titles) == expected


def test_a_word_of_many_titles_names_none() -> None:
    assert best("What does the Handbook say?") == set()


def test_nothing_is_told_of_documents_that_the_asker_may_not_read() -> None:
    open_titles = ["Initech report", *FILLER]
    alone = Router(library(*open_titles))
    beside = Router(library(*open_titles, Initech_secret_report="board", Initech_plan="board", Umbrella="board"))
    for question in ("What did Initech report?", "Who runs Umbrella?"):
        given = alone.route(question, ALL, name=1.0, period=1.0)
        assert beside.route(question, ALL, name=1.0, period=1.0) == given
    assert beside.route("Who runs Umbrella?", frozenset({"board"}), name=1.0, period=1.0) != {}
