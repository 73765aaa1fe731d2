"""Which units answer, by a language model: it gets them numbered and names numbers, so it can invent no quote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.errors import GeneratorUnavailable
from retrieval.generate.prompt import HouseStyle, prompt
from retrieval.generate.wire import read, schema
from retrieval.ports import Chat
from retrieval.selection import ModelUse, Selection
from retrieval.types import Passage, Question


@dataclass(frozen=True, slots=True)
class ModelSelector:
    """Implements `retrieval.ports.Selector`."""

    chat: Chat
    style: HouseStyle

    async def select(self, question: Question, passages: Sequence[Passage]) -> Selection:
        """What the model names, in its order; no units, no call. Raises GeneratorUnavailable."""
        asked = prompt(question, passages, self.style)
        if not asked.names:
            return Selection((), False, ModelUse("openai", template_sha256=asked.template_sha256))
        said = await self.chat.complete(asked.messages, schema(asked.asked))
        try:
            chosen, strange = read(json.loads(said.text), dict(asked.names), asked.asked)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise GeneratorUnavailable(
                f"Model {said.use.model} cannot be used: its answer is no JSON of the form asked for. "
                "Choose a model that can answer in JSON, or check FOOTNOTE_MODEL_BASE_URL."
            ) from error
        use = replace(said.use, template_sha256=asked.template_sha256, prompt_sha256=asked.prompt_sha256)
        most = self.style.claims * (len(self.style.form.parts) if self.style.form else 1)
        passed_over = {"unknown_units": strange, "units_beyond_the_limit": max(0, len(chosen) - most)}
        if any(passed_over.values()):  # for the record
            use = replace(use, parameters={**use.parameters, **{name: n for name, n in passed_over.items() if n}})
        return Selection(chosen[:most], bool(chosen), use)
