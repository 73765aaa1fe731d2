"""Who does what: told from where words stand, and what a question about it wants."""

from __future__ import annotations

import pytest

from retrieval.generate.actions import (
    acts,
    asks_what_follows,
    deed,
    forbids_or_defines,
    is_past,
    of_another,
    says_what_follows,
    says_who,
    undone,
)
from retrieval.text.words import stem

ACME = (("acme",),)


@pytest.mark.parametrize(
    ("question", "verb", "past"),
    [
        ("Who founded Acme?", "founded", True),
        ("Who bought Acme?", "bought", True),
        ("Who reviews an appeal?", "reviews", False),
        ("Who actually pays the rent?", "pays", False),
        ("Consider the lease; who pays the rent?", "pays", False),
        ("Who is liable?", "", False),
        ("Who may see it?", "", False),
        ("People who founded Acme are rich, why?", "", False),
        ("May a tenant, who paid the rent, stay?", "", False),
    ],
)
def test_who_does_something(question: str, verb: str, past: bool) -> None:
    assert deed(question) == (stem(verb) if verb else "")
    if verb:
        assert is_past(question) is past


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("Ada Lovelace established Acme in 1990.", True, id="somebody did it"),
        pytest.param("Acme was established in 1990 by Ada Lovelace.", True, id="it was done by somebody"),
        pytest.param("The code establishes rules for records: never pay to secure an advantage for us or for Acme.",
                     False, id="something else was done"),
        pytest.param("Acme shall establish rules of its own.", False, id="it does so itself"),
        pytest.param("The owner shall establish Acme.", False, id="it is yet to be done"),
        pytest.param("Acme was established in 1990.", False, id="by nobody that is named"),
        pytest.param("It was established by Acme.", False, id="it did it, nobody did it to it"),
        pytest.param("Established in 1990 is Acme.", False, id="nobody before the verb"),
    ],
)  # fmt: skip
def test_who_did_it(text: str, said: bool) -> None:
    assert says_who(stem("established"), [stem("acme")], text, past=True) is said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ernst LLP audits the accounts.", True),
        ("The auditor of the accounts is Ernst LLP.", True),
        ("Our audits of the accounts are a basis.", True),
        ("Our audits included evaluating the accounts.", False),
        ("Such audited accounts are kept.", False),
        ("Critical audit matters relate to the accounts.", False),
        ("They audit the accounts.", True),
        ("Ada Lovelace – Audit of the accounts.", True),
        ("The accounts are audited by Ernst LLP.", True),
        ("The accounts are kept in good order.", False),
    ],
)
def test_a_noun_is_no_deed(text: str, said: bool) -> None:
    assert says_who(stem("audits"), [stem("accounts")], text, past=False) is said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Travel abroad requires approval from Legal.", True),
        ("Travel is subject to the approval of the manager.", True),
        ("The manager must approve travel.", True),
        ("Travel must be approved by the manager.", True),
        ("Travel requires approval.", False),
        ("Travel without approval is not paid.", False),
    ],
)
def test_approvals(text: str, said: bool) -> None:
    assert says_who(stem("approves"), [stem("travel")], text, past=False) is said


@pytest.mark.parametrize(
    ("question", "follows", "left_undone"),
    [
        ("What happens if I don't pay my bill?", True, "pay"),
        ("What happens to my data when Acme fails to deliver?", True, "deliver"),
        ("What if the tenant cannot promptly pay?", True, "pay"),
        ("What happens if I lose my key?", True, ""),
        ("What happens to my account after I die?", False, ""),
        ("Who pays if I don't?", False, ""),
    ],
)
def test_what_happens_if(question: str, follows: bool, left_undone: str) -> None:
    assert asks_what_follows(question) is follows
    assert undone(question) == (stem(left_undone) if left_undone else "")


@pytest.mark.parametrize(
    ("text", "verb", "said"),
    [
        ("If you fail to pay on time, we may charge interest.", "pay", True),
        ("Unpaid rent: when you pay late, interest is due.", "pay", True),
        ("Where the customer doesn't pay, service ends.", "pay", True),
        ("There are no refunds, and the service goes on until the paid period ends.", "pay", False),
        ("If you wish, you may pay in advance.", "pay", False),
        ("If the key is lost, call the desk.", "", True),
        ("Keys are made of brass.", "", False),
    ],
)
def test_what_follows(text: str, verb: str, said: bool) -> None:
    assert says_what_follows(stem(verb) if verb else "", text) is said


@pytest.mark.parametrize(
    ("text", "another"),
    [
        ("Developer must not sell data.", True),
        ("The Sponsored Developer may sell data.", True),
        ("Acme may sell data.", False),
        ("We will sell data.", False),
        ("I agree that Acme may sell data.", False),
        ("Data is sold by Acme.", False),
    ],
)
def test_duties_of_somebody_else(text: str, another: bool) -> None:
    assert of_another(ACME, text) is another


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("Acme personnel may only access the vault.", True),
        ("We do not access the vault.", True),
        ("Acme publishes our access to the vault.", False),
        ("Users access the vault at Acme.", False),
        ("Acme has a vault in the basement of the old house, and it may access that.", False),
    ],
)
def test_what_it_does_itself(text: str, does: bool) -> None:
    assert acts(ACME, stem("read"), text) is does


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("Don’t post what is private.", True),
        ("Spam is any bulk message.", True),
        ("We do not tolerate insults.", True),
        ("The desk opens at noon.", False),
    ],
)
def test_statements_that_forbid_or_define(text: str, does: bool) -> None:
    assert forbids_or_defines(text) is does
