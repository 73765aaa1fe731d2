"""Draft, verify, repair once, fall back: how an answer is made of a generator that may be down or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from retrieval.answer_form import AnswerForm
from retrieval.errors import GeneratorUnavailable
from retrieval.ports import Generator, Selector
from retrieval.types import Draft, ModelUse, Passage, Question, Verdict, VerdictClass, Verified
from retrieval.verify import verify, verify_units

MODEL_DOWN = "The language model is not available, so this answer is in the documents' own words."
MODEL_FAILED = (
    "The language model's answer did not pass the check of its quotes, so this one is in the documents' own words."
)
MODEL_DOWN_ALONE = "The language model is not available, so I could only search."
MODEL_FAILED_ALONE = "Nothing that the language model said stands in the documents, so I could only search."
FORMLESS = "It does not have the parts of your organisation's answer form, which only a language model fills."
"""Said with an answer in the documents' own words, where there is a form."""
_ALONE = {MODEL_DOWN: MODEL_DOWN_ALONE, MODEL_FAILED: MODEL_FAILED_ALONE}


class Repairing(Generator, Protocol):
    """A generator that can be told which claims fell, and why."""

    async def repair(
        self, question: Question, passages: Sequence[Passage], draft: Draft, verdicts: Sequence[Verdict]
    ) -> Draft:
        """New claims for those that fell. Raises GeneratorUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class CheckedGenerator:
    """Answers with `model` when there is one, else with `selector`, in the documents' own words.

    At most one repair round, when the gate drops a claim. The verbatim answer stands in when the
    model is down or nothing of it passes; `ModelUse.fallback` then says so for people, and
    `parameters["error"]` why. A model that finds no answer is believed: no claims, no answer. With a `form`
    the model's claims fill its parts; the verbatim answer has none, and says so.
    """

    selector: Selector
    model: Repairing | None = None
    form: AnswerForm | None = None

    async def answer(self, question: Question, passages: Sequence[Passage]) -> tuple[Verified, Draft]:
        """The verified answer and the draft it is made of. Raises EmbedderUnavailable."""
        if self.model is None:
            return await self._quoted(question, passages)
        try:
            draft = await self.model.draft(question, passages)
        except GeneratorUnavailable as error:
            return await self._quoted(question, passages, ModelUse("openai"), MODEL_DOWN, str(error))
        verified = verify(draft, passages, self.form)
        if _fell(verified):
            verified, draft = await self._repaired(self.model, question, passages, verified, draft)
        if draft.claims and verified.answer is None:
            why = next(v.reason for v in _fell(verified))
            instead, quoted = await self._quoted(question, passages, draft.use, MODEL_FAILED, why)
            return replace(instead, verdicts=verified.verdicts), quoted
        return verified, draft

    async def _repaired(
        self, model: Repairing, question: Question, passages: Sequence[Passage], verified: Verified, draft: Draft
    ) -> tuple[Verified, Draft]:
        """The claims that stood, and what a second round makes of the others; both rounds' verdicts."""
        try:
            second = await model.repair(question, passages, draft, verified.verdicts)
        except GeneratorUnavailable:
            return verify(draft, passages, self.form, originals=True), draft  # what stood, stands
        stood = tuple(v.claim for v in verified.verdicts if v.verdict is VerdictClass.SUPPORTED)
        again = verify(Draft((*stood, *second.claims), second.use), passages, self.form, originals=True)
        use = replace(
            second.use,
            tokens_in=draft.use.tokens_in + second.use.tokens_in,
            tokens_out=draft.use.tokens_out + second.use.tokens_out,
            parameters={**second.use.parameters, "rounds": 2},
        )
        claims = (*draft.claims, *second.claims)
        return Verified(again.answer, (*_fell(verified), *again.verdicts)), Draft(claims, use)

    async def _quoted(
        self,
        question: Question,
        passages: Sequence[Passage],
        tried: ModelUse | None = None,
        fallback: str = "",
        error: str = "",
    ) -> tuple[Verified, Draft]:
        selection = await self.selector.select(question, passages)
        use, verified = selection.use, verify_units(selection, passages, question.text)
        if verified.answer is None:
            fallback = _ALONE.get(fallback, fallback)
        if tried is not None:
            parameters = {**tried.parameters, **use.parameters, "tried": tried.model or tried.generator, "error": error}
            use = replace(tried, generator=use.generator, fallback=fallback, parameters=parameters)
        if self.form is not None and verified.answer is not None:
            use = replace(use, fallback=" ".join(filter(None, (use.fallback, FORMLESS))))
        return verified, Draft((), use)


def _fell(verified: Verified) -> tuple[Verdict, ...]:
    return tuple(v for v in verified.verdicts if v.verdict is not VerdictClass.SUPPORTED)
