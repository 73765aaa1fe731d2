"""The words of a reply that are the same on every platform. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from bot.answering.addresses import web_address
from bot.texts import NEAREST_SECTIONS
from bot.types import Outcome
from retrieval.answer_form import structured
from retrieval.locators import cited
from retrieval.text.words import squash
from retrieval.types import Answer, Citation, Document, Passage, Section, Statement

LAYOUT = 3
"""Grows when the same outcome becomes another message on any platform: records say in which one theirs was posted."""


def section_name(section: Section) -> str:
    """E.g. "Section 4.2 Hotels", "Hotels", "Section 4.2(b) (Hotels)"; "" for text without a heading."""
    if section.label and section.heading:
        return f"{cited(section.label, section.sign)} {section.heading}"
    if section.label:
        above = next((p for p in reversed(section.path[:-1]) if p), "")
        above = _further(above, section.label)  # "5 Term" above 5.2 adds "Term" alone
        said = cited(section.label, section.sign)
        return f"{said} ({above})" if above else said
    return section.heading


_RANGE = re.compile(r"(.+)!\$?[A-Z]{1,3}\$?\d+(?::\$?[A-Z]{1,3}\$?\d+)?", re.DOTALL)
"""Cells of a sheet, as a locator names them: "Limits!A12:D14"."""
_OWN_NUMBER = re.compile(r"^\d+(\.\d+)*(\([^()\s]{1,5}\))*[.)]?\s+")


def _further(above: str, label: str) -> str:
    """What the name of the part above adds to a label: "Article 4 Term" above "Article 4(1)" adds "Term"."""
    words = above.split(" ")
    for count in range(len(words), 0, -1):
        begins = " ".join(words[:count])
        if label.startswith(begins) and not label[len(begins) : len(begins) + 1].isalnum():
            return " ".join(words[count:])
    return _OWN_NUMBER.sub("", above, count=1) or above


def where(section: Section, page: int | None, locator: str | None, title: str = "") -> str:
    """E.g. "Section 4.2 Hotels, page 7" or "Limits!A12:D14": what the document's `title` says is not said again."""
    return _place(section_name(section), f"page {page}" if page is not None else (locator or ""), title)


def _place(name: str, spot: str, title: str) -> str:
    if name.casefold() == title.casefold() or spot == name or spot.startswith(f"{name}!"):
        name = ""
    return ", ".join(part for part in (name, spot) if part)


def source_line(source: Sequence[Citation]) -> str:
    """E.g. "Travel Policy, Section 4.2 Hotels, page 7, version 2026-03-01.1a2b3c4d"."""
    return f"{source[0].document.title}, {source_place(source)}"


def sources(citations: Sequence[Citation]) -> list[tuple[Citation, ...]]:
    """The citations as sources, in the order of their first ones: what is quoted of one section is one."""
    found: dict[tuple[str, ...], list[Citation]] = {}
    for c in citations:
        found.setdefault(_section(c), []).append(c)
    return [tuple(source) for source in found.values()]


def _section(c: Citation) -> tuple[str, ...]:
    return (c.document.id, c.document.version, c.document.title, c.section.id)


def numbers(answer: Answer) -> Mapping[int, int]:
    """The number that people read for each citation's own: that of its source, so that a row and its head are one."""
    return {c.n: at for at, source in enumerate(sources(answer.citations), 1) for c in source}


def as_read(answer: Answer) -> Callable[[Statement], Statement]:
    """What makes a statement's markers those of its sources."""
    known = numbers(answer)
    return lambda said: replace(said, citations=tuple(dict.fromkeys(known.get(n, n) for n in said.citations)))


def unsaid(answer: Answer, source: Sequence[Citation]) -> tuple[Citation, ...]:
    """Those whose quotes are not what the answer says, word for word."""
    said = {(squash(s.text), s.more) for s in answer.statements}
    return tuple(c for c in source if (squash(c.quote), c.more) not in said)


def source_place(source: Sequence[Citation]) -> str:
    """Where a source's quotes stand, exactly: "Section 4.2 Hotels, pages 7 and 8, version 2026-03-01.1a2b3c4d"."""
    spots = list(dict.fromkeys(c.locator for c in source if c.page is None and c.locator))
    sheet = spots[0].partition("!")[0] + "!" if spots else ""
    spots = [spots[0], *(spot.removeprefix(sheet) for spot in spots[1:])] if spots else []
    return _placed(source, spots, f"version {source[0].document.version}")


def short_place(source: Sequence[Citation]) -> str:
    """The same without cells and hash, for people in a hurry: "Section 4.2 Hotels, page 7, version of 1 March 2026"."""
    spots = [c.locator for c in source if c.page is None and c.locator]
    sheets = (found[1].strip("'") if (found := _RANGE.fullmatch(spot)) else spot for spot in spots)
    return _placed(source, list(dict.fromkeys(sheets)), _dated(source[0].document.version))


def _placed(source: Sequence[Citation], spots: Sequence[str], version: str) -> str:
    first = source[0]
    pages = list(dict.fromkeys(str(c.page) for c in source if c.page is not None))
    named = [f"{'page' if len(pages) == 1 else 'pages'} {_and(pages)}"] if pages else []
    place = _place(
        section_name(first.section), ", ".join([*named, *([_and(spots)] if spots else [])]), first.document.title
    )
    return ", ".join(part for part in (place, version) if part)


def _dated(version: str) -> str:
    """E.g. "version of 1 March 2026"; the version itself where it names no day."""
    try:
        day = date.fromisoformat(version.partition(".")[0])
    except ValueError:
        return f"version {version}"
    return f"version of {day.day} {day:%B %Y}"


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def deep_link(document: Document, section: Section, page: int | None) -> str | None:
    """The document's address, opened at the page or heading where the source allows it; a web address is encoded."""
    if document.url is None:
        return None
    link = document.url
    if "#" not in link:
        pdf = page is not None and document.media_type == "application/pdf"
        link += f"#page={page}" if pdf else (section.anchor or "")
    return web_address(link) or link


def nearest_line(passage: Passage) -> str:
    """One line about a passage that is near but does not answer."""
    page = passage.places[0].page if passage.places else None
    locator = passage.places[0].locator if passage.places else None
    place = where(passage.section, page, locator, passage.document.title)
    return f"{passage.document.title}, {place}" if place else passage.document.title


def behind(more: str) -> str:
    """What is shown behind a quote, in our words: "" or e.g. " — part of (a) to (f), which belong together"."""
    return f" — {more}" if more else ""


def closest(near: Answer) -> list[tuple[Statement, tuple[Citation, ...]]]:
    """Each of the closest units with the citations that say where it stands."""
    by_number = {c.n: c for c in near.citations}
    return [(s, tuple(by_number[n] for n in s.citations)) for s in near.statements]


def plain(outcome: Outcome) -> str:
    """A whole reply as plain text: what notifications, the terminal and screen readers get."""
    lines: list[str] = []
    answer = outcome.told
    if answer is not None:
        lines.append("".join(run.text for run in answer.runs(as_read(answer))))
        if outcome.notice:
            lines.append(outcome.notice)
        lines.append("Sources:")
        for at, source in enumerate(sources(answer.citations), 1):
            lines.append(f"[{at}] {source_line(source)}")
            lines += [f"    “{c.quote}”{behind(c.more)}" for c in unsaid(answer, source)]
    else:
        lines.append(outcome.text)
        if outcome.link:
            lines.append(outcome.link)
        if outcome.near is not None:
            for said, quoted in closest(outcome.near):
                lines += [
                    f"• “{said.text}”{behind(said.more)}",
                    f"    {quoted[0].document.title}, {source_place(quoted)}",
                ]
        if outcome.nearest:
            lines.append(f"{NEAREST_SECTIONS}:")
            lines += [f"• {nearest_line(p)}" for p in outcome.nearest]
    lines.append(f"Record {outcome.record_id}")
    return "\n".join(lines)


def reply_json(outcome: Outcome) -> dict[str, object]:
    """The fixed shape that scripts get; `answer` is the text shown when there is no answer.

    `nearest` are the closest units that an abstention shows, best first, each in the shape of a citation.

    `structured` is the object that the organisation's answer form describes; null without a form, or when a part
    that it requires is not carried by the documents.
    """
    told = outcome.answer if outcome.near is None else None
    return {
        "outcome": outcome.kind.value,
        "answer": outcome.told.text if outcome.told else outcome.text,
        "citations": [_citation_json(c) for c in (told.citations if told else ())],
        "nearest": [_citation_json(quoted[-1]) for _, quoted in (closest(outcome.near) if outcome.near else ())],
        "notice": outcome.notice,
        "structured": structured(told) if told else None,
        "record": outcome.record_id,
    }


def _citation_json(c: Citation) -> dict[str, object]:
    return {
        "n": c.n,
        "document": c.document.id,
        "title": c.document.title,
        "section": c.section.label,
        "heading": c.section.heading,
        "path": list(c.section.path),
        "page": c.page,
        "version": c.document.version,
        "quote": c.quote,
        "more": c.more,
        "start": c.start,
        "end": c.end,
        "locator": c.locator,
        "url": deep_link(c.document, c.section, c.page),
    }
