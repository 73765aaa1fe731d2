"""True claims, falsified in one place each: the gate must notice. Prints the share caught of each kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from retrieval.types import Claim, Draft, ModelUse, Passage, Quote, VerdictClass
from retrieval.verify import verify
from tests.retrieval.gate.build import passage

SENTENCES = (
    "Employees may carry over at most 5 days of leave into the first 3 months of the next year.",
    "The Supplier shall notify Globex of a breach within 72 hours, and shall not charge more than 2.5% of the fee.",
    "Invoices above EUR 10,000 must be approved by the Finance Director before 31 December 2025.",
    "The Receiving Party shall not disclose Confidential Information for a period of three (3) years.",
    "Total net revenues were $6,489 million in 2019 and $7,500 million in 2018.",
    "As set out in Section 4.2, visitors should not enter the laboratory unless a guide is present.",
    "The Lessee must pay a deposit of CHF 1,200 to Acme Housing no later than 14 days after signing.",
    "Interest accrues at 50 basis points a month; it may never exceed 12 per cent a year.",
    "Contractors are not required to attend the training of 6 March 2026.",
    "Personal data may be kept for 24 months, but must be deleted on request.",
    "Either party can terminate this Agreement with 90 days' notice to the other party.",
    "Gifts worth more than 50 EUR are prohibited; smaller gifts need no approval.",
)
PARTIES = {
    "Employees": "Directors", "Supplier": "Auditor", "Globex": "Initech", "Finance Director": "Sales Director",
    "Receiving Party": "Disclosing Party", "Lessee": "Lessor", "Acme Housing": "Umbrella Housing",
    "Contractors": "Employees", "visitors": "directors",
}  # fmt: skip
NEGATIONS = (
    (r"\bshall not\b", "shall"), (r"\bshould not\b", "should"), (r"\bmay never\b", "may"), (r"\bare not\b", "are"),
    (r"\bmust be\b", "must not be"), (r"\bmay (?=carry|be)", "may not "), (r"\bshall notify\b", "shall not notify"),
    (r"\bcan\b", "cannot"), (r"\bmust pay\b", "need not pay"), (r" unless a guide is present", ""),
    (r"\bare prohibited\b", "are permitted"), (r"\bneed no approval\b", "need approval"), (r"\bat most\b", "at least"),
    (r"\bno later than\b", "no earlier than"),
    (r"\bmay carry\b", "must carry"), (r"\bmust be approved\b", "may be approved"),
)  # fmt: skip


def numbers(text: str) -> Iterator[str]:
    for match in re.finditer(r"\d", text):
        for digit in "0123456789":
            if digit != match.group() and not (digit == "0" and text[match.start() - 1] in " (R"):
                yield text[: match.start()] + digit + text[match.end() :]
    for old, new in (
        ("EUR", "USD"),
        ("$", "£"),
        ("%", " EUR"),
        ("million", "billion"),
        ("days", "weeks"),
        ("hours", "days"),
    ):
        if old in text:
            yield text.replace(old, new, 1)


def quotes(text: str) -> Iterator[str]:
    tokens = text.split()
    for at in range(len(tokens)):
        yield " ".join([*tokens[:at], "entirely", *tokens[at:]])
        if 0 < at < len(tokens) - 1:
            yield " ".join([*tokens[:at], *tokens[at + 1 :]])
            yield " ".join([*tokens[:at], "otherwise", *tokens[at + 1 :]])


def polarity(text: str) -> Iterator[str]:
    yield from (re.sub(old, new, text) for old, new in NEGATIONS if re.search(old, text))


def parties(text: str) -> Iterator[str]:
    yield from (text.replace(old, new) for old, new in PARTIES.items() if old in text)


def sections(text: str) -> Iterator[str]:
    for label in ("4.3", "5.2", "4.2(c)", "14.2", "9"):
        yield f"Section {label}: {text}"


def supported(claim: str, quote: str, source: Passage) -> bool:
    verified = verify(Draft((Claim(claim, (Quote("p1", quote),)),), ModelUse("test")), [source])
    return verified.verdicts[0].verdict is VerdictClass.SUPPORTED


Mutate = Callable[[str], Iterator[str]]


@pytest.mark.parametrize(
    ("name", "mutate", "in_quote", "least"),
    [
        ("numbers", numbers, False, 1.0),
        ("quotes", quotes, True, 1.0),
        ("negations", polarity, False, 1.0),
        ("parties", parties, False, 1.0),
        ("sections", sections, False, 1.0),
    ],
)
def test_the_share_of_false_claims_that_is_caught(
    name: str, mutate: Mutate, in_quote: bool, least: float, record_property: Callable[[str, object], None]
) -> None:
    caught, missed = 0, []
    for text in SENTENCES:
        source = passage(f"Here are the rules. {text} That is all.")
        for false in mutate(text):
            if supported(text if in_quote else false, false if in_quote else text, source):
                missed.append(false)
            else:
                caught += 1
    share = caught / (caught + len(missed))
    record_property(f"caught_{name}", share)
    print(f"{name}: {caught} of {caught + len(missed)} false claims caught ({share:.3f})")  # noqa: T201
    assert share >= least, missed


@pytest.mark.parametrize("text", SENTENCES)
def test_the_true_claims_stand(text: str) -> None:
    assert supported(text, text, passage(f"Here are the rules. {text} That is all."))
