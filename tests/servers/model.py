"""A local server that speaks OpenAI's chat protocol, with a script of answers; for the real client."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from aiohttp import web

Body = Mapping[str, Any]
Answer = Callable[[Body], Awaitable[web.StreamResponse]]


class ModelServer:
    """`async with ModelServer(answer, ...) as server`: answers in turn, the last one for ever.

    `requests` are the bodies that arrived, `keys` the Authorization headers.
    """

    def __init__(self, *script: Answer) -> None:
        self._script = list(script)
        self.requests: list[Body] = []
        self.keys: list[str] = []
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

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        answer = self._script[0] if len(self._script) == 1 else self._script.pop(0)
        return await answer(self.requests[-1])


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


def claims(*said: tuple[str, Sequence[tuple[str, str]]]) -> Answer:
    """An answer of claims: (text, ((passage, quote), ...))."""
    value = [{"text": text, "quotes": [{"passage": p, "quote": q} for p, q in quotes]} for text, quotes in said]
    return says(json.dumps({"claims": value}))


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
