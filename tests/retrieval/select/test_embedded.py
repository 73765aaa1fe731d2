"""The embedded selector over passages with real vectors: what it shows, and how sure it says it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from retrieval.embed.minilm import MiniLM
from retrieval.indexing import unit_text
from retrieval.select.embedded import GROUP, SHOWN, EmbeddedSelector, candidates, learned
from retrieval.select.features import FEATURES
from retrieval.types import Passage, Question
from retrieval.vectors import directions, packed
from retrieval.verify import verify
from tests.retrieval.gate.build import passage

TEXTS = (
    "Hotels cost at most 180 EUR a night. Breakfast is included in that amount. Suites need a director's approval.",
    "Employees have 25 days of annual leave. Leave is booked in the portal. Unused leave lapses in March.",
    "Laptops are encrypted. A lost laptop is reported within one hour. The IT desk locks it at once.",
)


def asked(text: str) -> Question:
    return Question(text, datetime(2026, 4, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> MiniLM:
    return MiniLM(tmp_path_factory.mktemp("models"))


@pytest.fixture
async def shelf(embedder: MiniLM) -> list[Passage]:
    found = []
    for n, text in enumerate(TEXTS):
        held = passage(text, id=f"p{n}", start=0, title=("Travel", "Leave", "Devices")[n], path=())
        vectors = await embedder.embed([unit_text(held.document.title, u) for u in held.units])
        made = tuple(replace(u, vector=packed(v)) for u, v in zip(held.units, vectors, strict=True))
        found.append(replace(held, units=made))
    return found


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("what's the most i can spend on a room per night", "Hotels cost at most 180 EUR a night."),
        ("how many days off do i get a year", "Employees have 25 days of annual leave."),
        ("my computer was stolen, when must i say so", "A lost laptop is reported within one hour."),
    ],
)
async def test_other_words_find_the_sentence(embedder: MiniLM, shelf: list[Passage], question: str, first: str) -> None:
    selection = await EmbeddedSelector(embedder).select(asked(question), shelf)
    verified = verify(selection, shelf)
    shown = verified.answer or verified.nearest
    assert shown is not None
    assert shown.statements[0].text == first
    assert len(selection.chosen) <= SHOWN
    assert selection.use.parameters["weights_sha256"] == learned().sha256


async def test_what_has_nothing_to_do_with_the_documents_finds_nothing(embedder: MiniLM, shelf: list[Passage]) -> None:
    selection = await EmbeddedSelector(embedder).select(asked("who won the football world cup in 1998"), shelf)
    assert not selection.chosen
    assert verify(selection, shelf).nearest is None


@pytest.mark.parametrize(
    "question",
    ["how do i bake sourdough bread", "what is the capital of australia", "how many moons does jupiter have"],
)
async def test_nothing_is_near_to_a_question_about_something_else(
    embedder: MiniLM, shelf: list[Passage], question: str
) -> None:
    assert not (await EmbeddedSelector(embedder).select(asked(question), shelf)).chosen


async def test_a_date_in_force_is_near_to_a_question_on_it_alone(embedder: MiniLM) -> None:
    held = passage(f"In force from 1 September 2026. {TEXTS[0]}", start=0, title="Travel", path=())
    vectors = await embedder.embed([unit_text("Travel", u) for u in held.units])
    made = tuple(replace(u, vector=packed(v)) for u, v in zip(held.units, vectors, strict=True))
    shown = {}
    for text in ("may i have a suite on my trip", "since when is it in force"):
        selection = await EmbeddedSelector(embedder).select(asked(text), [replace(held, units=made)])
        assert selection.chosen
        shown[text] = {chosen.unit for chosen in selection.chosen}
    assert [made[0].id in units for units in shown.values()] == [False, True]


async def test_passages_of_another_embedder_are_not_judged(embedder: MiniLM, shelf: list[Passage]) -> None:
    foreign = [replace(p, units=tuple(replace(u, vector=b"\1\2\3") for u in p.units)) for p in shelf]
    selection = await EmbeddedSelector(embedder).select(asked("how much holiday do i get"), foreign)
    assert (selection.chosen, selection.sure) == ((), False)


def test_the_weights_fit_the_features() -> None:
    assert len(learned().own.weights) == len(learned().other.weights) == len(FEATURES)
    assert learned().other.weights[FEATURES.index("cosine")] == 0
    assert len(learned().own.group) == len(learned().own.near) == len(GROUP) + 1


def test_a_unit_is_judged_once(shelf: list[Passage]) -> None:
    assert len(candidates([*shelf, *shelf], 384)) == sum(len(p.units) for p in shelf)


def test_packing_keeps_the_direction() -> None:
    vectors = np.random.default_rng(3).normal(size=(20, 384)).astype("<f4")
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kept = directions([packed(v.tobytes()) for v in vectors])
    assert float(np.abs((kept * vectors).sum(1) - 1).max()) < 1e-3
    assert not np.isnan(directions([packed(bytes(16))])).any()
