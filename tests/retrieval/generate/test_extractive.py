"""The extractive answer: verbatim, short, in order, and none where the passages do not answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from retrieval.generate.extractive import ExtractiveGenerator
from retrieval.types import Answer, Passage, Question, VerdictClass
from retrieval.verify import verify
from tests.retrieval.gate.build import passage

NOW = datetime(2026, 4, 1, tzinfo=UTC)
HOTELS = passage(
    "4.2 Hotels\nHotels cost at most 180 EUR a night, e.g. in Paris. Breakfast is included in that amount. "
    "See Sec. 4.3 for flights.",
    id="hotels",
)
LEAVE = passage(
    "Employees may carry over at most 5 days of annual leave. They must be taken by 31 March of the next year.",
    id="leave", title="Leave Policy", path=("3 Annual leave", "3.4 Carry-over"), label="3.4",
)  # fmt: skip
LIMITS = passage(
    "Limits by grade\nGrade | Hotel limit | Flight class\nAnalyst | 140 EUR | Economy\nManager | 180 EUR | Economy\n"
    "Director | 240 EUR | Business",
    id="limits", title="Travel Limits", path=("Limits",), label=None,
)  # fmt: skip
ACME = passage(
    "Either party may terminate this agreement with 30 days' notice. All notices are sent in writing.",
    id="acme", title="Acme Master Services Agreement", path=("12 Termination",), label="12",
)  # fmt: skip
GLOBEX = passage(
    "Either party may terminate this agreement with 60 days' notice. All notices are sent in writing.",
    id="globex", title="Globex Master Services Agreement", path=("9 Termination",), label="9",
)  # fmt: skip
REPORT = passage(
    "Revenue was 12 million EUR in 2023, after 10 million EUR in 2022.",
    id="report", title="Annual Report 2023", path=("Results",), label=None,
)  # fmt: skip
ALL = (HOTELS, LEAVE, LIMITS, ACME, GLOBEX, REPORT)


async def answer(question: str, *passages: Passage) -> Answer | None:
    drafted = await ExtractiveGenerator().draft(Question(question, NOW), passages)
    verified = verify(drafted, passages)
    assert all(v.verdict is VerdictClass.SUPPORTED for v in verified.verdicts), verified.verdicts
    return verified.answer


async def text(question: str, *passages: Passage) -> str | None:
    found = await answer(question, *passages)
    return found.text if found else None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How much may a hotel cost a night?", "Hotels cost at most 180 EUR a night, e.g. in Paris. [1]"),
        ("Is breakfast included?", "Breakfast is included in that amount. [1]"),
        ("How many days of leave may be carried over?", "Employees may carry over at most 5 days of annual leave. [1]"),
        ("What is the hotel limit of a director?",
         "Grade: Director; Hotel limit: 240 EUR; Flight class: Business [1] [2]"),
        ("With what notice can Acme's agreement be terminated?",
         "Either party may terminate this agreement with 30 days' notice. [1]"),
        ("With what notice can Globex's agreement be terminated?",
         "Either party may terminate this agreement with 60 days' notice. [1]"),
        ("What was the revenue in 2023?", "Revenue was 12 million EUR in 2023, after 10 million EUR in 2022. [1]"),
    ],
)  # fmt: skip
async def test_the_shortest_sentence_that_answers_is_quoted_word_for_word(question: str, expected: str) -> None:
    found = await text(question, *ALL)
    assert found is not None
    assert expected in found
    assert found.count(".") <= 8


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of Australia?",
        "How do I bake bread?",
        "How much may a helicopter cost?",
        "What was the revenue in 2019?",  # a period that no document has
        "With what notice can Initech's agreement be terminated?",  # a party that no document names
        "Who wrote the opera Tosca?",
        "",
        "?",
        "the of and",
    ],
)
async def test_no_claims_where_the_passages_do_not_answer(question: str) -> None:
    assert await text(question, *ALL) is None
    assert await text(question) is None


async def test_a_number_is_asked_for_and_none_is_there() -> None:
    vague = passage("The hotel limit depends on the city and the season.", id="v")
    assert await text("How many euros is the hotel limit?", vague) is None
    assert await text("What does the hotel limit depend on?", vague) is not None


async def test_the_name_of_the_kind_of_answer_need_not_stand_in_it() -> None:
    assert await text("What is the notice period for terminating the Acme agreement?", ACME, GLOBEX) == (
        "Either party may terminate this agreement with 30 days' notice. [1]"
    )


async def test_statements_stand_in_reading_order_with_a_citation_each() -> None:
    found = await answer("When must carried over leave days be taken, and how many days may be carried over?", LEAVE)
    assert found is not None
    starts = [c.start for c in found.citations]
    assert starts == sorted(starts)
    assert all(s.citations for s in found.statements)
    for citation in found.citations:
        assert LEAVE.text[citation.start - LEAVE.start : citation.end - LEAVE.start] == citation.quote


async def test_a_tables_header_is_no_statement() -> None:
    found = await answer("What is the flight class and the hotel limit of a grade?", LIMITS)
    assert found is None or all("240" in s.text or "180" in s.text or "140" in s.text for s in found.statements)
    one = await answer("Which flight class does a director have?", LIMITS)
    assert one is not None
    assert [s.text for s in one.statements] == ["Grade: Director; Hotel limit: 240 EUR; Flight class: Business"]


async def test_no_heading_and_no_clause_number_is_printed() -> None:
    found = await text("How much do hotels cost a night?", HOTELS)
    assert found is not None
    assert not found.startswith("4.2")


async def test_the_question_may_name_the_document_by_its_initials_or_in_one_word() -> None:
    bar = passage(
        "The clerk keeps the register for ten years.", id="b", title="North York Bar Rules", path=(), label=None
    )
    assert await text("How long does NorthYork's clerk keep the register?", bar) is not None


HANDBOOK = passage(
    "Working hours\nThis page explains which working hours hold for everyone.\n"
    "Core working hours are from 10:00 to 15:00.\n"
    "Vehicle | Rate per km\nCar | 0.42 EUR\nBicycle | 0.10 EUR\n"
    "Trips outside the European Union must be approved by the Finance Director at least 14 days before departure.\n"
    "For flights longer than six hours premium economy may be booked.",
    id="handbook", title="Staff Handbook", path=("2 Working hours",), label="2",
)  # fmt: skip
SECURITY = passage(
    "Reporting\nVulnerabilities should be reported to one of these places:\n- the security desk on floor 2;\n"
    "- the bounty programme.\nReporting a vulnerability can have legal consequences.\nThe bounty form asks for:",
    id="security", title="Security Policy", path=("5 Reporting",), label="5",
)  # fmt: skip
ACCOUNTS = passage(
    "A child under the age of 13 may not have an account.\nWe may charge the payment account of everyone else.",
    id="accounts", title="Account Terms", path=("Accounts",), label=None,
)  # fmt: skip
RESULTS = passage(
    "Management expects revenue for the full year 2026 above EUR 188 million.\n"
    "EUR thousand | Q3 2026 | Q3 2025\nRevenue | 48,600 | 43,390",
    id="results", title="Quarterly Report Q3 2026", path=("Results",), label=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "passages", "expected"),
    [
        pytest.param("What are the core working hours?", (HANDBOOK,), "Core working hours are from 10:00 to 15:00. [1]",
                     id="not what the page is about"),
        pytest.param("What is the rate per km for a car?", (HANDBOOK,), "Vehicle: Car; Rate per km: 0.42 EUR [1] [2]",
                     id="a table of two columns"),
        pytest.param("Who must approve travel outside Europe?", (HANDBOOK,),
                     "Trips outside the European Union must be approved by the Finance Director at least 14 days "
                     "before departure. [1]", id="Europe, European"),
        pytest.param("Where should vulnerabilities be reported?", (SECURITY,),
                     "Vulnerabilities should be reported to one of these places: the security desk on floor 2; the "
                     "bounty programme. [1] Reporting a vulnerability can have legal consequences. [2]",
                     id="a list comes with its items"),
        pytest.param("Can a 12 year old have an account?", (ACCOUNTS,),
                     "A child under the age of 13 may not have an account. [1]", id="an age"),
        pytest.param("What was the revenue in Q3 2026?", (RESULTS,),
                     "EUR thousand: Revenue; Q3 2026: 48,600; Q3 2025: 43,390 [1] [2]", id="the period that is asked"),
    ],
)  # fmt: skip
async def test_reads_well(question: str, passages: tuple[Passage, ...], expected: str) -> None:
    assert await text(question, *passages) == expected


async def test_a_list_without_its_items_is_no_answer() -> None:
    found = await text("What does the bounty form ask for?", SECURITY)
    assert found is None or not found.split(" [")[0].endswith(":")


async def test_how_to_is_answered_with_what_to_do() -> None:
    found = await text("How do I report a vulnerability?", SECURITY)
    assert found is not None
    assert found.startswith("Vulnerabilities should be reported to")


@pytest.mark.parametrize(
    ("question", "passages"),
    [
        pytest.param("How long before the trip must I book flights?", (HANDBOOK,), id="a length of another kind"),
        pytest.param("Can a 12 year old have a payment account?", (HANDBOOK, RESULTS), id="no age is spoken of"),
        pytest.param("Consider the Master Services Agreement between Acme and Initech; how are royalties calculated?",
                     (ACME, GLOBEX), id="the right document, another question"),
        pytest.param("What is the dress code policy?", (ACCOUNTS, SECURITY), id="policy is no subject"),
    ],
)  # fmt: skip
async def test_what_only_looks_like_an_answer_is_none(question: str, passages: tuple[Passage, ...]) -> None:
    assert await text(question, *passages) is None


async def test_a_heading_that_a_sentence_follows_is_not_printed_with_it() -> None:
    owner = passage(
        "Ownership of Content, Right to Post and Licence Grants of Users\n"
        "Customer retains ownership of the content it posts.",
        id="o", title="Terms", path=("1 Ownership of Content, Right to Post and Licence Grants of Users",), label="1",
    )  # fmt: skip
    assert await text("Who retains ownership of content?", owner) == (
        "Customer retains ownership of the content it posts. [1]"
    )


STAFF = passage(
    "Benefits of employees\nYears ended December 31, | 2021 | 2020\nEmployee benefits | 1,594 | (178)\n"
    "As of December 31, 2021, we employed approximately 79,000 people worldwide. "
    "About 32% of our workforce are union members. We have 4,100 union members in Ohio.",
    id="staff", title="Acme Form 10-K, fiscal year 2021", path=("Human capital",), label=None,
)  # fmt: skip
BALANCE = passage(
    "(Dollars in millions, except per share data)\nDecember 31, | 2021 | 2020\nAssets\n"
    "Total lease assets | 3,890 | 3,380\nTotal assets | $59,268 | $55,556\nDeferred charges | 12",
    id="balance", title="Acme Form 10-K, fiscal year 2021", path=("Balance sheet",), label=None,
)  # fmt: skip
BOUNTY = passage(
    "If you report through our bug bounty we limit what we share. "
    "Like others, Acme provides a bug bounty to work with researchers. Please see the bug bounty site.",
    id="bounty", title="Disclosure", path=("Programme",), label=None,
)  # fmt: skip
GIFTS = passage(
    "For any expense exceeding $20, you will need approval from your lead. "
    "For any expense exceeding $150, you will need approval from Legal. Cash is never fine.",
    id="gifts", title="Gifts Policy", path=("Process",), label=None,
)  # fmt: skip
DATA = passage(
    "You may not use the service to sell personal data. We do not sell personal data.",
    id="data", title="Privacy", path=("Sharing",), label=None,
)  # fmt: skip
USES = passage(
    "We do not allow content on the service that is:\n- automated and excessive in bulk;\n"
    "- misleading in any way it is shown;\n- harmful to minors of any age;\n"
    "- an attack on our network or its users;\n- a way of cryptocurrency mining.",
    id="uses", title="Acceptable Use", path=("Spam",), label=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "source", "expected"),
    [
        pytest.param("How many employees did Acme have at the end of 2021?", STAFF,
                     "As of December 31, 2021, we employed approximately 79,000 people worldwide. [1]",
                     id="people are counted, not their benefits"),
        pytest.param("What share of Acme's workforce is unionised?", STAFF,
                     "About 32% of our workforce are union members. [1]", id="a share is a percentage"),
        pytest.param("What were Acme's total assets in FY2021 (in USD millions)? Round to one decimal place.", BALANCE,
                     "Total assets; 2021: $59,268; 2020: $55,556 (Dollars in millions, except per share data) "
                     "[1] [2] [3]",
                     id="the row with that name, its years and its scale"),
        pytest.param("What is the bug bounty?", BOUNTY,
                     "Like others, Acme provides a bug bounty to work with researchers. [1]", id="what it is"),
        pytest.param("Do I need approval for a gift worth more than 150 dollars?", GIFTS,
                     "For any expense exceeding $150, you will need approval from Legal. [1]",
                     id="the number of the question"),
        pytest.param("Does the company sell personal data?", DATA, "We do not sell personal data. [1]",
                     id="what the company does"),
        pytest.param("Is cryptocurrency mining allowed?", USES,
                     "We do not allow content on the service that is: a way of cryptocurrency mining. [1] [2]",
                     id="an item far down a list"),
    ],
)  # fmt: skip
async def test_a_person_in_a_hurry_finds(question: str, source: Passage, expected: str) -> None:
    assert await text(question, source) == expected


@pytest.mark.parametrize(
    ("question", "passages"),
    [
        pytest.param("How many employees did Acme have in 2015?", (STAFF,), id="sentences of another year"),
        pytest.param("How many warehouses does Acme have?", (STAFF,), id="nothing that is counted"),
        pytest.param("How many clients does Acme have?",
                     (passage("Our work is for clients and people. In the last year we opened 3 new sites.", id="n",
                              title="Acme Profile", path=()),), id="a number of other things"),
        pytest.param("How much does a gift cost?", (GIFTS,), id="a price without a gift's"),
        pytest.param("When was Acme founded?",
                     (passage("The newest copy may be found at the desk before noon.", id="f", title="Acme Handbook"),),
                     id="no date"),
        pytest.param("What is the revenue?",
                     (passage("We keep figures for reports, forecasts and revenue plans.", id="r", path=()),),
                     id="a word in passing"),
        pytest.param("Consider Initech's Supply Agreement; may copies of goods be kept?",
                     (passage("Copies of goods may be kept.", id="k", title="Globex Terms"),
                      passage("Initech is a customer.", id="i", title="Acme Terms")),
                     id="the document that is cited is not there"),
        pytest.param("What is the capital of Australia?",
                     (passage("We have working capital.", id="w", path=("Capital",)),
                      passage("Sales in Australia grew.", id="a", path=("Europe & Australia",))),
                     id="words of two passages are no answer"),
        pytest.param("Consider the Services Agreement between Acme and Globex; what is the limit for hotel expenses?",
                     (ACME, GLOBEX), id="the right document says nothing of hotels"),
    ],
)  # fmt: skip
async def test_what_is_not_said_is_not_answered(question: str, passages: tuple[Passage, ...]) -> None:
    assert await text(question, *passages) is None


async def test_a_row_with_an_empty_cell_is_not_given_the_wrong_columns() -> None:
    change = passage("2022 | 2021 | Change\nCapital spending | (5,207) | (4,625)", id="c", title="Acme 10-K 2022")
    found = await text("What was the capital spending of Acme in 2022?", change)
    assert found == "Capital spending | (5,207) | (4,625) [1]"


async def test_a_capital_letter_alone_makes_no_name() -> None:
    sales = passage("Total sales grew by 4% to $12 million in 2022.", id="s", title="Annual Report 2022")
    assert await text("How much did Sales grow in 2022?", sales) is not None


async def test_one_of_two_years_is_enough_to_compare() -> None:
    said = "Revenue rose to 12 million EUR in 2022."
    report = passage(said, id="y", title="Acme Annual Report 2022")
    assert await text("How did Acme's revenue in FY2022 compare to FY2021?", report) == f"{said} [1]"
    assert await text("How did Acme's revenue in FY2016 compare to FY2015?", report) is None


async def test_a_few_documents_with_one_name_are_all_named_by_it() -> None:
    reports = [
        passage(
            f"Our business is cyclical and depends on airlines, as in {year}.",
            id=str(year),
            title=f"Acme Report {year}",
        )
        for year in (2021, 2022)
    ]
    assert await text("Is Acme's business subject to cyclicality?", *reports) is not None


async def test_of_reports_of_two_years_the_later_one_is_quoted_where_no_year_is_asked_for() -> None:
    reports = [
        passage(f"{share}% of our workforce are union members.", id=year, title=f"Acme Annual Report {year}", path=())
        for year, share in (("2018", 35), ("2022", 32))
    ]
    found = await text("What share of Acme's workforce is unionised?", *reports)
    assert found == "32% of our workforce are union members. [1]"
    assert await text("What share of Acme's workforce was unionised in 2018?", *reports) == found.replace("32", "35")


async def test_a_sentence_is_quoted_rather_than_a_row_of_text_without_a_head() -> None:
    both = passage(
        "M. Communications | We only use e-mail and other means, and we do not offer phone support.\n"
        "The desk is open.\nWe do not offer phone support.",
        id="b", title="Service Terms", path=("Support",),
    )  # fmt: skip
    assert await text("Is there phone support?", both) == "We do not offer phone support. [1]"


async def test_initials_in_the_name_of_a_party_count_for_nothing() -> None:
    contract = passage(
        "Confidential information means services of AG Projects. Confidential information must not be copied.",
        id="ag", title="AGProjects-NDA", path=(),
    )  # fmt: skip
    assert await text("May AG Projects' confidential documents be copied?", contract) == (
        "Confidential information must not be copied. [1]"
    )


BRIBERY = passage(
    "The code establishes rules for records: never pay anyone in order to secure an advantage for Acme or Globex.",
    id="bribery", title="Anti-Bribery Statement", path=("Rules",), label=None,
)  # fmt: skip
INSULTS = passage(
    "Don't post what hurts other people. Context is taken into account.\nThe desk opens at noon.",
    id="insults", title="Acme Insults and Abuse", path=(), label=None,
)  # fmt: skip
LOGIN = passage(
    "A login may only be used by one person and not be shared.\n"
    "A paid plan provides as many Personal Accounts as it allows.",
    id="login", title="Account Terms", path=("Accounts",), label=None,
)  # fmt: skip
BILLS = passage(
    "There will be no refunds for months unused with a paid bill; the service remains active until they end.\n"
    "If you fail to pay a bill on time, we may charge interest.",
    id="bills", title="Payment Terms", path=("Billing; No Refunds",), label=None,
)  # fmt: skip
PRIVATE = passage(
    "Users in some regions have public vaults, which are read-only vaults.\n"
    "Developer must not read private vaults of others.\n"
    "Acme personnel may only access your private vaults with consent.",
    id="private", title="Acme Terms", path=("Vaults",), label=None,
)  # fmt: skip
RETAINED = passage(
    "We retain your personal data as long as your account is active and as needed to settle disputes.",
    id="retained", title="Privacy", path=("Retention",), label=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "source", "expected"),
    [
        pytest.param("Who founded Globex?", BRIBERY, None, id="nobody is said to have founded it"),
        pytest.param("What counts as an insult?", INSULTS, "Don't post what hurts other people. [1]",
                     id="what the title names is spoken of below it"),
        pytest.param("What counts as theft?", INSULTS, None, id="another title"),
        pytest.param("Can two people share one account?", LOGIN,
                     "A login may only be used by one person and not be shared. [1]", id="personal is no person"),
        pytest.param("What's the refund policy?", BILLS,
                     "There will be no refunds for months unused with a paid bill; the service remains active until "
                     "they end. [1]", id="a contraction is no subject"),
        pytest.param("What happens if I don't pay my bill?", BILLS,
                     "If you fail to pay a bill on time, we may charge interest. [1]", id="not paying"),
        pytest.param("Does Acme read private vaults?", PRIVATE,
                     "Acme personnel may only access your private vaults with consent. [1]", id="who is asked about"),
        pytest.param("How old must I be to have a login?",
                     passage("You must be age 13 or older for a login. The old desk has 2 drawers.", id="age",
                             title="Account Terms", path=()),
                     "You must be age 13 or older for a login. [1]", id="an age"),
        pytest.param("Does Acme sell cars?",
                     passage("Acme pays for child care and takes care of sales staff.", id="care", title="Acme Report",
                             path=()), None, id="care is no car"),
        pytest.param("What's the cookie policy?",
                     passage("Owner | Name | Use | Time\nGlobex | WR | This cookie is used to count visits | One year",
                             id="rows", title="Acme Cookies", path=("Cookies",)), None, id="a row of something else"),
        pytest.param("What is WR?",
                     passage("Owner | Name | Use | Time\nGlobex | WR | This cookie is used to count visits | One year",
                             id="rows", title="Acme Cookies", path=("Cookies",)),
                     "Owner: Globex; Name: WR; Use: This cookie is used to count visits; Time: One year [1] [2]",
                     id="a row of what is asked"),
        pytest.param("Can I share my password?",
                     passage("- Asking others to share their password\n- Selling drugs", id="i", title="Terms"), None,
                     id="an item of which nobody can tell whether it is allowed"),
        pytest.param("What is confidential information under the Acme NDA?",
                     passage("The return of papers marked as confidential information takes 3 days. In all parts "
                             "of this agreement confidential information includes papers.", id="c",
                             title="Acme NDA", path=()),
                     "In all parts of this agreement confidential information includes papers. [1]", id="a definition"),
        pytest.param("What happens if I violate these terms?",
                     passage("We process violations of these terms as others do. "
                             "Accounts in violation of these terms will be terminated.", id="v", title="Terms"),
                     "Accounts in violation of these terms will be terminated. [1]", id="a consequence"),
        pytest.param("How long do you keep my personal data after I close my account?", RETAINED,
                     f"{RETAINED.text} [1]", id="as long as says until when"),
    ],
)  # fmt: skip
async def test_a_newcomer_finds(question: str, source: Passage, expected: str | None) -> None:
    assert await text(question, source) == expected


async def test_a_name_written_small_beside_its_contract_points_to_it() -> None:
    said = "A court may order disclosure, and notice of the order is given within {} days."
    contracts = [
        passage(said.format(days), id=name, title=f"{name}-mutual-nda", path=())
        for name, days in (("web", 3), ("tb", 9))
    ]
    question = "What notice is given where a court orders disclosure under the {} NDA?"
    assert await text(question.format("tb"), *contracts) == f"{said.format(9)} [1]"
    assert await text(question.format("initech"), *contracts) is None
