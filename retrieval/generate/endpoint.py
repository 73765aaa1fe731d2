"""Any endpoint that speaks OpenAI's chat protocol; a fine-tuned model is a name like any other.

Protocol: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import openai
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from retrieval.errors import GeneratorUnavailable
from retrieval.outbound.addresses import shown
from retrieval.outbound.over_httpx import AnswerRefused, BoundedClient
from retrieval.types import Completion, ModelUse

_LONGEST_NAME = 200
_MOST_TOKENS = 100_000_000
_LONGEST_WAIT = 20.0  # seconds; a person waits in the thread: a longer Retry-After is an outage
# What an endpoint may not know; it is asked again with the next form, None = without the parameter.
_FORMS: dict[str, tuple[object, ...]] = {
    "response_format": ("json_schema", "json_object", None),
    "temperature": (0, None),
}


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
        self._known: dict[str, object] = {name: forms[0] for name, forms in _FORMS.items()}

    async def complete(self, messages: Sequence[tuple[str, str]], form: Mapping[str, object]) -> Completion:
        """What the model says, without the fences that some put around JSON. Raises GeneratorUnavailable."""
        answer = await self._called(messages, form)
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
            tokens_in=_count(used[0]),
            tokens_out=_count(used[1]),
        )
        return Completion(content.strip().removeprefix("```json").removeprefix("```").removesuffix("```"), use)

    async def close(self) -> None:
        await self._client.close()

    def _parameters(self) -> dict[str, str | int]:
        kept: dict[str, str | int] = {
            "endpoint": self._where,
            "asked_model": self._model,
            "max_completion_tokens": self._limits.tokens,
            "response_format": str(self._known["response_format"] or "text"),
        }
        if self._known["temperature"] is not None:
            kept["temperature"] = 0
        return kept

    async def _called(self, messages: Sequence[tuple[str, str]], form: Mapping[str, object]) -> ChatCompletion:
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
                        answer = await self._create(messages, form)
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

    async def _create(self, messages: Sequence[tuple[str, str]], form: Mapping[str, object]) -> ChatCompletion:
        """One request; again with less where the endpoint says that it does not know a parameter."""
        said: list[Any] = [{"role": role, "content": content} for role, content in messages]
        for _ in range(4):
            try:
                answer: ChatCompletion = await self._client.chat.completions.create(
                    model=self._model,
                    messages=said,
                    max_completion_tokens=self._limits.tokens,
                    **self._optional(form),
                )
                return answer
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if not self._less(str(error.param or error.message)):
                    raise
        raise GeneratorUnavailable(f"The model endpoint {self._where} refuses every form of request.")

    def _optional(self, form: Mapping[str, object]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self._known["temperature"] is not None:
            found["temperature"] = 0
        if self._known["response_format"] == "json_schema":
            asked = {"name": "answer", "strict": True, "schema": form}
            found["response_format"] = {"type": "json_schema", "json_schema": asked}
        elif self._known["response_format"] is not None:
            found["response_format"] = {"type": "json_object"}
        return found

    def _less(self, complaint: str) -> bool:
        for name, forms in _FORMS.items():
            now = self._known[name]
            if name in complaint and now is not None:
                self._known[name] = forms[forms.index(now) + 1]
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
