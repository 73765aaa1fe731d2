"""The organisation's answer form: a small, documented part of JSON Schema, read and checked here. Pure.

An object whose properties are the parts of an answer. A part is a string, a list of strings or a choice
(`enum`) of strings. Everything else that JSON Schema knows is refused, with the place where it stands:
what the model is asked for, what the gate checks and what scripts get must be one and the same.

Names and meanings: https://json-schema.org/draft/2020-12/json-schema-validation
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from retrieval.errors import FormInvalid
from retrieval.gate.choice import checkable
from retrieval.types import Answer, PartKind

Value: TypeAlias = "str | list[str]"

MOST_PARTS = 20
MOST_CHOICES = 50
MOST_ITEMS = 20
_TITLE = 80  # characters of a title or a choice
_DESCRIPTION = 1_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_SAID = ("title", "description", "$comment")
_FORM_KEYS = ("$schema", "$id", *_SAID, "type", "properties", "required", "additionalProperties")
_PART_KEYS = {
    PartKind.TEXT: (*_SAID, "type", "maxLength"),
    PartKind.LIST: (*_SAID, "type", "items", "minItems", "maxItems"),
    PartKind.CHOICE: (*_SAID, "type", "enum"),
}
_ITEM_KEYS = (*_SAID, "type", "maxLength")


@dataclass(frozen=True, slots=True)
class FormPart:
    """One part. `least` and `most` count the items of a list; `longest` (characters) is for a text, or an item."""

    name: str
    title: str
    description: str
    kind: PartKind
    required: bool
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = MOST_ITEMS
    longest: int | None = None

    def fits(self, value: Value) -> bool:
        """Whether a value is one that the organisation's schema takes here."""
        if isinstance(value, list):
            good = self.kind is PartKind.LIST and self.least <= len(value) <= self.most
            return good and all(self._short(item) for item in value)
        return (
            value in self.choices if self.kind is PartKind.CHOICE else self.kind is PartKind.TEXT and self._short(value)
        )

    def _short(self, text: str) -> bool:
        return self.longest is None or len(text) <= self.longest


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """The parts in the order of the file, and what the organisation says of the whole."""

    parts: tuple[FormPart, ...]
    description: str = ""

    def part(self, name: str) -> FormPart | None:
        return next((p for p in self.parts if p.name == name), None)


def structured(answer: Answer) -> dict[str, Value] | None:
    """The answer as an object that the organisation's schema takes; None where there is no form, or where a
    required part of it is not carried by the documents.
    """
    if not answer.parts or any(p.required and not p.whole for p in answer.parts):
        return None
    found: dict[str, Value] = {}
    for part in answer.parts:
        if part.whole:
            found[part.name] = part.value or value_of(part.kind, [s.text for s in answer.of(part)])
    return found


def value_of(kind: PartKind, texts: Sequence[str]) -> Value:
    """A list as its items, a text as one string."""
    return list(texts) if kind is PartKind.LIST else " ".join(texts)


def read_form(text: str) -> AnswerForm:
    """The form that a JSON Schema describes. Raises FormInvalid, which names the place."""
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise FormInvalid("#", f"it is no JSON: {error}") from error
    root = _object(value, "#")
    _known(root, _FORM_KEYS, "#")
    if root.get("type") != "object":
        raise FormInvalid("#/type", 'an answer form is an object: write "type": "object"')
    if not isinstance(root.get("additionalProperties", False), bool):
        raise FormInvalid("#/additionalProperties", "true or false is understood here")
    properties = _object(root.get("properties"), "#/properties")
    if not 1 <= len(properties) <= MOST_PARTS:
        raise FormInvalid("#/properties", f"a form has 1 to {MOST_PARTS} parts, not {len(properties)}")
    required = _strings(root.get("required", []), "#/required")
    for name in required:
        if name not in properties:
            raise FormInvalid("#/required", f"{name!r} is not among the properties")
    parts = tuple(_part(name, part, name in required) for name, part in properties.items())
    titles = [p.title for p in parts]
    for part in parts:
        if titles.count(part.title) > 1:
            raise FormInvalid(f"#/properties/{part.name}/title", f"two parts have the title {part.title!r}")
    return AnswerForm(parts, _said(root, "description", "#", _DESCRIPTION))


def _part(name: str, value: object, required: bool) -> FormPart:
    place = f"#/properties/{name}"
    if not _NAME.fullmatch(name):
        raise FormInvalid(place, "the name of a part has letters a-z, digits, _ and - (64 at most), and no digit first")
    part = _object(value, place)
    kind = _kind(part, place)
    _known(part, _PART_KEYS[kind], place)
    title = _said(part, "title", place, _TITLE) or name.replace("_", " ").replace("-", " ").capitalize()
    description = _said(part, "description", place, _DESCRIPTION)
    if kind is PartKind.CHOICE:
        return FormPart(name, title, description, kind, required, _choices(part["enum"], f"{place}/enum"))
    if kind is PartKind.TEXT:
        longest = _count(part, "maxLength", place, 1)
        return FormPart(name, title, description, kind, required, longest=longest)
    items = _object(part.get("items"), f"{place}/items")
    _known(items, _ITEM_KEYS, f"{place}/items")
    if items.get("type") != "string":
        raise FormInvalid(f"{place}/items/type", 'the items of a list are strings: write "type": "string"')
    description = " ".join(filter(None, (description, _said(items, "description", f"{place}/items", _DESCRIPTION))))
    least, most = _count(part, "minItems", place, 0) or 0, _count(part, "maxItems", place, 1)
    if least > (most or MOST_ITEMS) or (most or 0) > MOST_ITEMS:
        raise FormInvalid(place, f"minItems is at most maxItems, and maxItems at most {MOST_ITEMS}")
    longest = _count(items, "maxLength", f"{place}/items", 1)
    return FormPart(name, title, description, kind, required, (), least, most or MOST_ITEMS, longest)


def _kind(part: Mapping[str, object], place: str) -> PartKind:
    kind = part.get("type")
    if "enum" in part and kind in ("string", None):
        return PartKind.CHOICE
    if kind == "string":
        return PartKind.TEXT
    if kind == "array":
        return PartKind.LIST
    said = json.dumps(kind) if "type" in part else "nothing"
    raise FormInvalid(
        f"{place}/type", f'a part is a "string", an "array" of strings or an "enum" of strings, not {said}'
    )


def _choices(value: object, place: str) -> tuple[str, ...]:
    choices = _strings(value, place)
    if not 1 <= len(choices) <= MOST_CHOICES:
        raise FormInvalid(place, f"a choice has 1 to {MOST_CHOICES} values, not {len(choices)}")
    for choice in choices:
        if choice != " ".join(choice.split()) or not 0 < len(choice) <= _TITLE:
            raise FormInvalid(place, f"{choice!r} is not 1 to {_TITLE} characters on one line")
        if not checkable(choice):
            raise FormInvalid(
                place, f'{choice!r} says nothing that a quote can carry; say what is so, as in "permitted"'
            )
    return choices


def _strings(value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FormInvalid(place, "a list of strings is understood here")
    if len(set(value)) < len(value):
        raise FormInvalid(place, "a string stands here twice")
    return tuple(value)


def _said(value: Mapping[str, object], key: str, place: str, longest: int) -> str:
    text = value.get(key, "")
    if not isinstance(text, str) or len(text) > longest or not text.isprintable():
        raise FormInvalid(f"{place}/{key}", f"a text of at most {longest} characters on one line is understood here")
    return text.strip()


def _count(value: Mapping[str, object], key: str, place: str, least: int) -> int | None:
    number = value.get(key)
    if number is None and key not in value:
        return None
    if type(number) is not int or number < least:
        raise FormInvalid(f"{place}/{key}", f"a whole number from {least} is understood here")
    return number


def _object(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise FormInvalid(place, "an object is understood here")
    return value


def _known(value: Mapping[str, object], known: Sequence[str], place: str) -> None:
    for key in value:
        if key not in known:
            raise FormInvalid(f"{place}/{key}", f"{key!r} is not understood here; what is: {', '.join(known)}")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"a key stands twice in one object: {next(n for n in names if names.count(n) > 1)!r}")
    return found
