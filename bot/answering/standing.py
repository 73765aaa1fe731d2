"""What a reply says of how sure it is that its documents are still as they are quoted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.answering.times import said_time
from bot.types import Outcome, OutcomeKind
from retrieval.standing import MOVED, Confirmed, Standing
from retrieval.types import Document, Verified

LAST = "I could not ask whether {names} changed since {at}."
NEVER = "I could not ask whether {names} changed."
OVERDUE = "{names} was last read at its source {at}, longer ago than it should be: it may have changed."


def shown_documents(verified: Verified) -> list[Document]:
    """The documents that are quoted, in an answer or as the closest there is."""
    shown = verified.answer or verified.nearest
    return list({c.document.id: c.document for c in (shown.citations if shown else ())}.values())


def moved(confirmed: Sequence[Confirmed]) -> frozenset[str]:
    """Documents that are not at their source as they are quoted."""
    return frozenset(one.document for one in confirmed if one.standing in MOVED)


def said_of(confirmed: Sequence[Confirmed], documents: Sequence[Document]) -> str:
    """One sentence for each time that something was last confirmed; "" where the sources confirmed everything."""
    titles = {document.id: document.title for document in documents}
    told: dict[str, list[str]] = {}
    for one in confirmed:
        if one.standing is Standing.UNKNOWN:
            form = NEVER if one.at is None else OVERDUE if one.overdue else LAST
            text = form.format(names="{names}", at=said_time(one.at) if one.at else "")
            told.setdefault(text, []).append(titles.get(one.document, one.document))
    return " ".join(text.format(names=" and ".join(dict.fromkeys(names))) for text, names in told.items())


def with_notice(outcome: Outcome, said: str) -> Outcome:
    """The outcome with a line more, where it quotes something."""
    if not said:
        return outcome
    if outcome.kind is OutcomeKind.ANSWERED:
        return replace(outcome, notice=" ".join(filter(None, (outcome.notice, said))))
    return replace(outcome, text=" ".join(filter(None, (outcome.text, said))))
