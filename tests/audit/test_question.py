"""The record of a question holds what was asked, found, shown and why; what was shown can be rebuilt from it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import canonical
from audit.errors import AuditCorrupt
from audit.outcome import Outcome, OutcomeKind
from audit.question import LARGEST_SNAPSHOT, Basis, Occasion, cited_spans, question_record, restore
from audit.record import from_json
from retrieval.codec import clean, to_json
from retrieval.people import Audience, AudienceKind, Principal
from retrieval.types import Document, Passage, Place, Question, Seal, Section, Verified
from tests.audit.fixtures import ADA, QUOTE, START, TEXT, asked, verified


def test_a_record_restores_what_was_shown() -> None:
    gate, _ = verified(3)
    shown = restore(asked(3))
    assert shown.answer == gate.answer
    assert (shown.kind, shown.question, shown.private) == (OutcomeKind.ANSWERED, "What may hotel number 3 cost?", False)


def test_a_record_holds_what_reviewers_ask_for() -> None:
    fields = asked().fields
    assert fields["groups"] == ["finance", "legal"]
    assert fields["sections"] == [
        {
            "document": "policies/travel-0.md",
            "version": "2026-03-01.1a2b3c4d",
            "start": 9,
            "end": 59,
            "text": TEXT[9:59],
            "sha256": hashlib.sha256(TEXT[9:59].encode()).hexdigest(),
        }
    ]
    dropped = fields["dropped"]
    assert isinstance(dropped, list) and isinstance(dropped[0], dict)
    assert (len(dropped), dropped[0]["verdict"]) == (1, "fabricated")
    passages = fields["passages"]
    assert isinstance(passages, list)
    cited = [(p["chunk_id"], p["cited"], p["score_millionths"]) for p in passages if isinstance(p, dict)]
    assert cited == [("chunk-0", True, 900_000), ("chunk-1", False, 899_999)]
    assert fields["access_lists"] == {"acl-1": {"allow": ["everyone"], "deny": []}}


def test_a_missing_snapshot_is_replaced_by_the_quoted_passage() -> None:
    gate, passages = verified()
    built = question_record(
        Outcome(OutcomeKind.ANSWERED, "r1", "What?", gate.answer),
        Occasion(Question("What?", START), "what", ADA, Audience(AudienceKind.PRIVATE, frozenset({ADA.entries}))),
        Basis(passages=passages, verified=gate),
    )
    sections = built.fields["sections"]
    assert isinstance(sections, list) and isinstance(sections[0], dict)
    assert QUOTE in str(sections[0]["text"])


def test_of_a_huge_section_the_part_around_the_quote_is_kept() -> None:
    gate, _ = verified()
    assert gate.answer is not None
    citation = gate.answer.citations[0]
    huge = replace(citation, section=replace(citation.section, end=10 * LARGEST_SNAPSHOT))
    (span,) = cited_spans(Verified(replace(gate.answer, citations=(huge,), seal=Seal.VERIFIED), ()))
    assert span.start <= citation.start < citation.end <= span.end
    assert span.end - span.start < LARGEST_SNAPSHOT


def test_hostile_text_is_recorded_as_far_as_it_goes() -> None:
    question = Question("half \ud83d of a pair", START)
    audience = Audience(AudienceKind.REFUSED, frozenset(), "shared with another organisation")
    built = question_record(
        Outcome(OutcomeKind.REFUSED, "r1", question.text),
        Occasion(question, "\udc00", Principal("slack", "T", "U\ud800"), audience, {"channel": "C\ud800"}),
    )
    assert built.fields["question"] == "half \ufffd of a pair"
    assert canonical(dict(built.fields))


def test_an_erased_part_is_named() -> None:
    fields = {name: value for name, value in asked().fields.items() if name != "citations"}
    with pytest.raises(AuditCorrupt, match="citations was erased"):
        restore(replace(asked(), fields=fields, erased=("citations",)))
    with pytest.raises(AuditCorrupt, match="no record of a question"):
        restore(replace(asked(), fields=fields))


_times = st.datetimes(timezones=st.just(UTC), min_value=START.replace(tzinfo=None))
_texts = st.text(max_size=20)
_documents = st.builds(
    Document,
    *[_texts] * 8,
    _times,
    st.none() | _texts,
    st.none() | st.dates(min_value=date(1990, 1, 1)),
    st.none() | st.dates(min_value=date(1990, 1, 1)),
)
_numbers = st.integers(0, 10_000)
_sections = st.builds(
    Section,
    _texts,
    st.none() | _texts,
    _texts,
    st.lists(_texts, max_size=3).map(tuple),
    _numbers,
    _numbers,
    st.none() | _numbers,
    st.none() | _numbers,
    st.none() | _texts,
    st.none() | _texts,
)
_places = st.builds(Place, _numbers, _numbers, st.none() | _numbers, st.none() | _texts, st.none() | _texts)


@given(
    st.builds(
        Passage,
        _texts,
        _documents,
        _sections,
        _texts,
        _numbers,
        _numbers,
        _texts,
        st.lists(_places, max_size=2).map(tuple),
        _numbers,
        st.booleans(),
    )
)
def test_domain_values_survive_the_way_through_json(passage: Passage) -> None:
    assert from_json(Passage, to_json(passage)) == passage


@given(st.text(st.characters(exclude_categories=[])))
def test_clean_text_keeps_its_length(text: str) -> None:
    assert len(clean(text)) == len(text)
    clean(text).encode()


NOT_OF_ALL = frozenset(
    {"about", "as_of", "confirmed", "highlights", "layout", "more", "opinions", "shown"}
    | {"sign", "source_text", "translation"}
)  # fields that later versions added, or left out


def without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {name: without(item, names) for name, item in value.items() if name not in names}
    return [without(item, names) for item in value] if isinstance(value, list) else value


def test_the_bytes_of_a_record_are_those_of_earlier_versions() -> None:
    """Earlier versions' records are proved by them; whoever changes these bytes changes what the log holds."""
    held = canonical(without(dict(asked(3, record_id="0198").fields), NOT_OF_ALL))
    assert hashlib.sha256(held).hexdigest() == "e901b42db77e61fc054cbab658dc3d9a7fd2268c55837508e6f0a07de2b7cc20"
