"""Any endpoint that speaks OpenAI's chat protocol; a fine-tuned model is a name like any other.

Endpoints differ in what they know of a request and in how they wrap an answer; each such behaviour has a line in the
tests. Protocol: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retrieval.errors import GeneratorUnavailable
from retrieval.outbound.over_openai import Endpoint, Named, Pace, RequestRefused
from retrieval.selection import Completion, ModelUse

_LONGEST_NAME = 200
_MOST_TOKENS = 100_000_000
_BEGINS = re.compile(r"[{\[]")
_TRIED = 50  # places of an answer where an object or a list may begin
_READ = 500_000  # characters that are read at all of them together, much more than an answer has
# What an endpoint may not know, the simplest last; None = without it. One that names none is asked for less in this
# order. "apart": the rules as a system message, which some models refuse; "joined": before the question.
_FORMS: dict[str, tuple[str | int | None, ...]] = {
    "response_format": ("json_schema", "json_object", None),
    "temperature": (0, None),
    "tokens": ("max_completion_tokens", "max_tokens", None),
    "system": ("apart", "joined"),
}
_NAMED = Named("model endpoint", "FOOTNOTE_MODEL", "FOOTNOTE_MODEL", "FOOTNOTE_MODEL_TIMEOUT_S", GeneratorUnavailable)


@dataclass(frozen=True, slots=True)
class Limits:
    """`timeout` (seconds) is for one request, `deadline` for all that are made for one answer. Timeouts, 429 and 5xx
    are tried `attempts` times, waiting as the server says, or `pause` seconds and then longer. `tokens` is the most
    an answer may have, `most_bytes` the most that is read of one.
    """

    timeout: float = 20.0
    attempts: int = 3
    pause: float = 0.5
    tokens: int = 2_000
    most_bytes: int = 2_000_000
    deadline: float = 20.0


class ChatEndpoint:
    """Implements `retrieval.ports.Chat`. One client a process: close it at the end."""

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None,
        base_url: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._model = model
        self._limits = limits = limits or Limits()
        pace = Pace(limits.timeout, limits.deadline, limits.attempts, limits.pause)
        self._endpoint = Endpoint(
            _NAMED, model, api_key=api_key, base_url=base_url, pace=pace, most_bytes=limits.most_bytes
        )
        self._where = self._endpoint.where
        self._known = {name: forms[0] for name, forms in _FORMS.items()}

    async def complete(self, messages: Sequence[tuple[str, str]], form: Mapping[str, object]) -> Completion:
        """The JSON that the model says, without what it says around it. Raises GeneratorUnavailable."""
        answer = await self._called(messages, form)
        if not isinstance(answer, dict):
            raise self._nonsense("its answer is no chat completion")
        text = _json_in(self._content(answer))
        usage = answer.get("usage")
        used = usage if isinstance(usage, dict) else {}
        use = ModelUse(
            generator="openai",
            model=_name(answer.get("model")) or self._model,
            parameters=self._parameters(),
            tokens_in=_count(used.get("prompt_tokens")),
            tokens_out=_count(used.get("completion_tokens")),
        )
        return Completion(text, use)

    async def close(self) -> None:
        await self._endpoint.close()

    def _parameters(self) -> dict[str, str | int]:
        kept: dict[str, str | int] = {
            "endpoint": self._where,
            "asked_model": self._model,
            "response_format": str(self._known["response_format"] or "text"),
        }
        if self._known["tokens"] is not None:
            kept[str(self._known["tokens"])] = self._limits.tokens
        if self._known["temperature"] is not None:
            kept["temperature"] = 0
        return kept

    async def _called(self, messages: Sequence[tuple[str, str]], form: Mapping[str, object]) -> object:
        """The answer; asked again with less where the endpoint refuses a request's form."""
        before = dict(self._known)
        try:
            async with asyncio.timeout(self._limits.deadline):
                while True:
                    try:
                        return await self._endpoint.call("/chat/completions", self._body(messages, form))
                    except RequestRefused as refused:
                        if refused.final or not self._less(refused.complaint):
                            self._known = before  # no form helped: it was not the form
                            raise refused.failure from refused
        except TimeoutError as error:
            raise GeneratorUnavailable(
                f"The model endpoint {self._where} does not answer in {self._limits.deadline:.0f} s. Try again later, "
                "or raise FOOTNOTE_MODEL_TIMEOUT_S."
            ) from error

    def _body(self, messages: Sequence[tuple[str, str]], form: Mapping[str, object]) -> dict[str, Any]:
        known = self._known
        said = list(messages)
        if known["system"] == "joined" and len(said) > 1 and said[0][0] == "system":
            said[:2] = [(said[1][0], f"{said[0][1]}\n\n{said[1][1]}")]
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": role, "content": content} for role, content in said],
        }
        if known["tokens"] is not None:
            body[str(known["tokens"])] = self._limits.tokens
        if known["temperature"] is not None:
            body["temperature"] = 0
        if known["response_format"] == "json_schema":
            asked = {"name": "answer", "strict": True, "schema": form}
            body["response_format"] = {"type": "json_schema", "json_schema": asked}
        elif known["response_format"] is not None:
            body["response_format"] = {"type": known["response_format"]}
        return body

    def _less(self, complaint: str) -> bool:
        """Take on the next simpler form, of what the complaint names if it names something; False: there is none."""
        left = [name for name, forms in _FORMS.items() if self._known[name] != forms[-1]]
        if not left:
            return False
        chosen = next((name for name in left if self._named(name, complaint.casefold())), left[0])
        forms = _FORMS[chosen]
        self._known[chosen] = forms[forms.index(self._known[chosen]) + 1]
        return True

    def _named(self, name: str, complaint: str) -> bool:
        now = self._known[name]
        return (name != "tokens" and name in complaint) or (isinstance(now, str) and now in complaint)

    def _content(self, answer: Mapping[str, Any]) -> str:
        choices = answer.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(choice, dict) or not isinstance(message, dict):
            raise self._nonsense("its answer holds no message")
        if choice.get("finish_reason") == "content_filter":
            raise GeneratorUnavailable(
                f"The content filter of {self._where} stopped the answer of model {self._model}. Ask in other words, "
                "or have the filter changed."
            )
        if message.get("refusal"):
            raise GeneratorUnavailable(
                f"Model {self._model} at {self._where} refuses to answer. Ask in other words, or choose another model."
            )
        if choice.get("finish_reason") == "length":
            raise GeneratorUnavailable(
                f"The answer of model {self._model} at {self._where} was cut off at {self._limits.tokens} tokens. "
                "Ask a narrower question, or raise the limit."
            )
        # Some servers take what a reasoning model says for its reasoning.
        content = _text(message.get("content")) or _text(message.get("reasoning_content"))
        if not content:
            raise self._nonsense("its answer is empty")
        return content

    def _nonsense(self, what: str) -> GeneratorUnavailable:
        return GeneratorUnavailable(
            f"Model {self._model} at {self._where} cannot be used: {what}. "
            "Choose a model that can answer in JSON, or check FOOTNOTE_MODEL_BASE_URL."
        )


def _text(content: object) -> str:
    """A message's content: a text, or the texts of its parts."""
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, dict) else part for part in content]
        return "".join(part for part in parts if isinstance(part, str)).strip()
    return content.strip() if isinstance(content, str) else ""


def _json_in(text: str) -> str:
    """The last JSON object in an answer: thoughts, fences and prose stand before or after it. Without one, the last
    list that has its lines for itself; in a sentence "[1]" chooses nothing. Without either, the text.
    """
    try:
        json.loads(text)
        return text
    except (ValueError, RecursionError):
        found = list(_values(text))
    objects = [text[start:end] for start, end in found if text[start] == "{"]
    lists = [text[start:end] for start, end in found if text[start] == "[" and _alone(text, start, end)]
    return next(reversed(objects or lists), text)


def _values(text: str) -> Iterator[tuple[int, int]]:
    """Where objects and lists stand in a text, outermost, in order."""
    decoder = json.JSONDecoder()
    begins, tried, left = _BEGINS.search(text), 0, _READ
    while begins is not None and tried < _TRIED and left > 0:
        at, tried = begins.start(), tried + 1
        try:
            _, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            end, left = at + 1, left - (error.pos - at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield at, end
        begins = _BEGINS.search(text, end)


def _alone(text: str, start: int, end: int) -> bool:
    """Whether nothing else stands on the lines of a value, but the end of the thoughts before it."""
    before = text[:start].rpartition("\n")[2].rpartition("</think>")[2]
    return not before.strip() and not text[end:].partition("\n")[0].strip()


def _name(value: object) -> str:
    """The model's own name of itself, for the record; "" for what is none."""
    return value if isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST_NAME else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value <= _MOST_TOKENS else 0
