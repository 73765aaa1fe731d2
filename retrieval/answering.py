"""How an answer is made: units are chosen, verified, and chosen anew where a model is down or chooses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.answer_form import AnswerForm
from retrieval.errors import GeneratorUnavailable
from retrieval.ports import Checker, Selector
from retrieval.selection import ModelUse, Selection
from retrieval.types import Passage, Question, Verified, Wording
from retrieval.verdicts import Opinion
from retrieval.verify import verify

MODEL_DOWN = "The language model is not available, so this answer is in the documents' own words."
MODEL_DOWN_ALONE = "The language model is not available, so I could only search."
FORMLESS = "It does not have the parts of your organisation's answer form, which only a language model fills."
"""Said with an answer in the documents' own words, where there is a form."""


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers with what `model` chooses, where there is one, else with what `selector` does.

    The selector decides too where the model is down (`ModelUse.fallback` then says so for people) or chooses
    nothing: a weak model would be worse than none. `believed` says that the model was measured to be the better one at
    that, so that its nothing is the answer. `ModelUse.parameters["error"]` says why the selector stood in. With a
    `form` the model's units fill its parts; the selector fills none, and the answer says so. `compressed`: a model may
    say units shorter; what the gate, or the `checker` where there is one, does not pass is shown as its quote.
    """

    selector: Selector
    model: Selector | None = None
    form: AnswerForm | None = None
    compressed: bool = False
    checker: Checker | None = None
    believed: bool = False
    deadline: float = 20.0  # seconds for all that models do for one question

    async def answer(
        self, question: Question, passages: Sequence[Passage], since: float | None = None
    ) -> tuple[Verified, ModelUse]:
        """The verified answer and what made it. `since`, of the loop's clock, is when the question was begun with: the
        deadline counts from then, however often it is answered; None: from now. Raises EmbedderUnavailable.
        """
        if self.model is None:
            return await self._without(question, passages)
        until = (asyncio.get_running_loop().time() if since is None else since) + self.deadline
        try:
            async with asyncio.timeout_at(until):
                selection = await self.model.select(question, passages)
        except (GeneratorUnavailable, TimeoutError) as error:
            why = str(error) or f"no answer in {self.deadline:.0f} s; FOOTNOTE_MODEL_TIMEOUT_S gives it longer"
            return await self._without(question, passages, ModelUse("openai"), MODEL_DOWN, why)
        verified = await self._verified(question, selection, passages, until)
        if verified.answer is not None or (self.believed and not selection.chosen):
            return verified, selection.use
        why = next((v.reason for v in verified.verdicts if v.reason), "the model chose nothing")
        instead, use = await self._without(question, passages, selection.use, "", why)
        return replace(instead, verdicts=verified.verdicts, opinions=verified.opinions), use

    async def _verified(
        self, question: Question, selection: Selection, passages: Sequence[Passage], until: float
    ) -> Verified:
        verified = verify(selection, passages, self.form, question=question.text, compressed=self.compressed)
        if self.checker is None or verified.answer is None:
            return verified
        worded = [s for s in verified.answer.statements if s.wording is Wording.COMPRESSED]
        opinions = await asyncio.gather(*(_opinion(self.checker, s.text, s.source_text, until) for s in worded))
        return verify(
            selection, passages, self.form, question=question.text, compressed=self.compressed, opinions=opinions
        )

    async def _without(
        self,
        question: Question,
        passages: Sequence[Passage],
        tried: ModelUse | None = None,
        fallback: str = "",
        error: str = "",
    ) -> tuple[Verified, ModelUse]:
        selection = await self.selector.select(question, passages)
        use, verified = selection.use, verify(selection, passages, question=question.text)
        if verified.answer is None and fallback:
            fallback = MODEL_DOWN_ALONE
        if tried is not None:
            parameters = {**tried.parameters, **use.parameters, "tried": tried.model or tried.generator, "error": error}
            use = replace(tried, generator=use.generator, fallback=fallback, parameters=parameters)
        if self.form is not None and verified.answer is not None:
            use = replace(use, fallback=" ".join(filter(None, (use.fallback, FORMLESS))))
        return verified, use


async def _opinion(checker: Checker, text: str, quote: str, until: float) -> Opinion:
    """A sentence that nobody could judge in time does not pass."""
    try:
        async with asyncio.timeout_at(until):
            return await checker.opinion(text, quote)
    except (GeneratorUnavailable, TimeoutError) as error:
        return Opinion(text, quote, False, str(error) or "nobody judged it in time")
