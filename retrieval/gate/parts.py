"""Where an answer has the organisation's form: each unit goes where the form has room for it."""

from __future__ import annotations

from retrieval.answer_form import AnswerForm, FormPart, value_of
from retrieval.gate.choice import chosen
from retrieval.types import AnswerPart, PartKind
from retrieval.verdicts import Problem, VerdictClass


class Filling:
    """The form of one answer while it is filled, unit by unit in the order chosen."""

    def __init__(self, form: AnswerForm) -> None:
        self._form = form
        self._texts: dict[str, list[str]] = {}
        self._values: dict[str, str] = {}

    def take(self, name: str, value: str, text: str) -> Problem | None:
        """Put a text into its part, or say why it does not go there."""
        part = self._form.part(name)
        if part is None:
            return _problem(f"the answer form has no part “{name}”")
        texts = self._texts.get(name, [])
        why = self._refused(part, value, text, texts)
        if why:
            return _problem(why)
        if text not in texts:
            self._texts[name] = [*texts, text]
        if part.kind is PartKind.CHOICE:
            self._values[name] = value
        return None

    def _refused(self, part: FormPart, value: str, text: str, texts: list[str]) -> str:
        if part.kind is PartKind.CHOICE:
            if value not in part.choices:
                return f"“{value}” is no value of the part “{part.name}”"
            if self._values.get(part.name, value) != value:
                return f"the part “{part.name}” has another value, which a unit carries"
            return "" if chosen(value, part.choices, text) else f"the unit does not say “{value}”"
        if text in texts:
            return ""
        together = [*texts, text]
        longest = max(map(len, together)) if part.kind is PartKind.LIST else len(" ".join(together))
        if part.longest is not None and longest > part.longest:
            return f"the part “{part.name}” has room for {part.longest} characters, not {longest}"
        if part.kind is PartKind.LIST and len(together) > part.most:
            return f"the part “{part.name}” takes {part.most} items at most"
        return ""

    def parts(self) -> tuple[AnswerPart, ...]:
        """The parts that hold something, and those that are required and do not."""
        found = []
        for part in self._form.parts:
            texts, value = self._texts.get(part.name, []), self._values.get(part.name, "")
            whole = part.fits(value if part.kind is PartKind.CHOICE else value_of(part.kind, texts))
            whole = whole and (bool(texts) or part.kind is PartKind.LIST)  # an empty text is none
            if texts or part.required:
                found.append(AnswerPart(part.name, part.title, part.kind, part.required, whole, value))
        return tuple(found)


def _problem(reason: str) -> Problem:
    return Problem(VerdictClass.UNSUPPORTED, reason)
