"""The JSON that a model answers with: its schema, what the prompt says of it, and both ways of reading it. Pure.

Without a form it is a list of claims. With the organisation's form it is an object with its parts, and in each
part the claims that fill it: what is shown of a part has passed the quote gate like everything else.
https://platform.openai.com/docs/guides/structured-outputs (strict: every key required, absent parts null)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from retrieval.answer_form import AnswerForm, FormPart
from retrieval.types import Claim, PartKind, Quote

_MOST_CLAIMS = 20  # of an answer, or of a part
_MOST_QUOTES = 10
_LONGEST = 8_000  # characters of a claim or quote: more than a whole answer may have tokens for

_TEXT: dict[str, object] = {"type": "string"}
_CLAIMS: dict[str, object] = {"type": "array", "items": {"$ref": "#/$defs/claim"}}


def schema(form: AnswerForm | None = None) -> dict[str, object]:
    """The JSON schema of an answer, in the terms that strict structured outputs know."""
    quote = _closed({"passage": _TEXT, "quote": _TEXT})
    source = {"anyOf": [_TEXT, {"type": "null"}], "description": "text in the language of the quotes, or null"}
    claim = _closed({"text": _TEXT, "source_text": source, "quotes": {"type": "array", "items": quote}})
    parts = {"claims": _CLAIMS} if form is None else {part.name: _part(part) for part in form.parts}
    return {**_closed(parts), "$defs": {"claim": claim}}


def _part(part: FormPart) -> dict[str, object]:
    filled = _CLAIMS
    if part.kind is PartKind.CHOICE:
        filled = _closed({"value": {"type": "string", "enum": [*part.choices]}, "claims": _CLAIMS})
    return {"anyOf": [filled, {"type": "null"}], "description": ". ".join(filter(None, (part.title, part.description)))}


def _closed(properties: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {**properties},
        "required": [*properties],
        "additionalProperties": False,
    }


_CLAIM = '{"text": "...", "source_text": "..." or null, "quotes": [{"passage": "P1", "quote": "..."}]}'


def described(form: AnswerForm | None = None) -> str:
    """The form in words, for the prompt: endpoints that know no JSON schema read it there."""
    if form is None:
        return f'{{"claims": [{_CLAIM}]}}'
    keys = ", ".join(f"{json.dumps(p.name)}: {_shown(p)}" for p in form.parts)
    lines = [f"{{{keys}}}", f"where each CLAIM is {_CLAIM}", "", form.description, "The parts:"]
    lines += [f"- {part.name}: {_meaning(part)}" for part in form.parts]
    lines += [
        "",
        "Every part is filled from the passages alone, by claims as above; a part of which they say nothing is null. "
        "A value is chosen only where its own words, or the same duty, stand in a claim of that part.",
    ]
    return "\n".join(line for at, line in enumerate(lines) if line or at in (2, len(lines) - 2))


def _shown(part: FormPart) -> str:
    if part.kind is PartKind.CHOICE:
        return '{"value": VALUE, "claims": [CLAIM, ...]} or null'
    return "[CLAIM, ...] or null"


def _meaning(part: FormPart) -> str:
    limits = {
        PartKind.TEXT: "one text",
        PartKind.LIST: f"a list, one claim an item, {part.least} to {part.most} items",
        PartKind.CHOICE: f"VALUE is one of {json.dumps(part.choices, ensure_ascii=False)}",
    }[part.kind]
    if part.longest is not None:
        limits += f", of at most {part.longest} characters{' each' if part.kind is PartKind.LIST else ''}"
    needed = "required" if part.required else "optional"
    return f"{part.title} ({limits}; {needed}). {part.description}".strip()


def read(value: object, names: Mapping[str, str], form: AnswerForm | None = None) -> tuple[Claim, ...]:
    """The claims of a model's answer; short passage names become ids, unknown ones stay as they are.

    Raises KeyError, TypeError or ValueError where it has another form than asked for.
    """
    answer = _object(value)
    if form is None:
        return _claims(answer["claims"], names)
    if not any(part.name in answer for part in form.parts):
        raise KeyError("no part of the form is in the answer")
    found: list[Claim] = []
    for part in form.parts:
        filled = answer.get(part.name)  # endpoints without strict schemas leave out what is null
        if filled is None:
            continue
        chosen = ""
        if part.kind is PartKind.CHOICE:
            filled = _object(filled)
            if filled.get("value") is None:
                continue
            chosen, filled = _text(filled["value"]), filled["claims"]
        found += _claims(filled, names, part.name, chosen)
    return tuple(found)


def _claims(value: object, names: Mapping[str, str], part: str = "", chosen: str = "") -> tuple[Claim, ...]:
    return tuple(
        Claim(
            _text(claim["text"]),
            tuple(
                Quote(names.get(_text(quote["passage"]), _text(quote["passage"])), _text(quote["quote"]))
                for quote in map(_object, _list(claim["quotes"])[:_MOST_QUOTES])
            ),
            part,
            chosen,
            _text(claim.get("source_text") or ""),
        )
        for claim in map(_object, _list(value)[:_MOST_CLAIMS])
    )


def written(claims: Iterable[Claim], names: Mapping[str, str], form: AnswerForm | None = None) -> str:
    """Claims as the model must write them; `names` are the short names of passages by id."""
    listed = list(claims)
    if form is None:
        answer: dict[str, object] = {"claims": [_written(claim, names) for claim in listed]}
    else:
        answer = {part.name: _filled(part, [c for c in listed if c.part == part.name], names) for part in form.parts}
    return json.dumps(answer, ensure_ascii=False)


def _filled(part: FormPart, claims: list[Claim], names: Mapping[str, str]) -> object:
    if not claims:
        return None
    said = [_written(claim, names) for claim in claims]
    return {"value": claims[0].value, "claims": said} if part.kind is PartKind.CHOICE else said


def _written(claim: Claim, names: Mapping[str, str]) -> dict[str, object]:
    quotes = [{"passage": names.get(q.passage_id, q.passage_id), "quote": q.text} for q in claim.quotes]
    return {"text": claim.text, "source_text": claim.source_text or None, "quotes": quotes}


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
