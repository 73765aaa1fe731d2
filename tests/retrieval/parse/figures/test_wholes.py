"""A list that is one sentence is known as one, whatever its language and format."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors.codec import dump, load
from retrieval.parse.formats import parse_content
from retrieval.parse.wholes import wholes
from retrieval.units import read
from tests.retrieval.parse.docx.builder import abstract, docx, lvl, num, p
from tests.retrieval.parse.pdf.making import drawn, lines

RULES = {
    "alternatives without a comma": [
        "(3) A breach may be punished with a",
        "1. fine of up to one million euros or",
        "2. fine of up to twice the gain that was made.",
    ],
    "German": ["Die Geldbuße beträgt", "a) bis zu einer Million Euro oder", "b) bis zum Zweifachen des Vorteils."],
    "French, with semicolons": ["Le délai est de :", "(a) trente jours ; ou", "(b) soixante jours."],
    "commas and bullets": ["The customer may", "- pay in advance,", "- pay by card, or", "- end the contract."],
    "words after the list": ["A person who", "(a) lies, or", "(b) hides a fact,", "is liable to a fine."],
}
OTHERS = {
    "items that are sentences": ["The rules are:", "1. Pay in advance.", "2. Keep the receipt."],
    "items that are names": ["What we lend:", "- Laptops", "- Phones"],
    "a lead-in that ends": ["These are the rules.", "1. pay in advance or", "2. pay by card."],
    "one item": ["The customer may", "- pay in advance."],
}


def placed(texts: list[str]) -> list[tuple[int, str]]:
    at, found = 0, []
    for text in texts:
        found.append((at, text))
        at += len(text) + 1
    return found


@pytest.mark.parametrize("name", RULES)
def test_one_sentence(name: str) -> None:
    texts = RULES[name]
    assert wholes(placed(["Before.", *texts, "After it."])) == ((8, 8 + len(" ".join(texts))),)


@pytest.mark.parametrize("name", OTHERS)
def test_several_sentences(name: str) -> None:
    assert wholes(placed(["Before.", *OTHERS[name], "After it."])) == ()


def test_a_list_in_a_list() -> None:
    texts = ["The fee is", "(a) nil, or", "(b) the higher of", "(i) EUR 5 and", "(ii) one per cent."]
    found = [" ".join(texts)[a:b] for a, b in wholes(placed(texts))]
    assert found == [" ".join(texts), " ".join(texts[2:])]


_LEAD, _ONE, _TWO = "A breach may be punished with a", "fine of up to one million euros or", "fine of twice the gain."


@pytest.mark.parametrize("name", ["a.docx", "a.pdf", "a.html", "a.md", "a.txt"])
def test_in_every_format(name: str) -> None:
    content = {
        "a.docx": docx(
            p(_LEAD) + p(_ONE, num=(1, 0)) + p(_TWO, num=(1, 0)) + p("The end."),
            abstract(0, lvl(0, "decimal", "%1.")) + num(1, 0),
        ),
        "a.pdf": drawn(lambda canvas: lines(canvas, [_LEAD, f"1. {_ONE}", f"2. {_TWO}", "The end."], step=24)),
        "a.html": f"<html><body><p>{_LEAD}</p><ol><li>{_ONE}<li>{_TWO}</ol><p>The end.</p></body></html>".encode(),
        "a.md": f"{_LEAD}\n\n1.  {_ONE}\n\n2.  {_TWO}\n\nThe end.\n".encode(),
        "a.txt": f"{_LEAD}\n\n1. {_ONE}\n2. {_TWO}\n\nThe end.\n".encode(),
    }[name]
    parsed = parse_content(name, content)
    assert [" ".join(parsed.text[a:b].split()) for a, b in parsed.wholes] == [f"{_LEAD} 1. {_ONE} 2. {_TWO}"]
    assert load(parsed.text, dump(parsed)).wholes == parsed.wholes


@pytest.mark.parametrize(
    ("lines", "together"),
    [
        (
            (
                "L'amende est fixée à :",
                "1° dix mille euros ;",
                "2° cinquante mille euros ; ou",
                "3° le double du gain.",
            ),
            "part of 1° to 3°, which belong together",
        ),
        (("A coima é de", "I - 500 euros; ou", "II - 5 % do valor."), "part of I and II, which belong together"),
        (("A multa é de", "I – 500 reais; ou", "II – 5 % do valor."), "part of I and II, which belong together"),
    ],
)
def test_items_as_romance_law_counts_them(lines: Sequence[str], together: str) -> None:
    page = "<title>t</title>" + "".join(f"<p>{line}</p>" for line in lines)
    parsed = parse_content("a.html", page.encode())
    [unit] = read(parsed.text, parsed.sections, parsed.joins, parsed.wholes)
    assert (unit.text, unit.more) == ("\n".join(lines), together)


def test_a_range_that_begins_a_line_is_no_item() -> None:
    page = "<title>t</title><p>The fee is</p><p>5 - 10 euros, or</p><p>II 5 % of it.</p><p>20 °C at most.</p>"
    assert not parse_content("a.html", page.encode()).wholes
