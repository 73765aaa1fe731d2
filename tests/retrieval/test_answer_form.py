"""The organisation's answer form: what is read of a JSON Schema, what is refused and where, what an answer fills."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from retrieval.answer_form import AnswerForm, read_form, structured
from retrieval.errors import FormInvalid
from retrieval.generate.wire import Asked, described, read, schema, written
from retrieval.quoting import statement
from retrieval.selection import Chosen, ModelUse, Selection
from retrieval.types import Answer, PartKind, Verified
from retrieval.verify import verify
from tests.retrieval.gate.build import passage
from tests.servers.model import schema_problems

CHOICES = ["permitted", "permitted with approval", "accepted with the approval", "forbidden", "not required"]
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A ruling",
    "description": "How the legal desk answers.",
    "type": "object",
    "properties": {
        "summary": {"type": "string", "title": "Summary", "description": "The answer first.", "maxLength": 70},
        "verdict": {"title": "Verdict", "enum": CHOICES},
        "duties": {"type": "array", "items": {"type": "string", "maxLength": 60}, "minItems": 2, "maxItems": 3},
        "deadline": {"type": "string"},
    },
    "required": ["summary"],
    "additionalProperties": False,
}
TEXT = (
    "Gifts above 50 EUR are forbidden. Gifts below that amount may be accepted with the approval of Compliance. "
    "Employees must report every gift. Employees must return forbidden gifts. Employees must not sell gifts. "
    "Employees must thank the giver. No report is required for flowers."
)
SENTENCES = [s if s.endswith(".") else f"{s}." for s in TEXT.split(". ")]
BAN, SMALL, REPORT, RETURN, SELL, THANK, FLOWERS = SENTENCES


def form(**changes: Any) -> AnswerForm:
    return read_form(json.dumps({**SCHEMA, **changes}))


def with_part(**part: Any) -> dict[str, Any]:
    return {**SCHEMA, "properties": {"one": part}, "required": []}


SOURCE = passage(TEXT, path=("Gifts",))
UNITS = {statement(unit): unit.id for unit in SOURCE.units}


def said(part: str, text: str, value: str = "") -> Chosen:
    return Chosen(UNITS[text], part=part, value=value)


def verified(*chosen: Chosen, **changes: Any) -> Verified:
    return verify(Selection(chosen, True, ModelUse("test")), [SOURCE], form(**changes))


def answered(*chosen: Chosen, **changes: Any) -> Answer | None:
    return verified(*chosen, **changes).answer


def reasons(*chosen: Chosen) -> list[str]:
    return [v.reason for v in verified(*chosen).verdicts]


def test_a_form_is_read_in_its_order() -> None:
    parts = form().parts
    assert [(p.name, p.title, p.kind, p.required) for p in parts] == [
        ("summary", "Summary", PartKind.TEXT, True),
        ("verdict", "Verdict", PartKind.CHOICE, False),
        ("duties", "Duties", PartKind.LIST, False),
        ("deadline", "Deadline", PartKind.TEXT, False),
    ]
    assert (parts[0].longest, parts[2].least, parts[2].most, parts[2].longest) == (70, 2, 3, 60)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        pytest.param("{", "#", id="no JSON"),
        pytest.param('{"type": "object", "type": "object"}', "#", id="a key twice"),
        pytest.param([], "#", id="a list"),
        pytest.param({**SCHEMA, "type": "array"}, "#/type", id="not an object"),
        pytest.param({**SCHEMA, "oneOf": []}, "#/oneOf", id="oneOf"),
        pytest.param({**SCHEMA, "$defs": {}}, "#/$defs", id="definitions"),
        pytest.param({**SCHEMA, "patternProperties": {}}, "#/patternProperties", id="pattern properties"),
        pytest.param({**SCHEMA, "additionalProperties": {}}, "#/additionalProperties", id="typed further properties"),
        pytest.param({**SCHEMA, "properties": {}}, "#/properties", id="no parts"),
        pytest.param({**SCHEMA, "properties": {f"p{n}": {"type": "string"} for n in range(21)}, "required": []},
                     "#/properties", id="too many parts"),
        pytest.param({**SCHEMA, "required": ["other"]}, "#/required", id="an unknown part is required"),
        pytest.param({**SCHEMA, "required": True}, "#/required", id="required as a flag"),
        pytest.param({**SCHEMA, "required": ["summary", "summary"]}, "#/required", id="required twice"),
        pytest.param({**SCHEMA, "properties": {"a b": {"type": "string"}}, "required": []}, "#/properties/a b",
                     id="a blank in a name"),
        pytest.param({**SCHEMA, "properties": {"a": {"type": "string", "title": "X"}, "b": {"type": "string",
                     "title": "X"}}, "required": []}, "#/properties/a/title", id="two parts with one title"),
        pytest.param(with_part(type="number"), "#/properties/one/type", id="a number"),
        pytest.param(with_part(type=["string", "null"]), "#/properties/one/type", id="two types"),
        pytest.param(with_part(title="A"), "#/properties/one/type", id="no type"),
        pytest.param(with_part(type="object"), "#/properties/one/type", id="an object"),
        pytest.param(with_part(type="string", format="date"), "#/properties/one/format", id="a format"),
        pytest.param(with_part(type="string", pattern="x"), "#/properties/one/pattern", id="a pattern"),
        pytest.param(with_part(type="string", minLength=1), "#/properties/one/minLength", id="a least length"),
        pytest.param(with_part(type="string", maxLength=0), "#/properties/one/maxLength", id="no length"),
        pytest.param(with_part(type="string", maxLength=True), "#/properties/one/maxLength", id="length as a flag"),
        pytest.param(with_part(type="string", maxLength=9.5), "#/properties/one/maxLength", id="half a character"),
        pytest.param(with_part(type="string", title="a\nb"), "#/properties/one/title", id="two lines"),
        pytest.param(with_part(type="string", title=5), "#/properties/one/title", id="title as a number"),
        pytest.param(with_part(type="array"), "#/properties/one/items", id="a list of nothing"),
        pytest.param(with_part(type="array", items={"type": "integer"}), "#/properties/one/items/type", id="integers"),
        pytest.param(with_part(type="array", items={"type": "string", "enum": ["permitted"]}),
                     "#/properties/one/items/enum", id="a list of choices"),
        pytest.param(with_part(type="array", items={"type": "string"}, uniqueItems=True),
                     "#/properties/one/uniqueItems", id="unique items"),
        pytest.param(with_part(type="array", items={"type": "string"}, minItems=3, maxItems=2), "#/properties/one",
                     id="more at least than at most"),
        pytest.param(with_part(type="array", items={"type": "string"}, maxItems=21), "#/properties/one",
                     id="too many items"),
        pytest.param(with_part(enum=[]), "#/properties/one/enum", id="no choice"),
        pytest.param(with_part(enum=["permitted", 2]), "#/properties/one/enum", id="a number among the choices"),
        pytest.param(with_part(enum=["permitted", "permitted"]), "#/properties/one/enum", id="a choice twice"),
        pytest.param(with_part(enum=["permitted", " "]), "#/properties/one/enum", id="a blank choice"),
        pytest.param(with_part(enum=["yes", "no"]), "#/properties/one/enum", id="yes and no"),
        pytest.param(with_part(enum=["ja", "nein"]), "#/properties/one/enum", id="ja and nein"),
        pytest.param(with_part(type="integer", enum=["permitted"]), "#/properties/one/type", id="an enum of integers"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_its_place(value: object, place: str) -> None:
    with pytest.raises(FormInvalid) as caught:
        read_form(value if isinstance(value, str) else json.dumps(value))
    assert caught.value.place == place
    assert str(caught.value).startswith(f"{place}: ")


def test_the_schema_for_the_endpoint_is_strict_and_says_what_the_form_says() -> None:
    assert schema_problems(schema(Asked())) == []
    assert schema_problems(schema(Asked(text=True, translation=True))) == []
    composed = schema(Asked(form=form()))
    assert schema_problems(composed) == []
    for part in ("The answer first.", '"permitted with approval"', "2 to 3 items", "at most 60 characters each"):
        assert part in described(Asked(form=form()))
    assert "The answer first." in json.dumps(composed)


def test_what_the_model_writes_and_what_is_read_are_one() -> None:
    asked = Asked(text=True, form=form())
    chosen = (
        Chosen("u1", words="50 EUR", text="Gifts are forbidden.", part="summary"),
        Chosen("u1", part="verdict", value="forbidden"),
        Chosen("u2", part="duties"),
        Chosen("u3", part="duties"),
    )
    text = written(chosen, {"u1": "1", "u2": "2", "u3": "3"}, asked)
    jsonschema.validate(json.loads(text), schema(asked))
    assert read(json.loads(text), {"1": "u1", "2": "u2", "3": "u3"}, asked) == (chosen, 0)


@pytest.mark.parametrize(
    "value",
    [[], {}, {"units": []}, {"summary": "text"}, {"verdict": []}, {"verdict": {"value": "forbidden"}}],
    ids=json.dumps,
)
def test_another_answer_is_none(value: object) -> None:
    with pytest.raises((KeyError, TypeError)):
        read(value, {}, Asked(form=form()))


def test_the_object_is_one_of_the_organisations_schema() -> None:
    answer = answered(
        said("duties", REPORT), said("summary", BAN), said("verdict", BAN, "forbidden"), said("duties", RETURN)
    )
    assert answer is not None
    found = structured(answer)
    assert found == {"summary": BAN, "verdict": "forbidden", "duties": [REPORT, RETURN]}
    jsonschema.validate(found, SCHEMA)
    assert answer.text == f"Summary: {BAN} [1]\nVerdict: forbidden. {BAN} [1]\nDuties:\n• {REPORT} [2]\n• {RETURN} [3]"


def test_no_part_shows_what_is_not_verified() -> None:
    lie = Chosen(UNITS[BAN], text="Gifts above 80 EUR are forbidden.", part="summary")
    unknown = Chosen("elsewhere", part="deadline")
    made = verify(Selection((lie, unknown), True, ModelUse("test")), [SOURCE], form(), compressed=True)
    assert made.answer is not None
    assert made.answer.text == f"Summary: {BAN} [1]"
    assert made.verdicts[0].reason == "“80” does not stand in the quote"


def test_a_list_that_lacks_items_is_shown_and_is_not_in_the_object() -> None:
    answer = answered(said("summary", BAN), said("duties", REPORT))
    assert answer is not None
    assert "The documents carry no more" in answer.text
    assert structured(answer) == {"summary": BAN}
    required = answered(said("summary", BAN), said("duties", REPORT), required=["summary", "duties"])
    assert required is not None and structured(required) is None


def test_nothing_that_fits_is_no_answer() -> None:
    assert answered(said("summary", SMALL)) is None
    assert answered(said("verdict", REPORT, "forbidden")) is None


def test_the_limits_of_a_part_hold() -> None:
    duties = [said("duties", text) for text in (REPORT, RETURN, SELL, THANK)]
    assert reasons(*duties, duties[0]) == ["the part “duties” takes 3 items at most"]
    assert "room for 70 characters" in reasons(said("summary", SMALL))[0]
    assert len(f"{REPORT} {SELL}") <= 70
    assert reasons(said("summary", REPORT), said("summary", SELL)) == []
    assert "room for 70" in reasons(said("summary", REPORT), said("summary", SELL), said("summary", THANK))[0]
    assert "has no part “other”" in reasons(said("other", BAN))[0]
    assert "has no part “”" in reasons(said("", BAN))[0]


@pytest.mark.parametrize(
    ("value", "text", "carried"),
    [
        pytest.param("forbidden", BAN, True, id="its own word"),
        pytest.param("forbidden", SELL, False, id="another word for it"),
        pytest.param("permitted", BAN, False, id="the contrary"),
        pytest.param("permitted", SMALL, False, id="a narrower value stands beside it"),
        pytest.param("accepted with the approval", SMALL, True, id="words of the documents"),
        pytest.param("permitted with approval", SMALL, False, id="words of one's own"),
        pytest.param("permitted with approval", BAN, False, id="the narrower value of the contrary"),
        pytest.param("not required", FLOWERS, True, id="no duty"),
        pytest.param("not required", REPORT, False, id="no duty where there is one"),
        pytest.param("forbidden", REPORT, False, id="a prohibition where there is a duty"),
        pytest.param("forbidden", FLOWERS, False, id="a prohibition where there is no duty"),
        pytest.param("allowed", SMALL, False, id="no value of the form"),
        pytest.param("", BAN, False, id="no value"),
    ],
)
def test_a_value_is_shown_where_its_claim_carries_it(value: str, text: str, carried: bool) -> None:
    answer = answered(said("verdict", text, value), said("summary", BAN))
    assert answer is not None
    assert (value in [p.value for p in answer.parts if p.name == "verdict"]) is carried


@pytest.mark.parametrize(
    ("value", "source", "carried"),
    [
        pytest.param("30 days", "The notice period is 30 days.", True, id="a number"),
        pytest.param("30 days", "The notice period is 60 days.", False, id="another number"),
        pytest.param("30 days", "The notice period is 30 weeks.", False, id="another unit"),
        pytest.param("high risk", "Gambling is rated as high risk.", True, id="a rating"),
        pytest.param("high risk", "Gambling is not rated as high risk.", False, id="a rating denied"),
        pytest.param("high risk", "Gambling is rated as low risk.", False, id="another rating"),
        pytest.param("permitted only if", "Travel is permitted only if booked early.", True, id="a condition"),
        pytest.param("permitted only if", "Travel is permitted.", False, id="no condition"),
        pytest.param("permitted", "Travel is permitted only if booked early.", False, id="a condition left out"),
        pytest.param("required", "Approval is required.", True, id="a duty"),
        pytest.param("required", "Approval is not required.", False, id="a duty denied"),
        pytest.param("not required", "Approval is required.", False, id="a duty where it is denied"),
        pytest.param("erlaubt", "Den Mitarbeitern ist der Handel mit Aktien erlaubt.", True, id="de: its word"),
        pytest.param("erlaubt", "Den Mitarbeitern ist der Handel mit Aktien nicht erlaubt.", False, id="de: denied"),
        pytest.param("30 Tage", "Die Frist für die Zahlung beträgt 30 Tage.", True, id="de: a number"),
        pytest.param("30 Tage", "Die Frist für die Zahlung beträgt 30 Monate.", False, id="de: another unit"),
    ],
)
def test_a_value_counts_as_a_compression(value: str, source: str, carried: bool) -> None:
    choice = read_form(json.dumps(with_part(enum=[value, "something else entirely"])))
    shelf = passage(source, path=("Rules",))
    picked = Chosen(shelf.units[0].id, part="one", value=value)
    made = verify(Selection((picked,), True, ModelUse("test")), [shelf], choice)
    assert (made.answer is not None) is carried, made.verdicts


def test_a_choice_has_one_value() -> None:
    assert reasons(said("verdict", BAN, "forbidden"), said("verdict", FLOWERS, "not required"))[0].startswith(
        "the part “verdict” has another value"
    )
