"""Claims in another language than their quotes: what stands, what falls, and what gives way to the original."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from retrieval.gate.language.detect import LANGUAGES, language_of
from retrieval.gate.language.figures import in_english
from retrieval.types import Claim, Draft, ModelUse, Quote, Verdict, VerdictClass, Verified, Wording
from retrieval.verify import verify
from tests.retrieval.gate.build import passage
from tests.retrieval.gate.cases_translations import CASES, Translated
from tests.retrieval.gate.translations import MORE, TRANSLATIONS

STANDS = {"translated": Wording.TRANSLATED, "original": Wording.ORIGINAL, "supported": Wording.ONE_LANGUAGE}


def judged(source: str, text: str, *, originals: bool = False, german: bool = False) -> Verified:
    claim = Claim(text, (Quote("p1", source),), source_text="" if german else source)
    around = f"Here are the rules of the company. {source} That is all there is."
    return verify(Draft((claim,), ModelUse("test")), [passage(around)], originals=originals)


def verdict(verified: Verified) -> Verdict:
    (found,) = verified.verdicts
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_the_gate_says(case: Translated) -> None:
    verified = judged(case.source, case.text)
    found = verdict(verified)
    if case.expected not in STANDS:
        assert found.verdict == case.expected, found.reason
        assert (verified.answer, bool(found.reason)) == (None, True)
        return
    assert found.verdict is VerdictClass.SUPPORTED, found.reason
    assert verified.answer is not None
    (statement,) = verified.answer.statements
    assert statement.wording is STANDS[case.expected]
    assert statement.text == (case.source if case.expected == "original" else case.text)
    assert statement.source_text == (case.source if case.expected == "translated" else "")
    assert ("(translated)" in verified.answer.text) is (case.expected == "translated")
    assert verified.answer.citations[0].quote == case.source  # the quote is never a translation


def test_the_table_has_both_sides_in_every_language() -> None:
    assert len({c.name for c in CASES}) == len(CASES) >= 70
    for code in LANGUAGES:
        mine = [c for c in CASES if c.name.startswith(f"{code}: ")]
        assert any(c.expected == "translated" for c in mine), code
        assert any(c.expected not in STANDS for c in mine), code


FALSE = [c for c in CASES if c.expected not in STANDS and language_of(c.text) != language_of(c.source)]


@pytest.mark.parametrize("case", FALSE, ids=lambda c: c.name)
def test_in_the_last_round_the_original_stands_for_a_translation_that_fails(case: Translated) -> None:
    verified = judged(case.source, case.text, originals=True)
    assert verified.answer is not None
    (statement,) = verified.answer.statements
    assert (statement.text, statement.wording) == (case.source, Wording.ORIGINAL)
    assert verdict(verified).reason


def test_what_is_translated_must_stand_on_its_quotes() -> None:
    claim = Claim(
        "Hotels kosten höchstens 280 EUR pro Nacht.",
        (Quote("p1", "Hotels cost at most 180 EUR a night."),),
        source_text="Hotels cost at most 280 EUR a night.",
    )
    source = passage("Hotels cost at most 180 EUR a night.")
    for originals in (False, True):
        verified = verify(Draft((claim,), ModelUse("test")), [source], originals=originals)
        assert (verified.answer, verdict(verified).verdict) == (None, VerdictClass.WRONG_NUMBER)


def test_a_translation_without_what_it_translates_falls() -> None:
    claim = Claim("Hotels kosten höchstens 180 EUR pro Nacht.", (Quote("p1", "Hotels cost at most 180 EUR a night."),))
    verified = verify(Draft((claim,), ModelUse("test")), [passage("Hotels cost at most 180 EUR a night.")])
    assert verdict(verified).verdict is VerdictClass.UNSUPPORTED


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("Mitarbeiter dürfen keine Geschenke annehmen.", "Mitarbeiter dürfen Geschenke annehmen.", "reversed"),
        ("Mitarbeiter dürfen keine Geschenke annehmen.",
         "Mitarbeiter dürfen keine teuren Geschenke annehmen.", "supported"),
        ("Les salariés doivent payer la facture sous 30 jours.",
         "Les salariés doivent payer la facture sous 30 mois.", "wrong number"),
        ("Les salariés doivent payer la facture.", "Les salariés ne doivent pas payer la facture.", "reversed"),
        ("El cliente puede cancelar el contrato en cualquier momento.",
         "El cliente no puede cancelar el contrato.", "reversed"),
        ("El cliente puede cancelar el contrato en cualquier momento.",
         "El cliente puede cancelar el contrato.", "supported"),
        ("Il cliente deve pagare al massimo 50 euro.", "Il cliente deve pagare almeno 50 euro.", "reversed"),
        ("O cliente deve pagar 50 euros.", "O cliente não deve pagar 50 euros.", "reversed"),
        ("De klant moet de factuur binnen 30 dagen betalen.",
         "De klant moet de factuur binnen 30 weken betalen.", "wrong number"),
    ],
)  # fmt: skip
def test_a_claim_in_the_documents_own_language_is_held_to_its_marks(source: str, text: str, expected: str) -> None:
    found = verdict(judged(source, text, german=True))
    assert found.verdict == expected, found.reason


@pytest.mark.parametrize(
    ("code", "text", "english"),
    [
        ("de", "1.234.567,89 €", "1234567.89 €"),
        ("de", "Abschnitt 4.2 vom 1. März 2026", "section 4.2 vom 1 March 2026"),
        ("de", "am 01.03.2026 um 4.2", "am 01.03.2026 um 4.2"),
        ("de", "dreißig (30) Werktage", "thirty (30) business days"),
        ("de", "ein Jahr und ein Haus", "one years und ein Haus"),
        ("de", "3 Milliarden", "3 billion"),
        ("fr", "1 234 567,8 euros le 1er mai", "1234567.8 euros le 1 May"),
        ("fr", "quatre-vingt-dix-neuf jours", "ninety-nine days"),
        ("fr", "vingt et un mois", "twenty-one months"),
        ("es", "2 de mayo de 2026, treinta y cinco años", "2 May 2026, thirty-five years"),
        ("es", "tres mil millones", "three billion"),
        ("it", "trentotto giorni", "thirty-eight days"),
        ("it", "12,5 per cento", "12.5 percent"),
        ("pt", "vinte e dois dias úteis", "twenty-two business days"),
        ("pt", "1.000,5 e 4.2", "1000.5 e 4.2"),
        ("nl", "eenentwintig dagen, 2,5 procent", "twenty-one days, 2.5 percent"),
    ],
)
def test_figures_are_read_as_written_in_the_language(code: str, text: str, english: str) -> None:
    assert in_english(text, LANGUAGES[code]) == english


@pytest.mark.parametrize(
    "text",
    [
        "Hotels cost at most 180 EUR a night.",
        "Any de minimis aid is excluded.",
        "Pro rata temporis, per annum.",
        "Total net revenues | 6,489 | 7,500",
        "Der",
        "",
        "1.234,50 EUR",
        "Tak, hotele mogą kosztować 180 euro.",
    ],
)
def test_other_texts_are_not_taken_for_a_language_that_is_covered(text: str) -> None:
    assert language_of(text) not in LANGUAGES


# --- mutations: true translations, falsified in one place ---------------------------------------------

PAIRS = (*((c.source, c.text) for c in CASES if c.expected == "translated"), *TRANSLATIONS, *MORE)
NEGATIONS = {
    "de": ((r"\bkeine?\b ?", ""), (r"\bnicht\b ?", ""), (r"\bverboten\b", "erlaubt"), (r"\bmuss\b", "muss nicht"),
           (r"\bmüssen\b", "müssen nicht"), (r"\bhöchstens\b", "mindestens"), (r"\bnur\b ?", ""), (r"\bmuss\b", "darf"),
           (r"\bmüssen\b", "können"), (r"\büber (?=\d)", "unter "), (r"\bdürfen\b", "müssen")),
    "fr": ((r"\bne (doivent|peuvent) pas\b", r"\1"), (r"\bdoit\b", "ne doit pas"), (r"\bau plus\b", "au moins"),
           (r"\bdoivent\b(?! pas)", "ne doivent pas"), (r"(?<!ne )\bdoit\b", "peut"), (r"\bplus de\b", "moins de")),
    "es": ((r"\bno deben\b", "deben"), (r"\bdebe\b", "no debe"), (r"\bcomo máximo\b", "como mínimo"),
           (r"(?<!no )\bdeben\b", "no deben"), (r"\bsolo\b ?", ""), (r"(?<!no )\bdebe\b", "puede"),
           (r"\bmás de\b", "menos de"), (r"\bno deben\b", "no tienen que")),
    "it": ((r"\bnon devono\b", "devono"), (r"\bal massimo\b", "almeno"), (r"\bnon devono\b", "non sono tenuti a")),
    "pt": ((r"\bnão devem\b", "devem"), (r"(?<!não )\bdevem\b", "não devem"), (r"\bno máximo\b", "no mínimo"),
           (r"\bacima de\b", "abaixo de"), (r"\bnão devem\b", "não precisam de")),
    "nl": ((r"\bgeen\b ?", ""), (r"\bmoet\b", "moet niet"), (r"\bhoogstens\b", "minstens"), (r"\bmoet\b", "mag"),
           (r"\bmogen geen\b", "hoeven geen")),
}  # fmt: skip
NAMES = {
    "Auftragnehmer": "Prüfer", "prestataires": "salariés", "contratistas": "clientes", "appaltatori": "fornitori",
    "prestadores": "clientes", "Opdrachtnemers": "Werknemers", "Besucher": "Mitarbeiter", "visiteurs": "salariés",
    "visitantes": "clientes", "visitatori": "dipendenti", "bezoekers": "werknemers", "Mieter": "Vermieter",
    "locataire": "bailleur", "arrendatario": "arrendador", "conduttore": "locatore", "huurder": "verhuurder",
    "Globex": "Initech", "Acme Housing": "Umbrella Housing", "Acme": "Apex",
    "Lieferanten": "Kunden", "Mitarbeiter": "Lieferanten", "Finanzdirektor": "Vorstand",
    "fournisseurs": "clients", "employés": "auditeurs", "directeur": "client",
    "proveedores": "clientes", "empleados": "auditores", "director": "cliente",
    "fornitori": "clienti", "dipendenti": "revisori", "fornecedores": "clientes", "funcionários": "auditores",
    "leveranciers": "klanten", "Werknemers": "Klanten",
}  # fmt: skip

UNITS = (
    ("EUR", "USD"), ("euros", "dollars"), ("Stunden", "Tagen"), ("heures", "jours"), ("%", "EUR"), ("horas", "días"),
    ("uur", "dagen"), ("Milliarden", "Millionen"), ("milliards", "millions"), ("mil millones", "millones"),
    ("Tage", "Wochen"), ("mois", "jours"), ("months", "weeks"),
)  # fmt: skip


def numbers(text: str) -> Iterator[str]:
    for match in re.finditer(r"\d", text):
        for digit in "0123456789":
            if digit != match.group() and not (digit == "0" and not text[match.start() - 1].isdigit()):
                yield text[: match.start()] + digit + text[match.end() :]
    for old, new in UNITS:
        if old in text:
            yield text.replace(old, new, 1)


def negations(text: str) -> Iterator[str]:
    for old, new in NEGATIONS.get(language_of(text), ()):
        if re.search(old, text):
            yield re.sub(old, new, text, count=1)


def names(text: str) -> Iterator[str]:
    yield from (text.replace(old, new) for old, new in NAMES.items() if old in text)


@pytest.mark.parametrize(
    ("name", "mutate", "least", "count"),
    [("numbers", numbers, 1.0, 4500), ("negations", negations, 1.0, 100), ("names", names, 1.0, 80)],
)
def test_the_share_of_false_translations_that_is_caught(
    name: str,
    mutate: Callable[[str], Iterator[str]],
    least: float,
    count: int,
    record_property: Callable[[str, object], None],
) -> None:
    caught, missed = 0, []
    for source, text in PAIRS:
        for false in mutate(text):
            verified = judged(source, false)
            shown = verified.answer.statements[0].text if verified.answer else ""
            if shown == false:
                missed.append(false)
            else:
                caught += 1
    share = caught / (caught + len(missed))
    record_property(f"translations_caught_{name}", share)
    print(f"{name}: {caught} of {caught + len(missed)} false translations caught ({share:.3f})")  # noqa: T201
    assert caught >= count
    assert share >= least, missed


@pytest.mark.parametrize(("name", "pairs", "least"), [("written with", TRANSLATIONS, 0.98), ("others", MORE, 0.85)])
def test_the_share_of_true_translations_that_stand(
    name: str, pairs: tuple[tuple[str, str], ...], least: float, record_property: Callable[[str, object], None]
) -> None:
    answers = [judged(source, text).answer for source, text in pairs]
    stand = [a is not None and a.statements[0].wording is Wording.TRANSLATED for a in answers]
    share = sum(stand) / len(stand)
    record_property(f"translations_stand_{name.replace(' ', '_')}", share)
    print(f"{name}: {sum(stand)} of {len(stand)} true translations stand ({share:.3f})")  # noqa: T201
    assert share >= least
