"""What a selector, or a language model, said, and how it was asked: frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What chose, and worded, an answer: for the audit record."""

    generator: str  # "extractive" | "openai"
    model: str = ""
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    template_sha256: str = ""
    prompt_sha256: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    fallback: str = ""  # why the extractive answer stands in for the model's; "" when it does not


@dataclass(frozen=True, slots=True)
class Completion:
    """What a language model said, word for word, and how it was asked. Untrusted."""

    text: str
    use: ModelUse


@dataclass(frozen=True, slots=True)
class Chosen:
    """A unit that a selector names by its id, and how likely it answers, in millionths. Untrusted.

    A language model may add `words` inside the unit that are the answer, its `text` of it (the unit said shorter), a
    `translation`, and the `part` of the organisation's answer form that it fills, with the `value` chosen there.
    """

    unit: str
    likely: int = 0
    words: str = ""
    text: str = ""
    translation: str = ""
    part: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """The units of the passages that a selector puts first, best first. Untrusted.

    `sure`: they answer the question; else they are only the closest there are.
    """

    chosen: tuple[Chosen, ...]
    sure: bool
    use: ModelUse
