"""The JSON in which a language model chooses: its schema, what the prompt says of it, and reading it. Pure.

Without a form it is a list of units, each named by its number. With the organisation's form it is an object with
its parts, and in each part the units that fill it.
https://platform.openai.com/docs/guides/structured-outputs (strict: every key required, absent parts null)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from retrieval.answer_form import AnswerForm, FormPart
from retrieval.selection import Chosen
from retrieval.types import PartKind

_MOST_UNITS = 20  # of an answer, or of a part
_LONGEST = 8_000  # characters of a text: more than a whole answer may have tokens for
_NUMBER = re.compile(r"\D{0,8}(\d{1,6})\D{0,8}")  # 3, "3", "[3]", "unit 3"

_TEXT: dict[str, object] = {"type": "string"}
_UNITS: dict[str, object] = {"type": "array", "items": {"$ref": "#/$defs/unit"}}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a model is asked to say of each unit beside its number, and the organisation's form."""

    text: bool = False
    translation: bool = False
    form: AnswerForm | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The texts that stand beside a unit's number."""
        return ("words", *(["text"] if self.text else []), *(["translation"] if self.translation else []))


def schema(asked: Asked) -> dict[str, object]:
    """The JSON schema of an answer, in the terms that strict structured outputs know."""
    optional = {"anyOf": [_TEXT, {"type": "null"}]}
    unit = _closed({"id": {"type": "integer"}, **dict.fromkeys(asked.keys, optional)})
    form = asked.form
    parts = {"units": _UNITS} if form is None else {part.name: _part(part) for part in form.parts}
    return {**_closed(parts), "$defs": {"unit": unit}}


def _part(part: FormPart) -> dict[str, object]:
    filled = _UNITS
    if part.kind is PartKind.CHOICE:
        filled = _closed({"value": {"type": "string", "enum": [*part.choices]}, "units": _UNITS})
    return {"anyOf": [filled, {"type": "null"}], "description": ". ".join(filter(None, (part.title, part.description)))}


def _closed(properties: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {**properties},
        "required": [*properties],
        "additionalProperties": False,
    }


def described(asked: Asked) -> str:
    """The form in words, for the prompt: endpoints that know no JSON schema read it there."""
    unit = "{" + ", ".join(['"id": 3', *(f'"{key}": "..." or null' for key in asked.keys)]) + "}"
    form = asked.form
    if form is None:
        return f'{{"units": [{unit}, ...]}}'
    keys = ", ".join(f"{json.dumps(p.name)}: {_shown(p)}" for p in form.parts)
    lines = [f"{{{keys}}}", f"where each UNIT is {unit}", "", form.description, "The parts:"]
    lines += [f"- {part.name}: {_meaning(part)}" for part in form.parts]
    lines += [
        "",
        "Every part is filled by the units that say it; a part of which they say nothing is null. "
        "A value is chosen only where its own words stand in a unit of that part.",
    ]
    return "\n".join(line for at, line in enumerate(lines) if line or at in (2, len(lines) - 2))


def _shown(part: FormPart) -> str:
    if part.kind is PartKind.CHOICE:
        return '{"value": VALUE, "units": [UNIT, ...]} or null'
    return "[UNIT, ...] or null"


def _meaning(part: FormPart) -> str:
    limits = {
        PartKind.TEXT: "one text",
        PartKind.LIST: f"a list, one unit an item, {part.least} to {part.most} items",
        PartKind.CHOICE: f"VALUE is one of {json.dumps(part.choices, ensure_ascii=False)}",
    }[part.kind]
    if part.longest is not None:
        limits += f", of at most {part.longest} characters{' each' if part.kind is PartKind.LIST else ''}"
    needed = "required" if part.required else "optional"
    return f"{part.title} ({limits}; {needed}). {part.description}".strip()


def read(value: object, names: Mapping[str, str], asked: Asked) -> tuple[tuple[Chosen, ...], int]:
    """What a model's answer chooses, and how many of its items count for nothing: they name no unit that it was shown,
    or stand behind the first twenty.

    `names` are ids of units by their numbers. Raises KeyError, TypeError or ValueError where the answer has another
    form than asked for; a bad item among good ones falls alone.
    """
    form = asked.form
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and "id" not in value[0]:
        value = value[0]  # the whole answer in a list
    if form is None:
        return _units(value["units"] if isinstance(value, dict) else value, names, asked)
    answer = _object(value)
    if not any(part.name in answer for part in form.parts):
        raise KeyError("no part of the form is in the answer")
    found: list[Chosen] = []
    strange = 0
    for part in form.parts:
        filled = answer.get(part.name)  # endpoints without strict schemas leave out what is null
        if filled is None:
            continue
        chosen = ""
        if part.kind is PartKind.CHOICE:
            filled = _object(filled)
            if filled.get("value") is None:
                continue
            chosen, filled = _text(filled["value"]), filled["units"]
        units, missed = _units(filled, names, asked, part.name, chosen)
        found, strange = [*found, *units], strange + missed
    return tuple(found), strange


def _units(
    value: object, names: Mapping[str, str], asked: Asked, part: str = "", chosen: str = ""
) -> tuple[tuple[Chosen, ...], int]:
    listed = _list(value)
    read = (_unit(item, names, asked, part, chosen) for item in listed[:_MOST_UNITS])
    units = [unit for unit in read if unit is not None]
    return tuple(units), len(listed) - len(units)


def _unit(item: object, names: Mapping[str, str], asked: Asked, part: str, chosen: str) -> Chosen | None:
    """A unit by its number alone, or as an object; None for what names none. Texts that are none count as not said."""
    held = item if isinstance(item, dict) else {"id": item}
    id_ = names.get(_number(held.get("id")))
    if id_ is None:
        return None
    said = {key: _said(held.get(key)) for key in asked.keys}
    return Chosen(
        id_,
        words=said.get("words", ""),
        text=said.get("text", ""),
        translation=said.get("translation", ""),
        part=part,
        value=chosen,
    )


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return ""
    named = _NUMBER.fullmatch(str(value).strip())
    return str(int(named[1])) if named else ""


def _said(value: object) -> str:
    try:
        return _text(value)
    except (TypeError, ValueError):
        return ""


def written(chosen: Iterable[Chosen], names: Mapping[str, str], asked: Asked) -> str:
    """What was chosen as the model must write it; `names` are the numbers of units by their ids."""
    listed = list(chosen)
    if asked.form is None:
        answer: dict[str, object] = {"units": [_written(one, names, asked) for one in listed]}
    else:
        parts = asked.form.parts
        answer = {p.name: _filled(p, [c for c in listed if c.part == p.name], names, asked) for p in parts}
    return json.dumps(answer, ensure_ascii=False)


def _filled(part: FormPart, chosen: Sequence[Chosen], names: Mapping[str, str], asked: Asked) -> object:
    if not chosen:
        return None
    said = [_written(one, names, asked) for one in chosen]
    return {"value": chosen[0].value, "units": said} if part.kind is PartKind.CHOICE else said


def _written(chosen: Chosen, names: Mapping[str, str], asked: Asked) -> dict[str, object]:
    held = {"words": chosen.words, "text": chosen.text, "translation": chosen.translation}
    return {"id": int(names[chosen.unit]), **{key: held[key] or None for key in asked.keys}}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a string was asked for, not {type(value).__name__}")
    if len(value) > _LONGEST:
        raise ValueError(f"a string of {len(value)} characters; {_LONGEST} are the most")
    if "\0" in value:
        raise ValueError("a string with a character that no text has")
    value.encode()  # refuses half a character, which the log could not hold
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"a list was asked for, not {type(value).__name__}")
    return value


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"an object was asked for, not {type(value).__name__}")
    return value
