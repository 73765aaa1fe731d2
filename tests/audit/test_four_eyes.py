"""Who holds the key may record what they like: verification still asks for two people, in order, and for time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.canonical import canonical
from audit.check import digests_of
from audit.database import Cut, Session
from audit.disclosure import disclosures_of, seal
from audit.errors import AuditCorrupt
from audit.events import event
from audit.export import ExportFormat, export
from audit.holds import hold, holds, request_lift
from audit.log import TransparencyLog
from audit.note import Checkpoint
from audit.people import same_person
from audit.record import AuditRecord, Json, new_record_id
from audit.register import ALL
from audit.report import Report
from audit.retention import Rule, retain
from audit.search import Filter
from audit.store import Addition, Store
from audit.verify import verify_log
from audit.verify_export import verify_export
from tests.audit.fixtures import Opener, agreed, lifted, record
from tests.audit.test_insider import owner


def said(report: Report) -> str:
    return "; ".join(finding.what for finding in report.findings)


# --- who is who ------------------------------------------------------------------------------

SAME = [
    ("ada", "ADA"),
    ("ada", " ada "),
    ("ada", "a\u200bda"),
    ("ada", "a d a"),
    ("ada", "\uff41\uff44\uff41"),
    ("ada", "\u00e0da"),
    ("ada", "\u0430d\u0430"),
    ("ada", "ada@example.com"),
    ("Ada@Example.com", "ada@example.com."),
    ("slack:U1", "u1"),
    ("ada (uid 1000)", "ada"),
    ("ada (uid 1000)", "ADA (UID 1000)"),
    ("ada (uid 1000)", "uid 1000"),
    ("ada (uid 1000)", "toor (uid 1000)"),
    ("ada", ""),
    ("ada", "()"),
]
DIFFERENT = [
    ("ada (uid 1000)", "grace (uid 1001)"),
    ("ada", "grace"),
    ("ada@example.com", "grace@example.com"),
    ("slack:U1", "slack:U2"),
    ("\u0430\u0434\u0430", "\u0438\u0432\u0430\u043d"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_another_spelling_is_the_same_person(one: str, other: str) -> None:
    assert same_person(one, other)
    assert same_person(other, one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_people_are_two(one: str, other: str) -> None:
    assert not same_person(one, other)


# --- erasure ---------------------------------------------------------------------------------


def cut(stored: bytes, index: int, *names: str) -> Cut:
    parts = disclosures_of(stored)
    kept = [part for part in parts if part[1] not in names]
    return Cut(index, canonical([[*part] for part in kept]), {n: v for _, n, v in kept}, names)


async def forced(log: TransparencyLog, made: AuditRecord, *names: str, index: int = 0) -> None:
    """Append a ruling and take fields on it, as somebody who has the key and the database, and asks nobody."""

    def take(session: Session, _: int) -> None:
        body = session.value("SELECT body FROM disclosure WHERE idx = ?", (index,))
        found = cut(body, index, *names)
        session.run("UPDATE disclosure SET body = ? WHERE idx = ?", (found.body, index))
        for name in names:
            session.run("INSERT INTO erased VALUES (?, ?, ?)", (index, name, made.id))

    await log.work(lambda store: _write(store, Addition(seal(made), take)))


def _write(store: Store, entry: Addition) -> None:
    store.write([entry])


async def requested(log: TransparencyLog, target: str, *names: str, by: str = "ada", ground: str = "g") -> str:
    asked = event("erasure", "requested", records=[target], names=[*names], ground=ground, requested_by=by)
    await log.append(asked)
    return asked.id


async def digests(log: TransparencyLog, target: str) -> dict[str, str]:
    stored = await log.read(lambda view: view.proved(target))
    assert stored is not None
    return dict(digests_of(stored.claimed()))


def approved(
    request: str | None, target: str, listed: Mapping[str, Json], changes: Mapping[str, Json] | None = None
) -> AuditRecord:
    """An approval as it should be, but for `changes`; a field that is None is left out."""
    fields: dict[str, Json] = {
        "records": [target],
        "names": [*listed],
        "digests": {target: dict(listed)},
        "ground": "g",
        "requested_by": "ada",
        "approved_by": "grace",
        **(changes or {}),
    }
    kept = {name: value for name, value in fields.items() if value is not None}
    return AuditRecord(new_record_id(), "erasure", datetime.now(UTC), "approved", kept, request)


ERASURES: dict[str, tuple[dict[str, Json], str]] = {
    "as it should be": ({}, ""),
    "the same person": ({"approved_by": "ada"}, "requested it approved it"),
    "the same person in capitals": ({"approved_by": "ADA"}, "requested it approved it"),
    "the same person with a domain": ({"approved_by": "ada@example.com"}, "requested it approved it"),
    "the same person in another alphabet": ({"approved_by": "\u0430da"}, "requested it approved it"),
    "nobody": ({"approved_by": " "}, "nobody who approved"),
    "no name at all": ({"approved_by": None}, "nobody who approved"),
    "another requester": ({"requested_by": "eve"}, "another person than the one"),
    "another ground": ({"ground": "because"}, "ground is not the one"),
    "no ground": ({"ground": ""}, "ground is not the one"),
    "more fields": ({"names": ["question", "user"]}, "other fields than were requested"),
    "all fields": ({"names": [ALL]}, "other fields than were requested"),
    "no digests": ({"digests": None}, "does not list the digests"),
    "another record": ({"records": ["other"]}, "records that were not requested"),
    "no records": ({"records": []}, "records that were not requested"),
}


@pytest.mark.parametrize("kind", ERASURES)
async def test_an_erasure_needs_two_people_and_one_purpose(open_log: Opener, tmp_path: Path, kind: str) -> None:
    changes, finding = ERASURES[kind]
    async with await open_log(tmp_path / "audit") as log:
        target = record(1)
        await log.append(target)
        request = await requested(log, target.id, "question")
        listed = {"question": (await digests(log, target.id))["question"]}
        await forced(log, approved(request, target.id, listed, changes), "question")
        report = await verify_log(log)
        assert report.ok == (not finding)
        assert finding in said(report)
        await export(log, tmp_path / "all.jsonl", format=ExportFormat.JSONL, by="ada")
        exported = verify_export(tmp_path / "all.jsonl")
        assert exported.ok == (not finding)
        assert finding in said(exported)


async def body_at(log: TransparencyLog, index: int) -> bytes:
    found = await log.read(lambda view: view.session.value("SELECT body FROM disclosure WHERE idx = ?", (index,)))
    assert isinstance(found, bytes)
    return found


async def test_an_approval_covers_the_fields_that_it_lists_and_no_other(open_log: Opener, tmp_path: Path) -> None:
    """The number of fields that are gone is right each time."""
    async with await open_log(tmp_path / "audit") as log:
        first, second = record(1), record(2)
        for item in (first, second):
            await log.append(item)
        request = await requested(log, first.id, "question", "email")
        listed = {"question": (await digests(log, first.id))["question"]}
        await forced(log, approved(request, first.id, listed, {"names": ["question", "email"]}), "question")
        assert (await verify_log(log)).findings == []
        ruling = (await log.referring(request))[0].id
        body = await body_at(log, 0)
        for index, name, by in (
            (0, "user", ruling),
            (0, "user", request),
            (1, "question", ruling),
            (1, "user", ruling),
        ):
            before = await body_at(log, index)
            for named in {name, "email"}:  # said to be the field that it is, or one that was approved
                owner(log.database)(
                    ("UPDATE disclosure SET body = ? WHERE idx = ?", cut(before, index, name).body, index),
                    ("INSERT INTO erased VALUES (?, ?, ?)", index, named, by),
                )
                assert not (await verify_log(log)).ok, (index, name, named)
                owner(log.database)(
                    ("UPDATE disclosure SET body = ? WHERE idx = ?", before, index),
                    ("DELETE FROM erased WHERE idx = ? AND name = ?", index, named),
                )
        # The one that was approved stands in for another: the field that fell is put back as if it were not gone.
        owner(log.database)(
            ("UPDATE erased SET name = 'user' WHERE idx = 0",),
            ("UPDATE disclosure SET body = ? WHERE idx = 0", cut(body, 0, "user").body),
        )
        assert not (await verify_log(log)).ok


@pytest.mark.parametrize("name", ["email", "user"])
async def test_a_field_does_not_fall_under_the_name_of_another(open_log: Opener, tmp_path: Path, name: str) -> None:
    """The right digest is listed under a name that was requested, and that the record never had, or still has."""
    async with await open_log(tmp_path / "audit") as log:
        target = record(1)
        await log.append(target)
        request = await requested(log, target.id, name)
        listed = {name: (await digests(log, target.id))["question"]}
        await forced(log, approved(request, target.id, listed), "question")
        owner(log.database)(("UPDATE erased SET name = ?", name))
        report = await verify_log(log)
        assert target.id in {finding.record for finding in report.findings}
        assert "not those that were recorded" in said(report)
        await export(log, tmp_path / "all.jsonl", format=ExportFormat.JSONL, by="ada")
        assert "not those that were recorded" in said(verify_export(tmp_path / "all.jsonl"))


async def test_an_approval_before_its_request_or_after_a_refusal_is_none(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target = record(1)
        await log.append(target)
        listed = {"question": (await digests(log, target.id))["question"]}
        asked = event("erasure", "requested", records=[target.id], names=["question"], ground="g", requested_by="ada")
        await forced(log, approved(asked.id, target.id, listed), "question")
        await log.append(asked)
        assert "nobody made before" in said(await verify_log(log))
    async with await open_log(tmp_path / "other") as log:
        await log.append(target)
        listed = {"question": (await digests(log, target.id))["question"]}
        request = await requested(log, target.id, "question")
        await log.append(event("erasure", "refused", refers_to=request, approved_by="eve", reason="no"))
        await forced(log, approved(request, target.id, listed), "question")
        assert "was refused" in said(await verify_log(log))


@pytest.mark.parametrize("form", [1, 2])
async def test_a_record_of_the_old_form_is_none_any_more(open_log: Opener, tmp_path: Path, form: int) -> None:
    """Else whoever has the key would write approvals that list no digests, or fields without names."""
    async with await open_log(tmp_path / "audit") as log:
        await log.append(record(1))
        made = seal(record(2))
        leaf = json.loads(made.leaf)
        del leaf["names"]
        old = replace(made, leaf=canonical({**leaf, "v": form}))
        await log.work(lambda store: _write(store, Addition(old)))
        assert "form of an earlier version" in said(await verify_log(log))


ODD: list[dict[str, Json]] = [{"v": 4}, {"v": 2}, {"names": "A"}, {"names": None}, {"v": True}]


@pytest.mark.parametrize("changes", ODD)
async def test_a_leaf_of_no_form_is_found(open_log: Opener, tmp_path: Path, changes: dict[str, Json]) -> None:
    async with await open_log(tmp_path / "audit") as log:
        made = seal(record(3))
        odd = replace(made, leaf=canonical({**json.loads(made.leaf), **changes}))
        await log.work(lambda store: _write(store, Addition(odd)))
        assert not (await verify_log(log)).ok


# --- holds, retention, keys ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lift", "finding"),
    [
        ({"by": "eve"}, "nobody made before"),
        ({"request": "REQUEST", "requested_by": "ada", "approved_by": "Ada"}, "requested it approved it"),
        ({"request": "REQUEST", "requested_by": "ada", "approved_by": "grace", "ground": "x"}, "ground is not"),
        ({"request": "REQUEST", "requested_by": "eve", "approved_by": "grace"}, "another person than"),
    ],
)
async def test_a_hold_that_one_person_lifts_stands(
    open_log: Opener, tmp_path: Path, lift: dict[str, str], finding: str
) -> None:
    async with await open_log(tmp_path / "audit") as log:
        standing = await hold(log, matter="m", covers=Filter(), ground="g", by="counsel")
        request = await request_lift(log, standing, ground="settled", by="ada")
        said_fields = {"ground": "settled", **lift}
        fields: dict[str, Json] = {n: request if v == "REQUEST" else v for n, v in said_fields.items()}
        await log.append(replace(event("hold", "lifted", refers_to=standing), fields=fields))
        assert [one.id for one in await holds(log)] == [standing]
        assert finding in said(await verify_log(log))


async def test_retention_takes_nothing_before_its_time(open_log: Opener, tmp_path: Path) -> None:
    """Neither a record that claims to be old, nor a clock that is ahead, nor a rule of one person."""
    rule = Rule(timedelta(days=200))
    ahead = datetime.now(UTC) + timedelta(days=400)
    async with await open_log(tmp_path / "audit") as log:
        now = record(1)
        backdated = record(2, at=datetime.now(UTC) - timedelta(days=300))
        for item in (now, backdated):
            await log.append(item)
        await agreed(log, rule)
        assert (await retain(log, [rule], by="cron", now=ahead)).erased == 0
        assert await log.get(backdated.id) == backdated
        assert "after a record of" in said(await verify_log(log))


async def test_a_run_of_retention_that_took_too_much_is_found(open_log: Opener, tmp_path: Path) -> None:
    rule = Rule(timedelta(days=200))
    async with await open_log(tmp_path / "audit") as log:
        await log.append(record(1))
        await agreed(log, rule)
        (ground,) = await log.read(lambda view: list(view.register().rules))
        target = (await log.find(Filter(event="question"))).records[0]
        done = event("retention", "done", refers_to=ground, records=[target.id], names=[ALL], by="x", age_days=200)
        await forced(log, done, *target.fields)
        assert "its time was not over" in said(await verify_log(log))
    async with await open_log(tmp_path / "other") as log:
        target = record(1, at=datetime.now(UTC) - timedelta(days=300))
        await log.append(target)
        done = event("retention", "done", records=[target.id], names=[ALL], by="x", age_days=200)
        await forced(log, done, *target.fields)
        assert "no two people agreed" in said(await verify_log(log))


# --- clocks ----------------------------------------------------------------------------------


async def test_times_that_run_backwards_or_ahead_are_found(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        base = datetime.now(UTC) - timedelta(hours=1)
        for n, minutes in enumerate((0, 2, 1, 4)):  # a little out of order is how replicas write
            await log.append(record(n, at=base + timedelta(minutes=minutes)))
        assert (await verify_log(log)).findings == []
        await log.append(record(5, at=base - timedelta(minutes=30)))
        await log.append(record(6, at=base - timedelta(minutes=29)))
        await log.append(record(7, at=base + timedelta(minutes=5)))
        (found,) = (await verify_log(log)).findings
        assert "after a record of" in found.what
    async with await open_log(tmp_path / "other") as log:
        await log.append(record(1, at=datetime.now(UTC) + timedelta(hours=2)))
        (found,) = (await verify_log(log)).findings
        assert "after that of the checkpoint" in found.what


async def test_a_checkpoint_of_tomorrow_is_found(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        await log.append(record(1))
        head = await log.read(lambda view: view.head())
        tomorrow = Checkpoint(head.origin, head.size, head.root, datetime.now(UTC) + timedelta(days=1))
        note = await log.sign(tomorrow.text())
        owner(log.database)(("UPDATE state SET checkpoint = ?", note))
        assert "has not come yet" in said(await verify_log(log))


# --- holds at the time of an approval, and what explains the log -------------------------------


@pytest.mark.parametrize(
    ("covers", "found"),
    [
        (Filter(), True),
        (Filter(event="question"), True),
        (Filter(outcome="answered", since=datetime(2020, 1, 1, tzinfo=UTC)), True),
        (Filter(person="U1"), True),
        (Filter(person="slack:U1", text="limit"), True),  # the words fell, and the hold lists what it kept
        (Filter(person="U2"), False),
        (Filter(event="review"), False),
        (Filter(until=datetime(2020, 1, 1, tzinfo=UTC)), False),
    ],
)
async def test_an_erasure_of_what_a_hold_kept_then_is_found(
    open_log: Opener, tmp_path: Path, covers: Filter, found: bool
) -> None:
    """Also when the hold was lifted since: the approval should not have been carried out."""
    async with await open_log(tmp_path / "audit") as log:
        target = record(1)
        await log.append(target)
        listed = {"question": (await digests(log, target.id))["question"]}
        request = await requested(log, target.id, "question")
        standing = await hold(log, matter="Doe v. Roe", covers=covers, ground="g", by="counsel")
        await forced(log, approved(request, target.id, listed), "question")
        assert ("under the hold of the matter 'Doe v. Roe'" in said(await verify_log(log))) is found
        await lifted(log, standing)
        report = await verify_log(log)
        assert ("under the hold of the matter 'Doe v. Roe'" in said(report)) is found
        assert report.ok is not found
        await export(log, tmp_path / "all.jsonl", format=ExportFormat.JSONL, by="ada")
        assert verify_export(tmp_path / "all.jsonl").ok is not found


async def test_a_hold_keeps_what_it_lists_whatever_is_left_of_it(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        targets = [record(n) for n in (1, 2, 1)]
        for item in targets:
            await log.append(item)
        await hold(log, matter="Doe v. Roe", covers=Filter(person="U1"), ground="g", by="counsel")
        for index, kept in ((0, True), (1, False), (2, True)):
            target = targets[index].id
            listed = await digests(log, target)
            request = await requested(log, target, *listed)
            await forced(log, approved(request, target, listed), *listed, index=index)
            found = [f for f in (await verify_log(log)).findings if f.record == target]
            assert bool(found) is kept and all("Doe v. Roe" in f.what for f in found), index


async def test_a_hold_that_was_lifted_before_or_set_after_kept_nothing(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target = record(1)
        await log.append(target)
        await lifted(log, await hold(log, matter="m", covers=Filter(), ground="g", by="counsel"))
        listed = {"question": (await digests(log, target.id))["question"]}
        request = await requested(log, target.id, "question")
        await forced(log, approved(request, target.id, listed), "question")
        await hold(log, matter="later", covers=Filter(), ground="g", by="counsel")
        assert (await verify_log(log)).findings == []


GOVERNED: dict[str, tuple[str, str]] = {
    "the covers of a hold that stands": ("standing", "covers"),
    "the matter of a hold that stands": ("standing", "matter"),
    "who requested": ("request", "requested_by"),
    "which records a request names": ("request", "records"),
    "who approved": ("ruling", "approved_by"),
    "the digests of an approval": ("ruling", "digests"),
    "the reason of a gap": ("gap", "refused_records"),
}


@pytest.mark.parametrize("attack", GOVERNED)
async def test_what_governs_is_not_erased_with_two_forged_names(open_log: Opener, tmp_path: Path, attack: str) -> None:
    """A request and an approval by two names, as they should be, over fields that hold up the log."""
    which, name = GOVERNED[attack]
    async with await open_log(tmp_path / "audit") as log:
        target = record(1)
        await log.append(target)
        request = await requested(log, target.id, "question")
        ruling = approved(request, target.id, {"question": (await digests(log, target.id))["question"]})
        await forced(log, ruling, "question")
        gap = event("gap", "recovered", reason="r", refused=1, refused_records=["x"], since="2026-03-01")
        await log.append(gap)
        standing = await hold(log, matter="m", covers=Filter(person="nobody"), ground="g", by="counsel")
        victim = {"standing": standing, "request": request, "ruling": ruling.id, "gap": gap.id}[which]
        receipt = await log.receipt(victim)
        assert receipt is not None
        listed = {name: (await digests(log, victim))[name]}
        assert (await verify_log(log)).findings == []
        second = await requested(log, victim, name)
        await forced(log, approved(second, victim, listed), name, index=receipt.index)
        assert not (await verify_log(log)).ok
        if which == "gap":
            return  # it governs nothing
        async with await open_log(tmp_path / "audit") as again:
            with pytest.raises(AuditCorrupt):
                await holds(again)
