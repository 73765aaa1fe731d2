"""The message that an outcome becomes: pure, within Teams' limits, and safe from what documents say."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.demo.standins.teams_checks import as_text, elements, problems
from bot.teams.render import SIZE_LIMIT, chat_link, escape, render, shorten, wire_size
from bot.types import Outcome, OutcomeKind
from retrieval.text.shown import hidden, shown
from retrieval.types import Answer, Seal, Statement
from tests.bot.teams.support import answered, citation, passage
from tests.fuzz import tries


def texts(payload: Any) -> list[str]:
    runs = [e for a in payload.get("attachments", ()) for e in elements(a["content"]) if e["type"] == "TextRun"]
    return [run["text"].replace("\u2060", "") for run in runs]


def links(payload: Any) -> list[str]:
    return [e["url"] for a in payload["attachments"] for e in elements(a["content"]) if "url" in e]


def citations(payload: Any) -> list[Any]:
    [entity] = payload["entities"]
    return list(entity["citation"])


def acceptable(payload: Any) -> None:
    assert list(problems(payload, wire_size(payload))) == []
    assert wire_size(payload) <= SIZE_LIMIT


def test_an_answer() -> None:
    payload = render(answered(citation(1), citation(2, "Breakfast is included."), notice="The model was down."))
    acceptable(payload)
    assert payload["text"] == (
        "Hotels cost at most 180 EUR a night. [1] Hotels cost at most 180 EUR a night. [2]\n\nThe model was down."
    )
    assert texts(payload) == [
        "[1] Travel Policy",
        "Section 4.2 Hotels, page 7, version 2026-03-01.1a2b3c4d",
        "[2] Travel Policy",
        "Section 4.2 Hotels, page 7, version 2026-03-01.1a2b3c4d",
        "“Breakfast is included.”",
        "Record 0194f2c3a1b5e0d9c8b7",
    ]
    assert [c["position"] for c in citations(payload)] == [1, 2]


def test_two_sentences_of_a_section_are_one_source_with_both() -> None:
    first, other = citation(1), citation(2, "Lunch is 20 EUR.")
    second = replace(citation(3, "Breakfast is included."), section=first.section)
    payload = render(answered(first, other, second, text="That much."))
    acceptable(payload)
    assert payload["text"] == "That much. [1] That much. [2] That much. [1]"
    said = [text for text in texts(payload) if not text.startswith("Section ")]
    both = "“Hotels cost at most 180 EUR a night.”\n“Breakfast is included.”"
    assert said[:-1] == ["[1] Travel Policy", both, "[2] Travel Policy", "“Lunch is 20 EUR.”"]
    assert [c["position"] for c in citations(payload)] == [1, 2]


def test_what_else_belongs_to_a_quote_stands_below_it_in_our_words() -> None:
    payload = render(answered(replace(citation(1), more="part of (a) to (c), which belong together")))
    acceptable(payload)
    said = texts(payload)
    at = said.index("“Hotels cost at most 180 EUR a night.”")
    assert said[at + 1] == "— part of (a) to (c), which belong together"


def test_one_row_of_actions_and_no_hash_where_a_window_tells_it() -> None:
    outcome = answered(*(citation(n, f"Quote {n}.") for n in range(1, 9)), text="Yes.", expert="Maeve")
    payload: Any = render(outcome, passages=True)
    acceptable(payload)
    body = payload["attachments"][0]["content"]["body"]
    rows = [e for e in body if e["type"] == "ActionSet"]
    assert [a["title"] for a in rows[0]["actions"]] == [*(f"Show passage {n}" for n in range(1, 9)), "Ask Maeve"]
    assert [a.get("mode") for a in rows[0]["actions"]] == [None] * 5 + ["secondary"] * 4
    assert len(rows) == 1
    assert "1a2b3c4d" not in json.dumps(payload)
    assert (body[-1]["isVisible"], body[-1]["inlines"][0]["text"]) == (False, f"Record {outcome.record_id}")


def test_an_abstention_shows_the_nearest_sections() -> None:
    outcome = Outcome(
        OutcomeKind.ABSTAINED, "r1", "q", text="I found no answer.", nearest=(passage(), passage("Handbook"))
    )
    payload = render(outcome)
    acceptable(payload)
    assert payload["text"] == "I found no answer."
    assert texts(payload)[1:] == [
        "• Travel Policy, Section 4.2 Hotels",
        "• Handbook, Section 4.2 Hotels",
        "Record r1",
    ]
    assert "entities" not in payload


@pytest.mark.parametrize("kind", [OutcomeKind.ABSTAINED, OutcomeKind.REFUSED, OutcomeKind.FAILED, OutcomeKind.ANSWERED])
def test_a_text_without_sources_names_its_record(kind: OutcomeKind) -> None:
    payload = render(Outcome(kind, "r1", "q", text="First line.\nSecond line."))
    acceptable(payload)
    assert payload["text"] == "First line.\n\nSecond line.\n\nRecord r1"


def test_the_same_outcome_gives_the_same_bytes() -> None:
    outcome = answered(citation(1), citation(2))
    assert json.dumps(render(outcome)) == json.dumps(render(outcome))


def test_more_than_twenty_citations_are_all_in_the_card() -> None:
    payload = render(answered(*(citation(n) for n in range(1, 36))))
    acceptable(payload)
    assert len(citations(payload)) == 20
    assert [t.split(" ")[0] for t in texts(payload) if t.startswith("[")] == [f"[{n}]" for n in range(1, 36)]


@pytest.mark.parametrize(
    ("count", "length"), [(1, 500_000), (20, 30_000), (60, 5_000), (150, 50)], ids=["one", "twenty", "sixty", "many"]
)
def test_a_long_answer_is_cut_in_its_quotes_never_in_its_sources(count: int, length: int) -> None:
    quote = f"START {'x' * length} END"
    payload = render(answered(*(citation(n, quote) for n in range(1, count + 1)), text="A sentence. " * 40))
    acceptable(payload)
    shown = texts(payload)
    for n in range(1, count + 1):
        assert any(t.startswith(f"[{n}] Travel Policy") for t in shown)
        assert f"[{n}]" in str(payload["text"])
    for t in shown:
        if t.startswith("“"):
            assert t.startswith("“START")
            assert t.endswith("END”")


@pytest.mark.parametrize(("words", "pop_up"), [(500, 2_500), (4_000, 1_000)], ids=["both", "the pop-up gives way"])
def test_a_quote_that_fits_is_whole(words: int, pop_up: int) -> None:
    quote = "word " * words
    payload = render(answered(citation(1, quote)))
    acceptable(payload)
    assert f"“{quote}”" in texts(payload)
    shown = json.loads(citations(payload)[0]["appearance"]["text"])["body"][0]["inlines"][0]["text"]
    assert len(quote[:pop_up]) - 5 <= len(shown) <= pop_up


def test_names_and_abstracts_are_clipped() -> None:
    payload = render(answered(citation(1, title="T" * 300)))
    acceptable(payload)
    assert len(citations(payload)[0]["appearance"]["name"]) == 80


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://docs.example.com/a.pdf", "https://docs.example.com/a.pdf#page=7"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("https://docs.example.com/" + "a" * 3_000, None),
        (None, None),
    ],
    ids=["web", "script", "file", "endless", "none"],
)
def test_only_web_addresses_become_links(url: str | None, expected: str | None) -> None:
    payload = render(answered(citation(1, url=url)))
    acceptable(payload)
    assert citations(payload)[0]["appearance"].get("url") == expected
    assert links(payload) == ([expected] if expected else [])


HOSTILE = [
    ("a mention", "<at>everyone</at> read this"),
    ("html", "<a href='https://evil.example'>click</a><script>x</script>"),
    ("a markdown link", "[click](https://evil.example)"),
    ("a markdown image", "![x](https://evil.example/x.png)"),
    ("an angle link", "<https://evil.example>"),
    ("a reference link", "[click][1]\n\n[1]: https://evil.example"),
    ("a bare address", "see https://evil.example or www.evil.example or mailto:a@evil.example"),
    ("a heading", "# big\n## bigger"),
    ("a list", "- one\n1. two\n> three"),
    ("emphasis", "*a* **b** _c_ ~~d~~ `e` ```f```"),
    ("a forged marker", "As shown in [7]."),
    ("a backslash", "\\[x](https://evil.example)"),
    ("an entity", "&lt;at&gt;everyone&lt;/at&gt;"),
    ("json", '"}],"type":"Action.OpenUrl","url":"https://evil.example"'),
    ("card markdown", "[{{DATE(2017-02-14T06:08:39Z)}}](https://evil.example)"),
]


@pytest.mark.parametrize("said", [h[1] for h in HOSTILE], ids=[h[0] for h in HOSTILE])
def test_a_document_can_neither_mention_nor_link(said: str) -> None:
    payload: Any = render(answered(citation(1, f"{said} ...", title=said), text=said), passages=True)
    acceptable(payload)
    text = str(payload["text"])
    assert "<" not in text
    assert re.findall(r"(?<!\\)(?:\\\\)*\[[^\]]*\]", text) == ["[1]"]  # no bracket but our marker is markup
    assert not re.search(r"(?i)https?://|www\.|mailto:\w", text)
    # ... and a person still reads what stands there
    assert as_text({"text": text}).removesuffix(" [1]") == " ".join(said.split())
    assert [t for t in texts(payload) if t.startswith("“")] == [f"“{said} ...”"]
    assert set(links(payload)) == {"https://docs.example.com/travel.pdf#page=7"}
    kinds = {e["type"] for a in payload["attachments"] for e in elements(a["content"])}
    assert kinds <= {"RichTextBlock", "TextRun", "Container", "ActionSet", "Action.OpenUrl", "Action.Submit"}


def test_cards_replace_nothing_that_a_document_says() -> None:
    said = "As of {{DATE(2017-02-14T06:08:39Z, SHORT)}} {{TIME(2017-02-14T06:08:39Z)}} {{{TIME(x"
    payload: Any = render(answered(citation(1, said, title=said)), passages=True)
    acceptable(payload)
    assert not re.search(r"\{\{(?:DATE|TIME)\(", json.dumps(payload["attachments"]))
    assert f"“{said}”" in texts(payload)


MARKDOWN = MarkdownIt("commonmark").enable(["strikethrough", "table"])
MARKS = st.text(st.sampled_from("0129.)-+*_=>#~`|\\[]()!<&;: \n\tab@/"), max_size=30)


def shown_as_text(markdown: str) -> str:
    """What another reader of Markdown shows, if that is one paragraph of words without any form; else fails."""
    paragraph, inline, end = MARKDOWN.parse(markdown)
    assert (paragraph.type, end.type) == ("paragraph_open", "paragraph_close")
    assert {child.type for child in inline.children or ()} <= {"text"}
    return "".join(child.content for child in inline.children or ())


def highlighted(text: str, *spans: tuple[int, int]) -> Outcome:
    answer = Answer((Statement(text, (1,), highlights=spans),), (citation(),), seal=Seal.VERIFIED)
    return Outcome(OutcomeKind.ANSWERED, "r1", "How much?", answer)


def test_what_was_asked_for_stands_out() -> None:
    text = "A night in Paris costs EUR 210 (VAT included)."
    assert render(highlighted(text, (23, 30)))["text"] == "A night in Paris costs **EUR 210** (VAT included). [1]"


@tries(300)
@given(st.text(st.sampled_from("a1 .)(-*_€$[]\\`&"), min_size=1, max_size=20), st.data())
def test_what_stands_out_changes_no_character(text: str, data: st.DataObject) -> None:
    """Bold is shown as bold, or left away: its asterisks are never seen."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    bold = MARKDOWN.parse(str(render(highlighted(text, (start, end)))["text"]))
    plain = MARKDOWN.parse(str(render(highlighted(text))["text"]))
    shown = [" ".join("".join(c.content for t in tokens for c in t.children or ()).split()) for tokens in (bold, plain)]
    assert shown[0] == shown[1]


@given(st.text(max_size=200) | MARKS)
@example("0. 0")
@example("1)")
@example("-")
@example("--- -")
@example("+\t+")
@example("\\-")
@tries(200)
def test_escaped_text_reads_as_it_was(said: str) -> None:
    escaped, words = escape(said), shown(" ".join(said.split()))
    assert "<" not in escaped
    assert as_text({"text": escaped}).replace("\u2060", "") == words
    if words:
        assert shown_as_text(escaped).replace("\u2060", "") == words.replace("\0", "\ufffd")


@given(st.text(max_size=100), st.integers(0, 120))
def test_shorten_keeps_the_limit_and_both_ends(text: str, limit: int) -> None:
    cut = shorten(text, limit)
    assert len(cut) <= limit or (cut == text and len(text) <= limit)
    if len(text) > limit >= 10:
        head, _, tail = cut.partition(" … ")
        assert text.startswith(head)
        assert text.endswith(tail)


@given(
    st.lists(st.tuples(st.text(max_size=300), st.text(max_size=2_000)), min_size=1, max_size=40),
    st.text(min_size=1, max_size=500),
)
@tries(40)
def test_any_answer_is_acceptable(cited: list[tuple[str, str]], said: str) -> None:
    payload = render(answered(*(citation(n, q, title=t or "Untitled") for n, (t, q) in enumerate(cited, 1)), text=said))
    assert wire_size(payload) <= SIZE_LIMIT
    assert [p for p in problems(payload, wire_size(payload)) if "the name is missing" not in p] == []


@pytest.mark.parametrize(
    ("chat", "message", "linked"),
    [
        ("19:abc@thread.v2", "1653035515120", True),
        ("a:direct", "1653035515120", False),
        ("19:abc@thread.v2", "1)[x](https://evil.example", False),
    ],
)
def test_only_a_group_chats_messages_have_a_link(chat: str, message: str, linked: bool) -> None:
    url = chat_link(chat, message)
    assert url.startswith("https://teams.microsoft.com/l/message/19%3Aabc%40thread.v2/1653035515120?") is linked
    assert bool(url) is linked
    assert not set(url) & set(" ()[]<>")


def test_what_cannot_be_seen_is_marked_wherever_it_stands() -> None:
    payload = render(
        answered(
            citation(1, "Pay 1\u200b00 \u202eRUE\u202c", title="Travel\u2066 Policy"),
            notice="a\x07b",
            text="Pay \u202e001.",
        )
    )
    acceptable(payload)
    assert hidden(json.dumps(payload, ensure_ascii=False)) == ""
    assert "Pay 1‹U+200B›00 ‹U+202E›RUE‹U+202C›" in "".join(texts(payload))
    assert "Travel‹U+2066› Policy" in json.dumps(payload, ensure_ascii=False)
