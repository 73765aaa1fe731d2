"""What became of a question: what is shown, what is recorded, and what a record gives back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from retrieval.types import Answer, Passage


class OutcomeKind(StrEnum):
    ANSWERED = "answered"
    ABSTAINED = "abstained"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question. `text` is for people when there is no `answer`: why, or what to do.

    Of an abstention `answer` holds the closest sentences, shown as such below `text`: never as an answer.

    ANSWERED without an `answer` is the reply to a command such as `help`.

    `nearest` are passages shown with an abstention in records of earlier versions. `notice` is a line shown
    with an answer, such as that the model was down. `private` says that only the asker may see it.
    `expert` is the name of the person or group that a button offers to ask; "" for none.
    `repeats` is the record of an earlier answer: then `text` points there, at `link` ("" for none), and
    is shown instead of the answer.
    """

    kind: OutcomeKind
    record_id: str
    question: str
    answer: Answer | None = None
    text: str = ""
    nearest: tuple[Passage, ...] = ()
    notice: str = ""
    private: bool = False
    expert: str = ""
    repeats: str = ""
    link: str = ""

    @property
    def told(self) -> Answer | None:
        """The answer, where it is what is shown."""
        return self.answer if self.kind is OutcomeKind.ANSWERED and not self.repeats else None

    @property
    def near(self) -> Answer | None:
        """The closest sentences, where they are shown because none answers."""
        return self.answer if self.kind is OutcomeKind.ABSTAINED else None
