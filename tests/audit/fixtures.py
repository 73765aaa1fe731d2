"""Records and logs for the tests of the audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from audit.approvals import approve_rotation, request_rotation
from audit.database import Database
from audit.holds import approve_lift, request_lift
from audit.log import TransparencyLog
from audit.note import PublicKey
from audit.outcome import Outcome, OutcomeKind
from audit.question import Basis, Occasion, cited_spans, posted_bytes, question_record
from audit.record import AuditRecord, Json, new_record_id
from audit.retention import Rule, approve_rule, request_rule
from retrieval.people import AccessList, Audience, AudienceKind, Principal
from retrieval.selection import ModelUse
from retrieval.types import (
    Answer,
    Citation,
    Document,
    Passage,
    Place,
    Question,
    Seal,
    Section,
    Statement,
    Turn,
    Verified,
)
from retrieval.verdicts import Claim, Quote, Verdict, VerdictClass

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
TEXT = "4 Travel\n4.2 Hotels\nA hotel costs at most 180 EUR a night.\n4.3 Trains\nFirst class needs consent.\n"
QUOTE = "A hotel costs at most 180 EUR a night."
ADA = Principal("slack", "T1", "U-ada", "ada@example.com", frozenset({"finance", "legal"}))
ACCESS = {"acl-1": AccessList(frozenset({"everyone"})), "acl-2": AccessList(frozenset({"group:board"}))}


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens logs in one kind of database; the same one for the same folder."""

    database: Callable[[Path], Database]

    async def __call__(self, folder: Path, origin: str | None = None) -> TransparencyLog:
        return await TransparencyLog.open(folder, database=self.database(folder), origin=origin)


def record(
    number: int = 0,
    *,
    event: str = "question",
    outcome: str = "answered",
    at: datetime | None = None,
    **fields: Json,
) -> AuditRecord:
    """A small record of now, or of `at`; `number` makes its text its own."""
    return AuditRecord(
        id=new_record_id(),
        event=event,
        time=at if at is not None else datetime.now(UTC),
        outcome=outcome,
        fields={"platform": "slack", "user": f"U{number % 3}", "question": f"What is limit number {number}?", **fields},
    )


async def lifted(log: TransparencyLog, hold_id: str, *, ground: str = "settled", by: str = "counsel") -> str:
    """A hold lifted by two people."""
    return await approve_lift(log, await request_lift(log, hold_id, ground=ground, by=by), by="grace")


async def agreed(log: TransparencyLog, *rules: Rule) -> None:
    """Retention rules that two people agreed to."""
    for rule in rules:
        request = await request_rule(log, rule, ground="policy 7", by="ada", confirm_below_floor=True)
        await approve_rule(log, request, by="grace")


async def rotated(log: TransparencyLog) -> PublicKey:
    """A new key that two people agreed to."""
    return await approve_rotation(log, await request_rotation(log, ground="yearly change", by="ada"), by="grace")


def document(number: int = 0, *, acl_id: str = "acl-1") -> Document:
    return Document(
        id=f"policies/travel-{number}.md",
        version="2026-03-01.1a2b3c4d",
        title=f"Travel Policy {number}",
        uri=f"file:policies/travel-{number}.md",
        sha256="1a2b3c4d" * 8,
        acl_id=acl_id,
        source="folder",
        media_type="text/markdown",
        modified_at=START,
        url="https://docs.example.com/travel",
    )


def verified(number: int = 0) -> tuple[Verified, tuple[Passage, ...]]:
    """An answer with one citation, a dropped claim, and the two passages they came from."""
    section = Section("5ec710", "4.2", "Hotels", ("4 Travel", "4.2 Hotels"), 9, 59, 7, 7, None, "#hotels")
    other = Section("5ec711", "4.3", "Trains", ("4 Travel", "4.3 Trains"), 60, len(TEXT), 8, 8)
    places = (Place(0, 59, page=7), Place(60, len(TEXT), page=8))
    source = document(number)
    passages = tuple(
        Passage(f"p{n}", source, s, f"chunk-{n}", s.start, s.end, TEXT[s.start : s.end], places, 900_000 - n)
        for n, s in enumerate((section, other))
    )
    start = TEXT.index(QUOTE)
    citation = Citation(1, source, section, "chunk-0", start, start + len(QUOTE), QUOTE, 7, None)
    statement = Statement("Hotels cost at most 180 EUR a night.", (citation.n,))
    answer = Answer((statement,), (citation,), seal=Seal.VERIFIED)
    claim = Claim("Trains are free.", (Quote("p1", "Trains are free."),))
    dropped = Verdict(claim, VerdictClass.FABRICATED, "the quote stands nowhere in the passage")
    kept = Verdict(Claim(answer.statements[0].text, (Quote("p0", QUOTE),)), VerdictClass.SUPPORTED, "")
    return Verified(answer, (kept, dropped)), passages


def asked(
    number: int = 0,
    *,
    asker: Principal = ADA,
    channel: str = "C-travel",
    at: datetime | None = None,
    record_id: str | None = None,
) -> AuditRecord:
    """The whole record of an answered question, of now or of `at`."""
    gate, passages = verified(number)
    spans = cited_spans(gate)
    record_id = record_id or new_record_id()
    payload: dict[str, Json] = {"record": record_id, "text": gate.answer.text if gate.answer else ""}
    text = f"What may hotel number {number} cost?"
    occasion = Occasion(
        Question(text, START, (Turn("And trains?", (document().id,)),)),
        "hotel cost",
        asker,
        Audience(AudienceKind.CHANNEL, frozenset({asker.entries, frozenset({"everyone"})})),
        {"channel": channel, "channel_kind": "channel", "thread": "171.1", "message": "171.2", "key": "k"},
    )
    basis = Basis(
        passages=passages,
        access=ACCESS,
        verified=gate,
        use=ModelUse("openai", "some-model", {"temperature_millis": 0}, "aa" * 32, "bb" * 32, 1200, 80),
        snapshots={span: TEXT[span.start : span.end] for span in spans},
        timings_us={"retrieve": 12_000, "answer": 900_000, "total": 915_000},
    )
    return question_record(
        Outcome(OutcomeKind.ANSWERED, record_id, text, gate.answer),
        occasion,
        basis,
        posted=posted_bytes(payload),
        software="footnote 0.1.0",
        configuration_sha256="cc" * 32,
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        time=at if at is not None else datetime.now(UTC),
    )
