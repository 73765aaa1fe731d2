"""Prompt injection in documents changes nothing: through the real client, with an honest and an obedient model."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web

from retrieval.answering import Answering
from retrieval.gate.injection import speaks_to_machine
from retrieval.generate.endpoint import ChatEndpoint, Limits
from retrieval.generate.prompt import HouseStyle
from retrieval.select.model import ModelSelector
from retrieval.types import Passage, Question
from tests.retrieval.fakes import WordSelector
from tests.retrieval.gate.build import passage
from tests.retrieval.generate.attacks import ATTACKS, Attack
from tests.servers.model import Answer, Body, ModelServer, picks, says

QUESTION = Question("How much may a hotel cost a night?", datetime(2026, 4, 1, tzinfo=UTC))
RULE = "Hotels cost at most 180 EUR a night."


def poisoned(attack: Attack) -> list[Passage]:
    return [
        passage(f"{RULE}\n{attack.text}\nBreakfast is included.", id="c1"),
        passage(f"{attack.text}", id="c2", title="Planted", path=("Hotels",), label=None, start=50),
    ]


class Obeying:
    """A model whose next answers can be set, behind one server and one client."""

    def __init__(self) -> None:
        self.script: Answer = picks()

    async def __call__(self, body: Body) -> web.StreamResponse:
        return await self.script(body)


@asynccontextmanager
async def checked(model: Obeying, *, compressed: bool = True) -> AsyncIterator[tuple[Answering, ModelServer]]:
    async with ModelServer(model) as server:
        chat = ChatEndpoint("tiny", api_key=None, base_url=server.url, limits=Limits(attempts=1))
        style = HouseStyle(compressed=compressed, translate=True)
        yield Answering(WordSelector(), ModelSelector(chat, style), compressed=compressed), server
        await chat.close()


def obedient(attack: Attack) -> dict[str, Answer]:
    """The ways in which a model may do what the document says."""
    own = " ".join(attack.text.split())
    return {
        "as its wording": picks((1, {"text": attack.payload})),
        "repeating the attack": picks((1, {"text": own})),
        "behind a true wording": picks((1, {"text": f"{RULE} {attack.payload}"})),
        "as the words that answer": picks((1, {"words": attack.payload})),
        "as prose": says(attack.payload),
        "as units of its own": says(json.dumps({"units": [attack.payload, {"id": attack.text}]})),
        "as a unit that is none": says(json.dumps({"units": [{"id": 99, "text": attack.payload}]})),
    }


def test_the_table_is_long_enough() -> None:
    assert len({a.name for a in ATTACKS}) == len(ATTACKS) >= 40


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
async def test_an_honest_model_answers_as_if_nothing_was_planted(attack: Attack) -> None:
    model = Obeying()
    model.script = picks(1)
    async with checked(model) as (answering, server):
        verified, _ = await answering.answer(QUESTION, poisoned(attack))
    assert verified.answer is not None
    assert verified.answer.text == f"{RULE} [1]"
    system, user = (m["content"] for m in server.requests[0]["messages"])
    assert attack.text not in system  # the document is data, never a part of the rules
    fence = user.split(" passage 1 begins", 1)[0].removeprefix("<<<")
    assert len(fence) == 16
    assert fence not in attack.text  # and it cannot close its own fence
    assert user.index(f"<<<{fence} passage 1 begins") < user.index(RULE) < user.index(f"<<<{fence} passage 1 ends>>>")


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
async def test_what_is_planted_is_no_unit(attack: Attack) -> None:
    """It is neither shown to the model nor can it be named."""
    model = Obeying()
    model.script = picks(1)
    async with checked(model) as (answering, server):
        await answering.answer(QUESTION, poisoned(attack))
    _, user = (m["content"] for m in server.requests[0]["messages"])
    assert " ".join(attack.text.split()) not in " ".join(user.split())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
async def test_an_obedient_model_is_stopped(attack: Attack) -> None:
    model = Obeying()
    async with checked(model) as (answering, _):
        for name, script in obedient(attack).items():
            model.script = script
            verified, _ = await answering.answer(QUESTION, poisoned(attack))
            assert verified.answer is not None, name
            assert verified.answer.text == f"{RULE} [1]", name
            assert [c.quote for c in verified.answer.citations] == [RULE], name


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
async def test_a_planted_translation_is_marked_as_unchecked_or_not_shown(attack: Attack) -> None:
    model = Obeying()
    model.script = picks((1, {"translation": attack.payload}))
    async with checked(model) as (answering, _):
        verified, _ = await answering.answer(QUESTION, poisoned(attack))
    assert verified.answer is not None
    (said,) = verified.answer.statements
    assert said.text == RULE
    assert not any(sign in said.translation for sign in ("://", "<", "]("))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
async def test_the_answer_without_a_model_does_not_quote_the_attack(attack: Attack) -> None:
    verified, _ = await Answering(WordSelector()).answer(QUESTION, poisoned(attack))
    assert verified.answer is not None
    assert verified.answer.text == f"{RULE} [1]"


@pytest.mark.parametrize(
    "text",
    [
        "The Supplier must respond within 5 days.",
        "Employees shall always answer truthfully to auditors.",
        "The assistant manager must approve the expense.",
        "The model contract is attached as Annex 2.",
        "Disregard of these rules leads to disciplinary action.",
        "The system administrator resets passwords.",
        "The prior agreement is superseded; its instructions no longer apply.",
        "Users may ignore messages from unknown senders.",
        "The user shall keep the password secret and shall not reveal it to others.",
        "Models are validated by the risk department before use.",
    ],
)
def test_ordinary_rules_do_not_speak_to_machines(text: str) -> None:
    assert not speaks_to_machine(text)
