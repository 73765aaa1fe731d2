"""Translated claims, true and false side by side: what stands in the documents, and what is said of it.

A row is (name, what becomes of it, the translation). "translated" and "original" stand; the rest are verdicts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Translated:
    name: str
    expected: str
    source: str
    text: str


def _of(source: str, *rows: tuple[str, str, str]) -> tuple[Translated, ...]:
    return tuple(Translated(name, expected, source, text) for name, expected, text in rows)


CASES = (
    *_of(
        "Hotels cost at most 1,234.50 EUR a night.",
        ("de: number as written there", "translated", "Hotels kosten höchstens 1.234,50 EUR pro Nacht."),
        ("de: number as written in English", "wrong number", "Hotels kosten höchstens 1,234 EUR pro Nacht."),
        ("de: another number", "wrong number", "Hotels kosten höchstens 1.234,60 EUR pro Nacht."),
        ("de: decimal and group exchanged", "wrong number", "Hotels kosten höchstens 123.450 EUR pro Nacht."),
        ("de: another currency", "wrong number", "Hotels kosten höchstens 1.234,50 USD pro Nacht."),
        ("de: upper bound turned", "reversed", "Hotels kosten mindestens 1.234,50 EUR pro Nacht."),
        ("de: upper bound left out", "reversed", "Hotels kosten pro Nacht immer 1.234,50 EUR."),
        ("de: number left out", "wrong number", "Hotels haben pro Nacht einen Preis, der höchstens gilt."),
        ("fr: blank between thousands", "translated", "Les hôtels coûtent au plus 1 234,50 EUR par nuit."),
        ("fr: another number", "wrong number", "Les hôtels coûtent au plus 1 324,50 EUR par nuit."),
        ("es: as written there", "translated", "Los hoteles cuestan como máximo 1.234,50 euros por noche."),
        ("es: lower bound", "reversed", "Los hoteles cuestan como mínimo 1.234,50 euros por noche."),
        ("it: as written there", "translated", "Gli hotel costano al massimo 1.234,50 euro a notte."),
        ("pt: as written there", "translated", "Os hotéis custam no máximo 1.234,50 euros por noite."),
        ("nl: as written there", "translated", "Hotels kosten per nacht hoogstens 1.234,50 euro."),
        ("pl: not covered", "original", "Hotele kosztują najwyżej 1234,50 EUR za noc."),
        ("ja: not covered", "original", "ホテルは1泊あたり最大1,234.50ユーロです。"),
        ("en: no translation at all", "supported", "A hotel costs at most 1,234.50 EUR a night."),
        ("en: no translation, and false", "wrong number", "A hotel costs at most 1,334.50 EUR a night."),
    ),
    *_of(
        "Employees must not accept gifts from suppliers.",
        ("de: prohibition", "translated", "Mitarbeiter dürfen keine Geschenke von Lieferanten annehmen."),
        ("de: prohibition as a participle", "translated",
         "Mitarbeitern ist es verboten, Geschenke von Lieferanten anzunehmen."),
        ("de: negation dropped", "reversed", "Mitarbeiter dürfen Geschenke von Lieferanten annehmen."),
        ("de: exemption", "reversed", "Mitarbeiter müssen keine Geschenke von Lieferanten annehmen."),
        ("de: another party", "unsupported", "Mitarbeiter dürfen keine Geschenke von Kunden annehmen."),
        ("de: exception invented", "reversed",
         "Mitarbeiter dürfen nur mit Quittung Geschenke von Lieferanten annehmen."),
        ("de: permission with a denied rest", "reversed",
         "Mitarbeiter dürfen Geschenke von Lieferanten annehmen, nicht aber Bargeld."),
        ("de: denied twice", "reversed",
         "Mitarbeiter dürfen niemals keine Geschenke von Lieferanten annehmen."),
        ("fr: prohibition", "translated", "Les employés ne doivent pas accepter de cadeaux des fournisseurs."),
        ("fr: prohibition with pouvoir", "translated",
         "Les salariés ne peuvent pas accepter de cadeaux de fournisseurs."),
        ("fr: negation dropped", "reversed", "Les employés doivent accepter les cadeaux des fournisseurs."),
        ("fr: exemption", "reversed",
         "Les employés ne sont pas tenus d'accepter les cadeaux des fournisseurs."),
        ("es: prohibition", "translated", "Los empleados no deben aceptar regalos de los proveedores."),
        ("es: negation dropped", "reversed", "Los empleados pueden aceptar regalos de los proveedores."),
        ("es: another party", "unsupported", "Los empleados no deben aceptar regalos de los auditores."),
        ("it: prohibition", "translated", "I dipendenti non devono accettare regali dai fornitori."),
        ("it: negation dropped", "reversed", "I dipendenti devono accettare i regali dei fornitori."),
        ("pt: prohibition", "translated", "Os funcionários não devem aceitar presentes dos fornecedores."),
        ("pt: negation dropped", "reversed", "Os funcionários podem aceitar presentes dos fornecedores."),
        ("nl: prohibition", "translated", "Werknemers mogen geen geschenken van leveranciers aannemen."),
        ("nl: negation dropped", "reversed", "Werknemers mogen geschenken van leveranciers aannemen."),
    ),
    *_of(
        "Globex must notify Acme Housing of a breach within 72 hours.",
        ("de: names kept", "translated",
         "Globex muss Acme Housing innerhalb von 72 Stunden über eine Verletzung informieren."),
        ("de: name swapped", "unsupported",
         "Initech muss Acme Housing innerhalb von 72 Stunden über eine Verletzung informieren."),
        ("de: other name swapped", "unsupported",
         "Globex muss Umbrella innerhalb von 72 Stunden über eine Verletzung informieren."),
        ("de: days for hours", "wrong number",
         "Globex muss Acme Housing innerhalb von 72 Tagen über eine Verletzung informieren."),
        ("de: number in words", "translated",
         "Globex muss Acme Housing innerhalb von zweiundsiebzig Stunden über eine Verletzung informieren."),
        ("de: other number in words", "wrong number",
         "Globex muss Acme Housing innerhalb von siebenundzwanzig Stunden über eine Verletzung "
         "informieren."),
        ("de: permission for a duty", "reversed",
         "Globex kann Acme Housing innerhalb von 72 Stunden über eine Verletzung informieren."),
        ("fr: names kept", "translated",
         "Globex doit informer Acme Housing d'une violation dans les 72 heures."),
        ("fr: name added", "unsupported",
         "Globex doit informer Acme Housing et Initech d'une violation dans les 72 heures."),
        ("fr: number in words", "translated",
         "Globex doit informer Acme Housing d'une violation dans les soixante-douze heures."),
        ("es: names kept", "translated",
         "Globex debe notificar a Acme Housing una infracción dentro de las 72 horas."),
        ("nl: names kept", "translated", "Globex moet een inbreuk binnen 72 uur aan Acme Housing melden."),
        ("nl: name swapped", "unsupported", "Initech moet een inbreuk binnen 72 uur aan Acme Housing melden."),
        ("de: a link", "unsupported",
         "Globex muss Acme Housing innerhalb von 72 Stunden über eine Verletzung informieren: "
         "evil.example.com"),
    ),
    *_of(
        "Invoices above EUR 10,000 must be approved by the Finance Director before 31 December 2025.",
        ("de: date and thousands", "translated",
         "Rechnungen über 10.000 EUR müssen vor dem 31. Dezember 2025 vom Finanzdirektor genehmigt "
         "werden."),
        ("de: date in figures", "translated",
         "Rechnungen über 10.000 EUR müssen vor dem 31.12.2025 vom Direktor genehmigt werden."),
        ("de: another day", "wrong number",
         "Rechnungen über 10.000 EUR müssen vor dem 30. Dezember 2025 vom Direktor genehmigt werden."),
        ("de: another month", "wrong number",
         "Rechnungen über 10.000 EUR müssen vor dem 31. Oktober 2025 vom Direktor genehmigt werden."),
        ("de: another year", "wrong number",
         "Rechnungen über 10.000 EUR müssen vor dem 31. Dezember 2026 vom Direktor genehmigt werden."),
        ("de: ten for ten thousand", "wrong number",
         "Rechnungen über 10,000 EUR müssen vor dem 31. Dezember 2025 vom Direktor genehmigt werden."),
        ("de: below for above", "reversed",
         "Rechnungen unter 10.000 EUR müssen vor dem 31. Dezember 2025 vom Direktor genehmigt werden."),
        ("fr: date", "translated",
         "Les factures de plus de 10 000 EUR doivent être approuvées par le directeur financier "
         "avant le 31 décembre 2025."),
        ("es: date", "translated",
         "Las facturas de más de 10.000 euros deben ser aprobadas por el director financiero antes "
         "del 31 de diciembre de 2025."),
        ("pt: date", "translated",
         "As faturas acima de 10.000 euros devem ser aprovadas pelo diretor financeiro antes de 31 "
         "de dezembro de 2025."),
        ("it: another date", "wrong number",
         "Le fatture superiori a 10.000 euro devono essere approvate dal direttore finanziario "
         "prima del 30 dicembre 2025."),
    ),
    *_of(
        "As set out in Section 4.2, interest of 2.5% is due only if payment is 30 days late.",
        ("de: section and condition", "translated",
         "Wie in Abschnitt 4.2 festgelegt, sind Zinsen von 2,5 % nur fällig, wenn die Zahlung 30 "
         "Tage zu spät kommt."),
        ("de: percent as a word", "translated",
         "Nach Abschnitt 4.2 sind Zinsen von 2,5 Prozent nur fällig, wenn die Zahlung 30 Tage zu "
         "spät kommt."),
        ("de: another section", "misattributed",
         "Wie in Abschnitt 5.2 festgelegt, sind Zinsen von 2,5 % nur fällig, wenn die Zahlung 30 "
         "Tage zu spät kommt."),
        ("de: condition left out", "reversed",
         "Wie in Abschnitt 4.2 festgelegt, sind Zinsen von 2,5 % fällig, wenn die Zahlung 30 Tage "
         "zu spät kommt."),
        ("de: another percentage", "wrong number",
         "Wie in Abschnitt 4.2 festgelegt, sind Zinsen von 25 % nur fällig, wenn die Zahlung 30 "
         "Tage zu spät kommt."),
        ("es: section and condition", "translated",
         "Según la sección 4.2, los intereses del 2,5 % solo son exigibles si el pago se retrasa 30 días."),
    ),
    *_of(
        "Net revenue was $6.5 billion in 2019.",
        ("de: billion", "translated", "Der Nettoumsatz betrug im Jahr 2019 6,5 Milliarden US-Dollar."),
        ("de: a false friend", "wrong number", "Der Nettoumsatz betrug im Jahr 2019 6,5 Billionen US-Dollar."),
        ("de: million", "wrong number", "Der Nettoumsatz betrug im Jahr 2019 6,5 Millionen US-Dollar."),
        ("de: twice as much", "unsupported",
         "Der Nettoumsatz betrug im Jahr 2019 das Doppelte von 6,5 Milliarden US-Dollar."),
        ("de: below zero", "wrong number", "Der Nettoumsatz betrug im Jahr 2019 -6,5 Milliarden US-Dollar."),
        ("fr: billion", "translated", "Le chiffre d'affaires net était de 6,5 milliards de dollars en 2019."),
        ("fr: a false friend", "wrong number",
         "Le chiffre d'affaires net était de 6,5 billions de dollars en 2019."),
        ("es: billion", "translated", "Los ingresos netos fueron de 6,5 mil millones de dólares en 2019."),
        ("de: much is added", "wrong number",
         "Der Nettoumsatz betrug im Jahr 2019 6,5 Milliarden US-Dollar, und die Gesellschaft sowie "
         "alle ihre Töchter haben im selben Jahr auch die Schulden bezahlt."),
        ("de: a sentence is added", "unsupported",
         "Der Nettoumsatz betrug im Jahr 2019 6,5 Milliarden US-Dollar. Alle sind zufrieden."),
    ),
    *_of(
        "Die Kündigungsfrist beträgt drei Monate, und eine Kündigung ist nur schriftlich wirksam.",
        ("from German", "translated",
         "The notice period is three months, and a notice is effective only in writing."),
        ("from German: another number", "wrong number",
         "The notice period is six months, and a notice is effective only in writing."),
        ("from German: condition left out", "reversed",
         "The notice period is three months, and a notice is effective in writing."),
        ("from German to French", "translated",
         "Le délai de préavis est de trois mois, et la résiliation n'est valable que par écrit."),
        ("in German", "supported", "Die Kündigungsfrist beträgt drei Monate."),
        ("in German: another number", "wrong number", "Die Kündigungsfrist beträgt vier Monate."),
        ("in German: another unit", "wrong number", "Die Kündigungsfrist beträgt drei Wochen."),
    ),
)  # fmt: skip
