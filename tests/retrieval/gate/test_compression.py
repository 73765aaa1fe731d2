"""Sentences over one unit: what may stand as worded, and what is replaced by its quote. Prints the gate's error."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bench.claims import OWN, passes
from retrieval.gate.compression import stands
from retrieval.gate.worded import check
from retrieval.units import read
from retrieval.verdicts import VerdictClass
from tests.retrieval.gate.build import passage, unit

INSURER = "The Captive Insurer shall indemnify the Lead Underwriter for covered losses within 45 days of proof of loss."
PAIRS = "Net sales in 2023 and 2022 were $41.2 million and $38.9 million, respectively."
DELETED = 'Clause 9.2 ("The Supplier may subcontract the Services") is deleted and replaced by Schedule 4.'
REMOVED = "The following sentence is deleted from Section 3: The Customer shall pay interest of 8 %."
CARVED = "Confidential Information (other than Excluded Information) must be returned within 10 business days."
PERSONAL = "Die Firma darf die Daten nicht an Dritte weitergeben."
LATE = "Claims are made no later than two years after the event."
UNDER = "Subject to clause 14, the Tenant may sublet the Premises with the prior consent of the Landlord."

HARD = [
    ("an adjective of a defined term", INSURER, "The Insurer shall indemnify the Lead Underwriter."),
    ("an adjective of another one", INSURER, "The Captive Insurer shall indemnify the Underwriter."),
    ("the head of a defined term", INSURER, "The Captive shall indemnify the Lead Underwriter."),
    ("respectively", PAIRS, "Net sales in 2023 were $38.9 million."),
    ("a clause that is quoted as deleted", DELETED, "The Supplier may subcontract the Services."),
    ("a sentence that is deleted", REMOVED, "The Customer shall pay interest of 8 %."),
    ("an exception by definition", CARVED, "Confidential Information must be returned within 10 business days."),
    ("an exception in another clause", UNDER, "The Tenant may sublet the Premises."),
    ("a unit of time", "It must be returned within 10 business days.", "It must be returned within 10 days."),
    ("you may not, out of a list", "You may not:\n(a) sell the Software;\n(b) rent it.", "You may sell the Software."),
    ("exchanged parties", "The Buyer pays the Seller in May.", "The Seller pays the Buyer in May."),
    ("exchanged order", "X notifies Y before Z acts.", "Z acts before X notifies Y."),
    ("a governor", "The parent of the Supplier guarantees payment.", "The Supplier guarantees payment."),
    ("an owner", "The Supplier's insurer pays the loss.", "The Supplier pays the loss."),
    ("a failure", "A manager who fails to report loses the bonus.", "A manager loses the bonus."),
    ("an alternative", "The fee is paid monthly or yearly.", "The fee is paid monthly."),
    ("an alternative number", "There are three or fewer members.", "There are three members."),
    ("another conjunct's predicate", "Gifts are reported, and invitations are approved.", "Gifts are approved."),
    ("a gapped verb", "Ulm is responsible for payroll and Bonn for audits.", "Ulm is responsible for audits."),
    ("a modifier under a negation", "No temporary employee may trade.", "No employee may trade."),
    ("a modifier under all", "Every related-party deal must be approved.", "Every deal must be approved."),
    ("a part of an amount", "It took 2 hours and 55 seconds.", "It took 55 seconds."),
    ("a bound", LATE, "Claims are made two years after the event."),
    ("who speaks", "You may make one copy.", "We may make one copy."),
    ("a title", 'It appeared in "War and Peace" in 1869.', 'It appeared in "War" in 1869.'),
    ("a condition in front", "If the buyer agrees, the price is fixed.", "The price is fixed."),
    ("an exception behind", "The price is fixed unless costs rise.", "The price is fixed."),
    ("an exception in a sentence behind", "The price is fixed. However, costs may be added.", "The price is fixed."),
    ("a duty made of a right", "Either party may terminate.", "Either party must terminate."),
    ("a word of its own", "Hotels cost 180 EUR.", "Luxury hotels cost 180 EUR."),
    ("yes", "Hotels cost 180 EUR.", "Yes. Hotels cost 180 EUR."),
    ("de", PERSONAL, "Die Firma darf die Daten an Dritte weitergeben."),
    ("de: a condition", "Der Preis gilt, sofern der Kunde zustimmt.", "Der Preis gilt."),
    ("fr", "Le fournisseur ne peut pas céder le contrat.", "Le fournisseur peut céder le contrat."),
    ("fr: a condition", "Le prix est fixe, sauf si les coûts augmentent.", "Le prix est fixe."),
    ("es", "El proveedor no puede ceder el contrato.", "El proveedor puede ceder el contrato."),
    ("es: a condition", "El precio es fijo, salvo que suban los costes.", "El precio es fijo."),
    ("it", "Il fornitore non può cedere il contratto.", "Il fornitore può cedere il contratto."),
    ("it: a condition", "Il prezzo è fisso, salvo aumento dei costi.", "Il prezzo è fisso."),
    ("pt", "O fornecedor não pode ceder o contrato.", "O fornecedor pode ceder o contrato."),
    ("pt: a condition", "O preço é fixo, salvo aumento dos custos.", "O preço é fixo."),
    ("nl", "De leverancier mag het contract niet overdragen.", "De leverancier mag het contract overdragen."),
    ("nl: a condition", "De prijs ligt vast, tenzij de kosten stijgen.", "De prijs ligt vast."),
]  # fmt: skip
TRUE = [
    ("less", INSURER, "The Captive Insurer shall indemnify the Lead Underwriter within 45 days of proof of loss."),
    ("another word for a duty", INSURER, "The Captive Insurer must indemnify the Lead Underwriter for covered losses."),
    ("a phrase in front", "Upon request, Provider gives a copy.", "Provider gives a copy upon request."),
    ("a phrase behind", "Provider gives a copy upon request.", "Upon request, Provider gives a copy."),
    ("a condition in front", "The price is fixed if the buyer agrees.", "If the buyer agrees, the price is fixed."),
    ("figures for words", "It ends after thirty (30) days.", "It ends after 30 days."),
    ("a number as a word", "The response takes ten business days.", "The response takes 10 business days."),
    ("one of two", "Gifts are reported, and invitations are approved.", "Gifts are reported."),
    ("the other of two", "Gifts are reported, and invitations are approved.", "Invitations are approved."),
    ("a right to one of several", "You may copy, print or share it.", "You may print it."),
    ("a short form", "The Supplier does not pay.", "The Supplier doesn't pay."),
    ("de", PERSONAL, "Die Firma darf Daten nicht an Dritte weitergeben."),
    ("fr", "Le fournisseur notifie le client par écrit.", "Le fournisseur notifie le client par écrit."),
    ("es", "El proveedor notifica al cliente por escrito y paga.", "El proveedor notifica al cliente por escrito."),
    ("it", "Il fornitore informa il cliente per iscritto e paga.", "Il fornitore informa il cliente per iscritto."),
    ("pt", "O fornecedor informa o cliente por escrito e paga.", "O fornecedor informa o cliente por escrito."),
    ("nl", "De leverancier informeert de klant en betaalt.", "De leverancier informeert de klant."),
]  # fmt: skip


@pytest.mark.parametrize(("quote", "text"), [pytest.param(q, t, id=name) for name, q, t in HARD])
def test_what_says_something_else_is_replaced(quote: str, text: str) -> None:
    assert stands(quote, quote) is None
    assert all(check(text, found) is not None for found in read(quote))


@pytest.mark.parametrize(("quote", "text"), [pytest.param(q, t, id=name) for name, q, t in TRUE])
def test_what_says_less_of_the_same_stands(quote: str, text: str) -> None:
    assert stands(text, quote) is None


def test_an_exception_that_stands_elsewhere_is_not_seen() -> None:
    """What the gate cannot know: it reads one unit. A condition that names another clause is seen, no definition is."""
    assert stands("The Tenant may sublet the Premises.", "The Tenant may sublet the Premises.") is None


TABLE = "Grade | Hotel | Flight\nManager | 180 EUR | 900 EUR\nVice president | 250 EUR | 1,500 EUR\n"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Vice president: Hotel 250 EUR", None),
        ("The hotel for a vice president is 250 EUR.", None),
        ("A vice president has 250 EUR for the hotel", None),
        ("Vice president: Hotel 250 EUR; Flight 1,500 EUR", None),
        ("Vice president: Hotel 1,500 EUR", VerdictClass.SPLICED),
        ("Vice president: Flight 250 EUR", VerdictClass.SPLICED),
        ("Vice president: Hotel 1,500 EUR; Flight 250 EUR", VerdictClass.SPLICED),
        ("President: Hotel 250 EUR", VerdictClass.UNSUPPORTED),
        ("Vice president: Hotel 250", VerdictClass.SPLICED),
        ("Vice president: Hotel 180 EUR", VerdictClass.SPLICED),
        ("Hotel 250 EUR", VerdictClass.UNSUPPORTED),
        ("Vice president: 250 EUR", VerdictClass.SPLICED),
        ("Vice president: Hotel 250 EUR or 180 EUR", VerdictClass.SPLICED),
        ("Vice president: no Hotel 250 EUR", VerdictClass.SPLICED),
    ],
)
def test_a_row_is_named_with_its_columns(text: str, verdict: VerdictClass | None) -> None:
    problem = check(text, unit(TABLE))
    assert (problem.verdict if problem else None) is verdict, problem


def test_the_scale_of_a_table_is_said() -> None:
    row = read("(In millions)\n | 2023 | 2022\nRevenue | 41 | 38\nCosts | 3 | 4")[0]
    assert check("Revenue; 2023: 41 (in millions)", row) is None
    assert check("Revenue; 2023: 41", row) is not None


def test_the_error_of_the_gate(record_property: Callable[[str, object], None]) -> None:
    """On claims that were written for this: what passes falsely, and what is kept of the true ones."""
    lines = [json.loads(line) for line in OWN.read_text("utf-8").splitlines()]
    for half, most, least in (("tune", 0.02, 0.6), ("report", 0.06, 0.4)):
        claims = [line for line in lines if line["split"] == half]
        stood: dict[bool, list[bool]] = {True: [], False: []}
        for line in claims:
            stood[line["label"] == "supported"].append(passes(line["claim"], line["evidence"]))
        false, true = (sum(stood[kind]) / len(stood[kind]) for kind in (False, True))
        record_property(f"false_passed_{half}", false)
        record_property(f"true_kept_{half}", true)
        assert false <= most and true >= least, (half, false, true)


@pytest.mark.parametrize("text", ["", ".", "the", "not", "and or", "🙂", "“”", "((((", "1" * 5000, "a " * 2000])
def test_anything_can_be_judged(text: str) -> None:
    (found,) = passage("The fee is (30) EUR, “payable” to A; B: C.").units[:1]
    check(text, found)
