"""House style with an answer form, from the settings file to the reply, its record and its replay."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from audit.fields import FIELDS
from audit.question import posted_bytes, restore
from audit.record import AuditRecord, Json
from bot.answering.ask import WORDINGS
from bot.answering.render import plain, reply_json
from bot.errors import SettingsError
from bot.evaluation.prompts import Again, Sent
from bot.evaluation.training import Example, example
from bot.settings.values import load
from bot.slack.render import render as slack_message
from bot.teams.render import render as teams_message
from bot.types import Outcome
from bot.wiring.app import configuration_sha256, open_app, open_state
from bot.wiring.replay import posted
from bot.wiring.styles import house_style
from connectors.folder import FolderSource
from retrieval.answer_form import AnswerForm, read_form
from retrieval.answering import FORMLESS
from retrieval.generate.prompt import HouseStyle
from retrieval.types import Answer, Seal, Wording
from tests.servers.model import Answer as Script
from tests.servers.model import ModelServer, parts, picks

RULE = "Hotels cost at most 180 EUR a night."
MEAL = "Breakfast is paid by the company."
TAXI = "Taxis are forbidden."
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "answer": {"type": "string", "title": "In short"},
        "rules": {"type": "array", "items": {"type": "string"}, "title": "What *else* <holds>"},
        "taxis": {"enum": ["permitted", "forbidden"], "title": "Taxis"},
        "deadline": {"type": "string", "title": "Deadline", "description": "Until when."},
    },
    "required": ["answer", "rules"],
    "additionalProperties": False,
}
SAID = parts(answer=[1], rules=[2, 1, 99], taxis=("forbidden", [3]))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "travel.md").write_text(f"# Travel Policy\n\n## 4.2 Hotels\n\n{RULE} {MEAL} {TAXI}\n")
    write(SCHEMA)
    (tmp_path / "footnote.toml").write_text('[style]\nanswer_schema = "answer.schema.json"\n')
    return tmp_path


def write(schema: object) -> None:
    Path("answer.schema.json").write_text(json.dumps(schema))


async def ask(folder: Path, model: str | None = None) -> tuple[Outcome, AuditRecord]:
    settings = load(folder / "home").model_copy(update={"model": model and "tiny", "model_base_url": model})
    async with open_app(settings) as app:
        await app.sync(FolderSource("documents", folder / "documents"))
        asked = await app.ask_as("What do hotels cost a night?", None)
        record = await app.audit.get(asked.outcome.record_id)
    assert record is not None
    return asked.outcome, record


async def formed(folder: Path) -> tuple[Outcome, AuditRecord]:
    async with ModelServer(SAID) as server:
        return await ask(folder, server.url)


async def trained(folder: Path, record: AuditRecord, style: HouseStyle) -> Example | None:
    """What a training example is made of the record with this style; None: nothing."""
    with open_state(load(folder / "home")) as state:
        sent = await Again(state, [style]).sent(record)
    return example(record, sent) if isinstance(sent, Sent) else None


async def test_the_parts_are_shown_and_scripts_get_the_organisations_object(folder: Path) -> None:
    outcome, record = await formed(folder)
    reply = reply_json(outcome)
    assert reply["structured"] == {"answer": RULE, "rules": [MEAL, RULE], "taxis": "forbidden"}
    jsonschema.validate(reply["structured"], SCHEMA)
    assert record.fields["structured"] == reply["structured"]
    assert plain(outcome).splitlines()[:5] == [
        f"In short: {RULE} [1]",
        "What *else* <holds>:",
        f"• {MEAL} [1]",
        f"• {RULE} [1]",
        f"Taxis: forbidden. {TAXI} [1]",
    ]


async def test_the_reply_is_rebuilt_from_its_record_on_every_platform(folder: Path) -> None:
    outcome, record = await formed(folder)
    shown = restore(record)
    assert shown.answer == outcome.answer
    payloads: dict[str, Any] = {
        "cli": {"text": plain(outcome)},
        "slack": slack_message(outcome),
        "teams": teams_message(outcome, passages=True),
    }
    for platform, payload in payloads.items():
        assert posted(platform, shown) == posted_bytes(payload)
    assert str(record.fields["posted"]).encode() == posted("cli", shown)


async def test_both_platforms_show_the_parts_in_order_and_read_no_markup_in_titles(folder: Path) -> None:
    outcome, _ = await formed(folder)
    runs: Any = slack_message(outcome)["blocks"]
    said = runs[0]["elements"][0]["elements"]
    bold = [run["text"] for run in said if run.get("style") == {"bold": True}]
    assert [title for title in bold if title.endswith(":")] == ["In short:", "What *else* <holds>:", "Taxis:"]
    assert {run["type"] for run in said} == {"text"}
    lines = str(teams_message(outcome)["text"]).replace("**180 EUR a night**", "180 EUR a night").split("\n\n")
    assert lines == [
        f"**In short:** {RULE} [1]",
        "**What \\*else\\* &lt;holds&gt;:**",
        f"• {MEAL} [1]",
        f"• {RULE} [1]",
        f"**Taxis:** forbidden. {TAXI} [1]",
    ]


async def test_a_long_form_fits_both_platforms(folder: Path) -> None:
    outcome, _ = await formed(folder)
    answer = outcome.answer
    assert answer is not None
    long = tuple(replace(s, text=s.text * 400) for s in answer.statements)
    stuffed = replace(outcome, answer=Answer(long, answer.citations, answer.parts, seal=Seal.VERIFIED))
    slack: Any = slack_message(stuffed)
    assert len(json.dumps(slack["blocks"], ensure_ascii=False)) <= 12_000
    assert "cut here to fit" in json.dumps(slack["blocks"])
    for title in ("In short", "Taxis"):
        assert title in str(teams_message(stuffed)["text"])


async def test_the_record_fits_its_documented_schema(folder: Path) -> None:
    _, record = await formed(folder)
    documented = {f.name: f.schema for f in FIELDS if "question" in f.events}
    assert set(record.fields) <= set(documented)
    for name, value in record.fields.items():
        jsonschema.validate(value, documented[name])


async def test_a_record_of_before_there_were_forms_is_restored(folder: Path) -> None:
    outcome, record = await ask(folder)
    statements = record.fields["statements"]
    assert isinstance(statements, list)
    older = [{"text": s["text"], "citations": s["citations"]} for s in statements if isinstance(s, dict)]
    fields = {k: v for k, v in record.fields.items() if k not in ("parts", "structured")}
    restored, answer = restore(replace(record, fields={**fields, "statements": [*older]})).answer, outcome.answer
    assert restored is not None and answer is not None
    plainer = tuple(replace(s, highlights=()) for s in answer.statements)
    assert (restored.statements, restored.citations) == (plainer, answer.citations)


async def test_without_a_model_the_answer_has_no_parts_and_says_so(folder: Path) -> None:
    outcome, record = await ask(folder)
    assert (reply_json(outcome)["structured"], record.fields["parts"]) == (None, [])
    assert FORMLESS in plain(outcome)


async def test_a_required_part_that_no_document_carries_is_said_and_gives_no_object(folder: Path) -> None:
    write({**SCHEMA, "required": ["answer", "deadline"]})
    outcome, record = await formed(folder)
    assert "Deadline: no document says this." in plain(outcome)
    assert (reply_json(outcome)["structured"], record.fields["structured"]) == (None, None)
    assert posted("cli", restore(record)) == posted_bytes({"text": plain(outcome)})


async def test_training_examples_have_the_form_or_are_left_out(folder: Path) -> None:
    _, record = await formed(folder)
    style = house_style(load())
    made = await trained(folder, record, style)
    assert made is not None
    told: dict[str, Json] = json.loads(made.messages[-1][1])
    assert list(told) == ["answer", "rules", "taxis", "deadline"]
    assert (told["deadline"], isinstance(told["taxis"], dict) and told["taxis"]["value"]) == (None, "forbidden")
    assert await trained(folder, record, replace(style, form=None)) is None
    other: AnswerForm = read_form(json.dumps({"type": "object", "properties": {"other": {"type": "string"}}}))
    assert await trained(folder, record, replace(style, form=other)) is None


def test_the_configuration_of_a_record_names_the_form() -> None:
    settings = load()
    before = configuration_sha256(settings)
    write({**SCHEMA, "description": "Other words."})
    assert configuration_sha256(settings) != before


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (None, "cannot be read"),
        ("{", r"answer\.schema\.json#: it is no JSON"),
        ('{"type": "object", "properties": {"a": {"type": "number"}}}', r"answer\.schema\.json#/properties/a/type: "),
    ],
)
async def test_a_form_that_is_not_understood_stops_the_start(folder: Path, schema: str | None, said: str) -> None:
    file = folder / "answer.schema.json"
    file.unlink()
    if schema is not None:
        file.write_text(schema)
    with pytest.raises(SettingsError, match=said):
        async with open_app(load(folder / "home")):
            raise AssertionError("it started")


GERMAN = "Hotels kosten höchstens 180 EUR pro Nacht."


@pytest.mark.parametrize(
    ("style", "script", "shown"),
    [
        ("translate = true", picks((1, {"translation": GERMAN})),
         [f"{RULE} [1]", f"Translation, not checked: {GERMAN}"]),
        ('wording = "compressed"', picks((2, {"text": "Breakfast is paid."})),
         ["Breakfast is paid. [1]", WORDINGS[Wording.COMPRESSED]]),
        ("", picks((2, {"words": "Breakfast"})), [f"{MEAL} [1]"]),
    ],
    ids=["translated", "compressed", "marked"],
)  # fmt: skip
async def test_a_reply_says_whose_words_it_has(folder: Path, style: str, script: Script, shown: list[str]) -> None:
    (folder / "footnote.toml").write_text(f"[style]\n{style}\n")
    async with ModelServer(script) as server:
        outcome, record = await ask(folder, server.url)
    assert plain(outcome).splitlines()[: len(shown)] == shown
    assert f"“{MEAL}”" in plain(outcome) or shown[0] != "Breakfast is paid. [1]"  # the original of what is shortened
    teams = str(teams_message(outcome, passages=True)["text"])
    assert all(line in teams.replace("**", "") for line in shown)
    assert restore(record).answer == outcome.answer
    assert posted("cli", restore(record)) == posted_bytes({"text": plain(outcome)})
    assert await trained(folder, record, house_style(load())) is not None
