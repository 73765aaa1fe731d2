"""A local server that speaks OpenAI's chat protocol, with a script of answers; for the real client.

It checks what it receives as the real endpoint does: the request's parameters, and the schema that the
answer must have, by the rules of strict structured outputs
(https://platform.openai.com/docs/guides/structured-outputs/supported-schemas).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import jsonschema
from aiohttp import web

Body = Mapping[str, Any]
Answer = Callable[[Body], Awaitable[web.StreamResponse]]


class ModelServer:
    """`async with ModelServer(answer, ...) as server`: answers in turn, the last one for ever.

    `requests` are the bodies that arrived, `keys` the Authorization headers. A request that the real endpoint
    would refuse is answered with 400, and fails the test at the end of the block.
    """

    def __init__(self, *script: Answer) -> None:
        self._script = list(script)
        self.requests: list[Body] = []
        self.keys: list[str] = []
        self.refused: list[str] = []
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> ModelServer:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if kind is None and self.refused:
            raise AssertionError(f"the endpoint was sent what it refuses: {self.refused}")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        if problems := request_problems(self.requests[-1]):
            self.refused += problems
            return await fails(400, "; ".join(problems))(self.requests[-1])
        answer = self._script[0] if len(self._script) == 1 else self._script.pop(0)
        return await answer(self.requests[-1])


_PARAMETERS = {"model", "messages", "max_completion_tokens", "max_tokens", "response_format", "temperature"}
_KEYWORDS = {
    "type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "$ref", "$defs", "description",
}  # fmt: skip
_DEEPEST = 10
_MOST_PROPERTIES = 5_000
_MOST_VALUES = 1_000


def request_problems(body: Body) -> list[str]:
    """What the endpoint refuses in a request; [] when nothing."""
    found = [f"unknown parameter {name}" for name in body if name not in _PARAMETERS]
    if not isinstance(body.get("model"), str) or not body["model"]:
        found.append("model is no name")
    for at, message in enumerate(body.get("messages") or [{}]):
        if message.get("role") not in ("system", "user", "assistant") or not isinstance(message.get("content"), str):
            found.append(f"messages[{at}] is no message")
    form = body.get("response_format")
    if form is None or form == {"type": "json_object"}:
        return found
    asked = form.get("json_schema") if form.get("type") == "json_schema" else None
    if not isinstance(asked, dict) or set(asked) != {"name", "strict", "schema"} or asked["strict"] is not True:
        return [*found, "response_format is no strict json_schema"]
    return found + schema_problems(asked["schema"])


def schema_problems(schema: Any) -> list[str]:
    """What strict structured outputs refuse in a schema."""
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        return [f"no JSON Schema: {error.message}"]
    found = [] if schema.get("type") == "object" else ["the root is no object"]
    counts = {"properties": 0, "values": 0}
    _walk(schema, "#", 0, schema.get("$defs", {}), found, counts)
    if counts["properties"] > _MOST_PROPERTIES or counts["values"] > _MOST_VALUES:
        found.append(f"too large: {counts}")
    return found


def _walk(part: Any, place: str, depth: int, defs: Any, found: list[str], counts: dict[str, int]) -> None:
    if depth > _DEEPEST:
        found.append(f"{place}: nested deeper than {_DEEPEST}")
        return
    found += [f"{place}: {key} is not supported" for key in part if key not in _KEYWORDS]
    if not {"type", "anyOf", "$ref"} & set(part):
        found.append(f"{place}: has no type")
    if part.get("type") == "object":
        properties = part.get("properties", {})
        counts["properties"] += len(properties)
        if part.get("additionalProperties") is not False:
            found.append(f"{place}: additionalProperties must be false")
        if sorted(part.get("required", [])) != sorted(properties):
            found.append(f"{place}: required must name every property")
        for name, inner in properties.items():
            _walk(inner, f"{place}/{name}", depth + 1, defs, found, counts)
    counts["values"] += len(part.get("enum", []))
    if part.get("type") == "array" and "items" not in part:
        found.append(f"{place}: an array without items")
    for key in ("anyOf", "items"):
        inner = part.get(key, [])
        for one in inner if isinstance(inner, list) else [inner]:
            _walk(one, f"{place}/{key}", depth + (key == "items"), defs, found, counts)
    if "$ref" in part:
        name = str(part["$ref"]).removeprefix("#/$defs/")
        if name not in defs:
            found.append(f"{place}: {part['$ref']} is not defined")
        elif len(part) > 1:
            found.append(f"{place}: $ref stands with other keywords")
        else:
            _walk(defs[name], f"{place}/{name}", depth, defs, found, counts)


def completion(content: str | None, *, finish: str = "stop", refusal: str | None = None, model: str = "tiny") -> Body:
    """The body of a chat completion (https://platform.openai.com/docs/api-reference/chat/object)."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_770_000_000,
        "model": model,
        "choices": [{"index": 0, "finish_reason": finish, "logprobs": None, "message": message}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


def says(content: str | None, **options: Any) -> Answer:
    """An answer with this content, whatever is asked."""

    async def answer(body: Body) -> web.StreamResponse:
        return web.json_response(completion(content, **options))

    return answer


Picked = int | tuple[int, Mapping[str, str]]
"""The number of a unit, or with it what else is said of the unit."""


def picks(*units: Picked) -> Answer:
    """An answer that names units; the endpoint checks it against the schema where it was sent one."""

    async def answer(body: Body) -> web.StreamResponse:
        keys = _unit_keys(body)
        return _checked(body, {"units": [_picked(unit, keys) for unit in units]})

    return answer


def parts(**said: Any) -> Answer:
    """An answer in parts of a form: a list of units, a pair of a value and such a list, or None. Keys of the schema
    that are not named are null; the endpoint checks the whole against the schema.
    """

    async def answer(body: Body) -> web.StreamResponse:
        keys = _unit_keys(body)
        value: dict[str, Any] = dict.fromkeys(body["response_format"]["json_schema"]["schema"]["properties"])
        for name, filled in said.items():
            listed = filled[1] if isinstance(filled, tuple) else filled
            units = listed and [_picked(unit, keys) for unit in listed]
            value[name] = {"value": filled[0], "units": units} if isinstance(filled, tuple) else units
        return _checked(body, value)

    return answer


def _unit_keys(body: Body) -> list[str]:
    asked = body.get("response_format", {}).get("json_schema", {}).get("schema", {}).get("$defs", {})
    return [key for key in asked.get("unit", {"properties": {}})["properties"] if key != "id"]


def _picked(unit: Picked, keys: Sequence[str]) -> dict[str, Any]:
    number, said = unit if isinstance(unit, tuple) else (unit, {})
    return {"id": number, **dict.fromkeys(keys), **said}


def _checked(body: Body, value: Any) -> web.StreamResponse:
    form = body.get("response_format", {})
    if "json_schema" in form:
        jsonschema.validate(value, form["json_schema"]["schema"])
    return web.json_response(completion(json.dumps(value)))


def fails(status: int, message: str = "no", *, headers: Mapping[str, str] | None = None, **error: Any) -> Answer:
    """An error in the protocol's form."""

    async def answer(body: Body) -> web.StreamResponse:
        value = {"error": {"message": message, "type": "error", "param": None, "code": None, **error}}
        return web.json_response(value, status=status, headers=headers)

    return answer


def raw(text: str, content_type: str = "application/json") -> Answer:
    """A body as it is."""

    async def answer(body: Body) -> web.StreamResponse:
        return web.Response(text=text, content_type=content_type)

    return answer


def prompted(body: Body) -> str:
    """Everything that the model was sent, as one text."""
    return "\n".join(str(m["content"]) for m in body["messages"])
