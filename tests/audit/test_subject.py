"""A person is found wherever they stand in the log, and nobody else is taken for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from audit.certificate import TYPE
from audit.disclosure import values_of
from audit.erase import PendingErasure, approve_erasure, certificate_of, pending_erasures, request_erasure
from audit.errors import ErasureRefused, RecordUnknown
from audit.events import access, event, review
from audit.holds import hold
from audit.log import TransparencyLog
from audit.record import AuditRecord, Json
from audit.register import ALL
from audit.search import Filter
from audit.subject import Person
from audit.verify import verify_log
from audit.verify_export import verify_export
from retrieval.people import Principal
from tests.audit.fixtures import Opener, asked, lifted
from tests.audit.test_erase import Places, holding, places

__all__ = ["places"]

CANARY = Principal("slack", "T1", "U0CANARY7", "cleo.canary@example.com", frozenset({"legal"}))
NEEDLES = ("U0CANARY7", "cleo.canary", "cleo canary", "a very canary question")

NAMED = [
    ("eve@example.com", "user:eve@example.com", True),
    ("eve@example.com", "Mail EVE@Example.com, please", True),
    ("eve@example.com", "eve@example.com.", True),
    ("eve@example.com", "<mailto:eve@example.com|eve>", True),
    ("eve@example.com", "steve@example.com", False),
    ("eve@example.com", "eve@example.com.au", False),
    ("eve@example.com", "mary-eve@example.com", False),
    ("eve@example.com", "eve@example.community", False),
    ("slack:U1", "<@U1> said", True),
    ("slack:U1", "slack:u1", True),
    ("slack:U1", "U12", False),
    ("slack:U1", "XU1", False),
    ("U1", "user:slack:U1", True),
    ("z\u00e9@example.com", "Z\u00c9@EXAMPLE.COM", True),
    ("z\u00e9@example.com", "ze\u0301@example.com", True),
]


@pytest.mark.parametrize(("who", "text", "found"), NAMED)
def test_whole_names_are_found_and_no_parts_of_others(who: str, text: str, found: bool) -> None:
    assert Person.called(who).named_in(text) is found
    assert Person.called(who).in_value({"a": [{"b": text}], "c": None}) is found
    assert Person.called(who).in_value({text: 1}) is found


def test_nobody_is_no_person() -> None:
    for name in ("", "anyone", "cli:anyone"):
        assert not Person.called(name).named_in("anyone may ask")
        assert not Person.called(name).is_user("cli", "anyone")


async def filled(log: TransparencyLog) -> dict[str, AuditRecord]:
    """The person in every kind of record, and beside each one a record that must stay as it is."""
    other = Principal("slack", "T1", "U-other", "other@example.com")
    own = asked(1, asker=CANARY)
    own = AuditRecord(own.id, own.event, own.time, own.outcome, {**own.fields, "question": "A very canary question?"})
    theirs = asked(2, asker=other)
    readers: Json = {"kind": "channel", "readers": [["user:slack:U0CANARY7"], ["everyone"]], "reason": ""}
    lists: Json = {"acl-1": {"allow": ["user:cleo.canary@example.com"], "deny": []}}
    remembered: Json = [{"question": "A very canary question?", "document_ids": []}]
    audience = {**theirs.fields, "audience": readers, "access_lists": lists, "memory": remembered}
    named = AuditRecord(theirs.id, "question", theirs.time, theirs.outcome, audience)
    who = {"platform": "slack", "tenant": "T1"}
    made = {
        "own": own,
        "named": named,
        "bystander": asked(3, asker=Principal("slack", "T1", "U0CANARY77", "ncleo.canary@example.com")),
        "delivery": event("delivery", "delivered", refers_to=own.id, **who, user="U0CANARY7", reply_message="m"),
        "feedback": event("feedback", "recorded", refers_to=theirs.id, **who, user="U-x", text="ask Cleo Canary"),
        "expert": event("expert", "asked", refers_to=own.id, **who, user="U-x", text="A very canary question?"),
        "ignored": event("ignored", "recorded", **who, user="U0CANARY7", channel="C1", text="hello"),
        "access": access(by="grace", what="search", wanted=Filter(person="cleo.canary@example.com").as_json()),
        "viewer": event("access", "shown", **who, user="U0CANARY7", what="passage", refers_to=theirs.id),
        "review": review(own.id, by="grace", verdict="wrong", note="she could not know"),
        "note": review(theirs.id, by="grace", verdict="wrong", note="see what cleo.canary@example.com asked"),
        "unrelated": review(theirs.id, by="grace", verdict="wrong", note="see the policy"),
    }
    for item in made.values():
        await log.append(item)
    held = await hold(
        log, matter="Cleo Canary v. Acme", covers=Filter(person="slack:U0CANARY7"), ground="suit of Cleo Canary", by="c"
    )
    await lifted(log, held, ground="cleo.canary@example.com settled")
    earlier = await request_erasure(log, records=[own.id], names=["thread"], ground="as Cleo Canary asked", by="ada")
    await approve_erasure(log, earlier.id, by="grace")
    return made


async def erased_person(log: TransparencyLog, names: Sequence[str] = ()) -> PendingErasure:
    return await request_erasure(
        log, person="U0CANARY7", also=["Cleo Canary"], ground="GDPR 17, letter 4711", by="ada", names=names
    )


async def test_a_person_goes_from_every_record(open_log: Opener, places: Places, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        made = await filled(log)
        await log.find(Filter(text="canary"))
        before = await log.checkpoint()
        with pytest.raises(ErasureRefused, match="without the person's name"):
            await request_erasure(log, person="U0CANARY7", ground="Cleo.Canary@example.com wrote", by="ada")
        request = await erased_person(log)
        assert request.person is not None
        assert request.person.said == ["cleo canary", "cleo.canary@example.com", "slack:u0canary7", "u0canary7"]
        assert request.places["the log, their own question records"] == 1
        also = "access_lists, audience, memory, searched"
        assert request.places[f"the log, others' question records that name them: {also}"] == 1
        assert request.places["the log, others' access records that name them: filter"] == 1
        (waiting,) = await pending_erasures(log)
        assert (waiting.places, waiting.records) == (request.places, request.records)
        done = await approve_erasure(log, request.id, by="grace")
        assert done.records == len(request.records) - 1
        assert done.copies == ()
        assert (await verify_log(log, since=before)).findings == []
        # What says nothing of them is as it was.
        for name in ("bystander", "unrelated"):
            assert await log.get(made[name].id) == made[name]
        assert {name: (await log.get(made[name].id)).erased for name in ("named", "note", "access")} == {  # type: ignore[union-attr]
            "named": ("access_lists", "audience", "memory", "searched"),
            "note": ("note",),
            "access": ("filter",),
        }
        assert (await log.find(Filter(text="canary"))).records == (await bystanders(log, made))
        certificate = await certificate_of(log, request.id)
        assert certificate == done.certificate
        path = tmp_path / "certificate.txt"
        path.write_text(certificate)
        report = verify_export(path)
        assert (report.findings, certificate.startswith(TYPE)) == ([], True)
        for change in ("by grace", "fields of", "log "):
            path.write_text(certificate.replace(change, change.upper(), 1))
            assert not verify_export(path).ok
        bodies = await log.read(lambda view: list(view.bodies(view.size())))
        left = {needle for _, _, body in bodies for needle in NEEDLES if needle.lower() in str(values_of(body)).lower()}
        assert left == {"U0CANARY7", "cleo.canary"}  # the bystander's, whose names only begin or end so
    found = holding(places(tmp_path, log), "cleo canary", "a very canary question", "user:cleo.canary@")
    assert found == []
    async with await open_log(tmp_path / "audit") as log:
        with pytest.raises(RecordUnknown, match="nobody of that name"):
            await request_erasure(log, person="U0CANARY7", ground="again", by="ada")
        assert (await verify_log(log)).findings == []


async def bystanders(log: TransparencyLog, made: dict[str, AuditRecord]) -> tuple[AuditRecord, ...]:
    found = [record async for record in log.all(Filter(text="canary"))]
    assert {record.id for record in found} <= {made["bystander"].id}
    return tuple(found)


async def test_what_explains_the_log_keeps_who_governed_it(open_log: Opener, tmp_path: Path) -> None:
    """Requesters and approvers stay, and so does a hold that stands; the request says so."""
    async with await open_log(tmp_path / "audit") as log:
        target = asked(1)
        await log.append(target)
        standing = await hold(
            log, matter="m", covers=Filter(person="cleo.canary@example.com"), ground="g", by="counsel"
        )
        request = await request_erasure(log, records=[target.id], ground="g", by="cleo.canary@example.com")
        await approve_erasure(log, request.id, by="grace")
        await log.append(access(by="grace", what="search", wanted={"person": "cleo.canary@example.com"}))
        asked_for = await request_erasure(log, person="cleo.canary@example.com", ground="GDPR 17", by="ada")
        assert asked_for.stays == {
            "covers: a hold that stands says so; lift it first": 1,
            "requested_by: who requested and approved is kept": 3,
        }
        await approve_erasure(log, asked_for.id, by="grace")
        assert (await log.get(standing)).fields["covers"] == {"person": "cleo.canary@example.com"}  # type: ignore[union-attr]
        assert (await log.get(request.id)).fields["requested_by"] == "cleo.canary@example.com"  # type: ignore[union-attr]
        assert (await verify_log(log)).findings == []


async def test_a_hold_keeps_a_person_whole(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        await log.append(asked(1, asker=CANARY))
        request = await erased_person(log)
        held = await hold(log, matter="m", covers=Filter(person="cleo.canary@example.com"), ground="g", by="counsel")
        with pytest.raises(ErasureRefused, match="legal hold"):
            await approve_erasure(log, request.id, by="grace")
        with pytest.raises(ErasureRefused, match="legal hold"):
            await erased_person(log)
        await lifted(log, held)
        await approve_erasure(log, request.id, by="grace")
        assert (await verify_log(log)).findings == []


async def test_fields_may_be_named(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        made = await filled(log)
        await approve_erasure(log, (await erased_person(log, ["question", "filter"])).id, by="grace")
        after = {name: (await log.get(made[name].id)).erased for name in ("own", "named", "access")}  # type: ignore[union-attr]
        assert after == {"own": ("question", "thread"), "named": (), "access": ("filter",)}
        await approve_erasure(log, (await erased_person(log, [ALL])).id, by="grace")
        own = await log.get(made["own"].id)
        assert own is not None
        assert own.fields == {}
        assert (await verify_log(log)).findings == []
