"""Answers from any endpoint that speaks OpenAI's chat protocol; a fine-tuned model is a name like any other.

Protocol: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import openai
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from retrieval.errors import GeneratorUnavailable
from retrieval.generate.prompt import HouseStyle, Prompt, prompt, repair
from retrieval.generate.wire import read, schema
from retrieval.outbound.addresses import shown
from retrieval.outbound.over_httpx import AnswerRefused, BoundedClient
from retrieval.types import Claim, Draft, ModelUse, Passage, Question, Verdict

_LONGEST_NAME = 200
_MOST_TOKENS = 100_000_000
_LONGEST_WAIT = 20.0  # seconds; a person waits in the thread: a longer Retry-After is an outage
# What an endpoint may not know; it is asked again with the next form, None = without the parameter.
_DROPPABLE: dict[str, tuple[object, ...]] = {"response_format": ({"type": "json_object"}, None), "temperature": (None,)}


@dataclass(frozen=True, slots=True)
class Limits:
    """`timeout` (seconds) is for one request, `deadline` for all that are made for one answer. Timeouts, 429 and 5xx
    are tried `attempts` times, waiting as Retry-After says, or `pause` seconds and then longer. `tokens` is the most
    an answer may have, `most_bytes` the most that is read of one.
    """

    timeout: float = 30.0
    attempts: int = 3
    pause: float = 0.5
    tokens: int = 2_000
    most_bytes: int = 2_000_000
    deadline: float = 60.0


class OpenAIGenerator:
    """Implements the Generator port, and `repair` for a second round. One client a process: close it at the end."""

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None,
        base_url: str | None = None,
        style: HouseStyle | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._model = model
        self._style = style or HouseStyle()
        self._limits = limits or Limits()
        # The retries are ours: the client's own would multiply with them.
        self._client = AsyncOpenAI(
            api_key=api_key or "none",
            base_url=base_url,
            max_retries=0,
            http_client=BoundedClient(deadline=self._limits.timeout, most_bytes=self._limits.most_bytes),
        )
        self._backoff = wait_random_exponential(multiplier=self._limits.pause, max=_LONGEST_WAIT)
        self._where = shown(str(self._client.base_url))
        asked = {"name": "answer", "strict": True, "schema": schema(self._style.form)}
        form = {"type": "json_schema", "json_schema": asked}
        self._optional: dict[str, Any] = {"response_format": form, "temperature": 0}

    async def draft(self, question: Question, passages: Sequence[Passage]) -> Draft:
        """Claims with quotes from these passages; no passages, no call. Raises GeneratorUnavailable."""
        asked = prompt(question, passages, self._style)
        if not passages:
            return Draft((), ModelUse("openai", self._model, template_sha256=asked.template_sha256))
        return await self._complete(asked)

    async def repair(
        self, question: Question, passages: Sequence[Passage], draft: Draft, verdicts: Sequence[Verdict]
    ) -> Draft:
        """New claims for those that fell. Raises GeneratorUnavailable."""
        return await self._complete(repair(prompt(question, passages, self._style), draft, verdicts))

    async def close(self) -> None:
        await self._client.close()

    async def _complete(self, asked: Prompt) -> Draft:
        answer = await self._called(asked)
        try:
            content = self._content(answer)
            usage = answer.usage
            used = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
        except (AttributeError, TypeError, LookupError) as error:  # the client checks nothing of an answer's form
            raise self._nonsense("its answer is no chat completion") from error
        use = ModelUse(
            generator="openai",
            model=_name(answer.model) or self._model,
            parameters=self._parameters(),
            template_sha256=asked.template_sha256,
            prompt_sha256=asked.prompt_sha256,
            tokens_in=_count(used[0]),
            tokens_out=_count(used[1]),
        )
        return Draft(self._claims(content, asked), use)

    def _parameters(self) -> dict[str, str | int]:
        form = self._optional.get("response_format") or {"type": "text"}
        kept: dict[str, str | int] = {
            "endpoint": self._where,
            "asked_model": self._model,
            "max_completion_tokens": self._limits.tokens,
            "response_format": str(form["type"]),
        }
        if self._optional.get("temperature") is not None:
            kept["temperature"] = int(self._optional["temperature"])
        return kept

    async def _called(self, asked: Prompt) -> ChatCompletion:
        retrying = AsyncRetrying(
            retry=retry_if_exception(_passing),
            stop=stop_after_attempt(self._limits.attempts),
            wait=self._wait,
            reraise=True,
        )
        try:
            async with asyncio.timeout(self._limits.deadline):
                async for attempt in retrying:
                    with attempt:
                        answer = await self._create(asked)
        except TimeoutError as error:
            raise GeneratorUnavailable(
                f"The model endpoint {self._where} does not answer in {self._limits.deadline:.0f} s. Try again later, "
                "or raise FOOTNOTE_MODEL_TIMEOUT_S."
            ) from error
        except openai.OpenAIError as error:
            raise self._translated(error) from error
        except (
            ValueError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:  # of a broken body
            raise self._nonsense("its answer is no JSON") from error
        if not isinstance(answer, ChatCompletion):
            raise self._nonsense("its answer is no chat completion")
        return answer

    async def _create(self, asked: Prompt) -> ChatCompletion:
        """One request; again with less where the endpoint says that it does not know a parameter."""
        messages: list[Any] = [{"role": role, "content": content} for role, content in asked.messages]
        for _ in range(4):
            extra = {name: value for name, value in self._optional.items() if value is not None}
            try:
                answer: ChatCompletion = await self._client.chat.completions.create(
                    model=self._model, messages=messages, max_completion_tokens=self._limits.tokens, **extra
                )
                return answer
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if not self._less(str(error.param or error.message)):
                    raise
        raise GeneratorUnavailable(f"The model endpoint {self._where} refuses every form of request.")

    def _less(self, complaint: str) -> bool:
        for name, forms in _DROPPABLE.items():
            now = self._optional[name]
            if name in complaint and now is not None:
                self._optional[name] = forms[forms.index(now) + 1] if now in forms else forms[0]
                return True
        return False

    def _content(self, answer: ChatCompletion) -> str:
        choice = answer.choices[0] if answer.choices else None
        if choice is None or choice.message is None:
            raise self._nonsense("its answer holds no message")
        if choice.message.refusal or choice.finish_reason == "content_filter":
            raise GeneratorUnavailable(
                f"Model {self._model} at {self._where} refuses to answer. Ask in other words, or choose another model."
            )
        if choice.finish_reason == "length":
            raise GeneratorUnavailable(
                f"The answer of model {self._model} at {self._where} was cut off at {self._limits.tokens} tokens. "
                "Ask a narrower question, or raise the limit."
            )
        if not isinstance(choice.message.content, str) or not choice.message.content.strip():
            raise self._nonsense("its answer is empty")
        return choice.message.content

    def _claims(self, content: str, asked: Prompt) -> tuple[Claim, ...]:
        """The claims of an answer's JSON."""
        text = content.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self._nonsense("its answer is no JSON") from error
        try:
            return read(value, dict(asked.names), asked.form)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise self._nonsense("its JSON has another form than asked for") from error

    def _nonsense(self, what: str) -> GeneratorUnavailable:
        return GeneratorUnavailable(
            f"Model {self._model} at {self._where} cannot be used: {what}. "
            "Choose a model that can answer in JSON, or check FOOTNOTE_MODEL_BASE_URL."
        )

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = _retry_after(error) if isinstance(error, openai.APIStatusError) else None
        return float(self._backoff(state)) if asked is None else asked

    def _translated(self, error: openai.OpenAIError) -> GeneratorUnavailable:
        """The one table from the client's errors to ours; the most special first."""
        table: tuple[tuple[type[openai.OpenAIError], str, str], ...] = (
            (openai.APITimeoutError, "does not answer in time", "Try again later, or raise FOOTNOTE_MODEL_TIMEOUT_S."),
            (openai.APIResponseValidationError, "answers nonsense", "Check FOOTNOTE_MODEL_BASE_URL."),
            (openai.APIConnectionError, "cannot be reached", "Check FOOTNOTE_MODEL_BASE_URL and the network."),
            (openai.AuthenticationError, "refuses the key", "Check FOOTNOTE_MODEL_API_KEY."),
            (openai.PermissionDeniedError, "refuses the key", "Give the key the right to use this model."),
            (openai.NotFoundError, f"does not know model {self._model}", "Check FOOTNOTE_MODEL."),
            (openai.RateLimitError, "limits the rate", "Try again later, or ask the provider for a higher limit."),
            (
                openai.BadRequestError,
                "refuses the request",
                "Check FOOTNOTE_MODEL; the passages may be too long for it.",
            ),
            (openai.APIStatusError, "fails", "Try again later; ask the endpoint's operator if it stays."),
            (openai.OpenAIError, "answers nonsense", "Check that FOOTNOTE_MODEL_BASE_URL speaks OpenAI's protocol."),
        )
        what, then = next((what, then) for kind, what, then in table if isinstance(error, kind))
        if isinstance(error.__cause__, AnswerRefused):
            what, then = f"answers what is not read: {error.__cause__}", "Check FOOTNOTE_MODEL_BASE_URL."
        status = f" (HTTP {error.status_code})" if isinstance(error, openai.APIStatusError) else ""
        if isinstance(error, openai.APIStatusError) and error.status_code < 400:
            what, then = "answers with a redirect, which is not followed", "Set FOOTNOTE_MODEL_BASE_URL to its target."
        return GeneratorUnavailable(f"The model endpoint {self._where} {what}{status}. {then}")


def _passing(error: BaseException) -> bool:
    """Whether trying again may help. A spent quota says 429 too, and does not pass."""
    if isinstance(error, openai.APIStatusError):
        wait = _retry_after(error)
        spent = error.code == "insufficient_quota"
        return (
            not spent and (error.status_code in (408, 429) or error.status_code >= 500) and (wait or 0) <= _LONGEST_WAIT
        )
    refused = isinstance(error.__cause__, AnswerRefused)
    return isinstance(error, openai.APIConnectionError) and not refused  # timeouts are a kind of it


def _name(value: object) -> str:
    """The model's own name of itself, for the record; "" for what is none."""
    return value if isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST_NAME else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value <= _MOST_TOKENS else 0


def _retry_after(error: openai.APIStatusError) -> float | None:
    """Seconds to wait as the server asked (RFC 9110, 10.2.3; the form in seconds), None when it did not."""
    value = error.response.headers.get("retry-after", "")
    return float(value) if value.isdigit() else None
