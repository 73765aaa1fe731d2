"""More that an insider may try: on the rows of both databases, what lies beside the log, approvals at the same time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import apsw
import pytest

from audit import agreement
from audit.approvals import approve, refuse, request_rotation
from audit.canonical import canonical
from audit.disclosure import disclosures_of, seal
from audit.erase import approve_erasure, certificate_of, request_erasure
from audit.errors import AuditCorrupt, AuditError, AuditUnavailable, ErasureRefused, RecordUnknown
from audit.events import event
from audit.export import ExportFormat, export
from audit.gaps import GapNotes
from audit.holds import hold, holds, request_lift
from audit.keyring import Paths
from audit.log import TransparencyLog
from audit.publish import compare_checkpoints, publish_checkpoint
from audit.record import AuditRecord, Json
from audit.retention import Rule, request_rule
from audit.search import Filter
from audit.sqlite import SqliteDatabase
from audit.store import Addition
from audit.verify import verify_log
from audit.verify_export import verify_export
from audit.verify_home import Home, verify_home
from tests.audit.fixtures import Opener, asked, lifted, record
from tests.audit.test_four_eyes import approved, digests, forced, said
from tests.audit.test_insider import owner

Statements = Sequence[tuple[str, *tuple[object, ...]]]

NEW_FIELD = canonical([["AAAAAAAAAAAAAAAAAAAAAA", "question", "forged"]])
ROWS: dict[str, Statements] = {
    "another id": [("UPDATE entry SET id = 'x' WHERE idx = 3",)],
    "another event": [("UPDATE entry SET event = 'access' WHERE idx = 3",)],
    "another outcome": [("UPDATE entry SET outcome = 'refused' WHERE idx = 3",)],
    "another time": [("UPDATE entry SET time = time + 1 WHERE idx = 3",)],
    "an earlier time": [("UPDATE entry SET time = 0 WHERE idx = 3",)],
    "another reference": [("UPDATE entry SET refers_to = 'x' WHERE idx = 3",)],
    "a reference taken away": [("UPDATE entry SET refers_to = NULL WHERE idx = 6",)],
    "a leaf of another record": [("UPDATE entry SET leaf = (SELECT leaf FROM entry WHERE idx = 4) WHERE idx = 3",)],
    "an empty leaf": [("UPDATE entry SET leaf = substr(leaf, 1, 0) WHERE idx = 3",)],
    "a leaf that is none": [("UPDATE entry SET leaf = ? WHERE idx = 3", b"{}")],
    "two records change places": [
        ("UPDATE entry SET idx = 900 WHERE idx = 3",),
        ("UPDATE entry SET idx = 3 WHERE idx = 4",),
        ("UPDATE entry SET idx = 4 WHERE idx = 900",),
    ],
    "fields of another record": [
        ("UPDATE disclosure SET body = (SELECT body FROM disclosure WHERE idx = 4) WHERE idx = 3",)
    ],
    "other fields": [("UPDATE disclosure SET body = ? WHERE idx = 3", NEW_FIELD)],
    "no fields": [("UPDATE disclosure SET body = ? WHERE idx = 3", b"[]")],
    "fields that are no JSON": [("UPDATE disclosure SET body = ? WHERE idx = 3", b"[[")],
    "fields that are another JSON": [("UPDATE disclosure SET body = ? WHERE idx = 3", b"{}")],
    "fields that are deep": [("UPDATE disclosure SET body = ? WHERE idx = 3", b"[" * 3000)],
    "fields twice": [("UPDATE disclosure SET body = ? WHERE idx = 3", b"TWICE")],
    "a field more": [("UPDATE disclosure SET body = ? WHERE idx = 3", b"MORE")],
    "a field less": [("UPDATE disclosure SET body = ? WHERE idx = 3", b"LESS")],
    "a salt that is another": [("UPDATE disclosure SET body = ? WHERE idx = 3", b"SALT")],
    "a field under another name": [("UPDATE disclosure SET body = ? WHERE idx = 3", b"NAME")],
    "a value of another type": [("UPDATE disclosure SET body = ? WHERE idx = 3", b"TYPE")],
    "a field said to be erased that is there": [("INSERT INTO erased VALUES (3, 'question', 'x')",)],
    "an erasure by another ruling": [("UPDATE erased SET by = 'x'",)],
    "an erasure by its request": [("UPDATE erased SET by = (SELECT id FROM entry WHERE outcome = 'requested')",)],
    "an erasure of another field": [("UPDATE erased SET name = 'user'",)],
    "an erasure of another record": [("UPDATE erased SET idx = 4",)],
    "an erasure that was forgotten": [("DELETE FROM erased",)],
    "a size that is smaller": [("UPDATE state SET size = size - 1",)],
    "a size that is larger": [("UPDATE state SET size = size + 1",)],
    "an edge that is another": [("UPDATE state SET edge = ?", b"\0" * 64)],
    "an edge that is empty": [("UPDATE state SET edge = substr(edge, 1, 0)",)],
    "a checkpoint that is cut": [("UPDATE state SET checkpoint = substr(checkpoint, 1, 40)",)],
    "a checkpoint that is none": [("UPDATE state SET checkpoint = 'x'",)],
    "a checkpoint without its signature": [
        ("UPDATE state SET checkpoint = replace(checkpoint, ' ', '')",),
    ],
    "a name in the checkpoint": [("UPDATE state SET checkpoint = 'x' || checkpoint",)],
    "a key more": [("INSERT INTO key (vkey) VALUES ('x+00000000+AAAA')",)],
    "no key": [("DELETE FROM key",)],
    "another key": [("UPDATE key SET vkey = 'x+00000000+AAAA'",)],
    "a name of the log that is missing": [("DELETE FROM meta WHERE name = 'origin'",)],
    "the last record taken away": [
        ("DELETE FROM entry WHERE idx = (SELECT size - 1 FROM state)",),
        ("DELETE FROM disclosure WHERE idx = (SELECT size - 1 FROM state)",),
    ],
    "a record in the middle taken away": [
        ("DELETE FROM entry WHERE idx = 3",),
        ("DELETE FROM disclosure WHERE idx = 3",),
    ],
    "all records taken away": [("DELETE FROM entry",), ("DELETE FROM disclosure",)],
}


def changed(body: bytes, how: bytes) -> bytes:
    """The fields of a record, as an insider would change them."""
    parts = [[*part] for part in disclosures_of(body)]
    salt, name, value = parts[0]
    made: dict[bytes, list[list[Json]]] = {
        b"TWICE": [*parts, parts[0]],
        b"MORE": [*parts, ["AAAAAAAAAAAAAAAAAAAAAA", "email", "x"]],
        b"LESS": parts[1:],
        b"SALT": [["AAAAAAAAAAAAAAAAAAAAAA", name, value], *parts[1:]],
        b"NAME": [[salt, "email", value], *parts[1:]],
        b"TYPE": [[salt, name, [value]], *parts[1:]],
    }
    return canonical([*made[how]]) if how in made else how


@pytest.mark.parametrize("attack", ROWS)
async def test_a_changed_row_is_found(open_log: Opener, tmp_path: Path, attack: str) -> None:
    folder = tmp_path / "audit"
    async with await open_log(folder) as log:
        for n in range(5):
            await log.append(record(n))
        target = (await log.find(Filter(event="question"))).records[-1]
        await log.append(event("delivery", "delivered", refers_to=target.id, platform="slack"))
        await log.append(event("delivery", "delivered", refers_to=target.id, platform="slack"))
        request = await request_erasure(log, records=[target.id], names=["question"], ground="g", by="ada")
        await approve_erasure(log, request.id, by="grace")
        assert (await verify_log(log)).findings == []
        body = await log.read(lambda view: view.session.value("SELECT body FROM disclosure WHERE idx = 3"))
        statements = [
            (sql, *(changed(bytes(body), v) if isinstance(v, bytes) else v for v in values))
            for sql, *values in ROWS[attack]
        ]
        owner(log.database)(*statements)
        try:
            report = await verify_log(log)
        except AuditError as error:
            pytest.fail(f"verification gave up: {error}")
        assert not report.ok


SPECIALS = ["symlink", "folder", "fifo", "flood", "long"]


@pytest.mark.parametrize("kind", SPECIALS)
async def test_what_lies_in_the_place_of_the_notes_does_no_harm(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "audit"
    async with await TransparencyLog.open(folder) as log:
        await log.append(record(1))
    victim, notes = tmp_path / "victim", Paths(folder).gaps
    victim.write_text("precious")
    notes.unlink()
    if kind == "symlink":
        notes.symlink_to(victim)
    elif kind == "folder":
        notes.mkdir()
    elif kind == "fifo":
        os.mkfifo(notes)
    else:
        notes.write_bytes(b"{}\n" * 30_000 if kind == "flood" else b'{"id":"' + b"0" * 3_000_000)
    try:
        async with await TransparencyLog.open(folder) as log:
            await log.append(record(2))
            assert len((await log.find(Filter(event="gap"))).records) <= 1
            assert (await verify_log(log)).findings == []
    except AuditUnavailable as error:
        assert str(notes) in str(error)
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("what", ["swapped", "renamed", "doubled"])
async def test_kept_checkpoints_have_the_name_of_their_size(open_log: Opener, tmp_path: Path, what: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    async with await open_log(tmp_path / "audit") as log:
        paths = []
        for n in range(2):
            await log.append(record(n))
            paths.append(await publish_checkpoint(log, outside))
        first, second = (path.read_text() for path in paths)
        if what == "swapped":
            paths[0].write_text(second)
            paths[1].write_text(first)
        elif what == "renamed":
            paths[0].rename(outside / "checkpoint-000000000009.txt")
        else:
            paths[1].write_text(first)
        assert "its name says otherwise" in "; ".join((await compare_checkpoints(log, outside)).wrong)


COPIES = [
    ("DELETE FROM copy",),
    ("UPDATE copy SET first = 0, last = -1",),
    ("UPDATE copy SET path = path || 'x'",),
    ("UPDATE copy SET first = 900, last = 901, record = 'x'",),
]


@pytest.mark.parametrize("statement", COPIES)
async def test_an_export_is_removed_whatever_the_table_says(
    open_log: Opener, tmp_path: Path, statement: tuple[str]
) -> None:
    folder = tmp_path / "audit"
    async with await open_log(folder) as log:
        target = asked(1)
        await log.append(target)
        await export(log, folder / "exports" / "a.jsonl", format=ExportFormat.JSONL, by="ada")
        await export(log, tmp_path / "elsewhere.jsonl", format=ExportFormat.JSONL, by="ada")
        owner(log.database)(statement)
        request = await request_erasure(log, records=[target.id], ground="g", by="ada")
        done = await approve_erasure(log, request.id, by="grace")
        assert not (folder / "exports" / "a.jsonl").exists()
        assert str(tmp_path / "elsewhere.jsonl") in done.copies


# --- approvals -------------------------------------------------------------------------------


async def lift_request(log: TransparencyLog) -> str:
    return await request_lift(log, (await holds(log))[0].id, ground="settled", by="ada")


async def rule_request(log: TransparencyLog) -> str:
    return await request_rule(log, Rule(timedelta(days=400)), ground="policy", by="ada")


async def key_request(log: TransparencyLog) -> str:
    return await request_rotation(log, ground="yearly", by="ada")


async def erasure_request(log: TransparencyLog) -> str:
    target = (await log.find(Filter(event="question"))).records[0]
    return (await request_erasure(log, records=[target.id], ground="g", by="ada")).id


@pytest.mark.parametrize("kind", ["lift", "rule", "key", "erasure"])
async def test_two_who_answer_a_request_at_once_leave_one_answer(open_log: Opener, tmp_path: Path, kind: str) -> None:
    """However they interleave: a second approval, or one beside a refusal, would be a finding for ever."""
    makers = {"lift": lift_request, "rule": rule_request, "key": key_request, "erasure": erasure_request}
    async with (
        await open_log(tmp_path / "audit") as one,
        await TransparencyLog.open(tmp_path / "audit", database=one.database) as two,
    ):
        await one.append(record(1))
        if kind == "lift":
            await hold(one, matter="m", covers=Filter(person="nobody"), ground="g", by="counsel")
        for second in (approve(two, "", by="heidi"), None):
            request = await makers[kind](one)
            other = (
                approve(two, request, by="heidi") if second is not None else refuse(two, request, by="h", reason="r")
            )
            if second is not None:
                second.close()
            results = await asyncio.gather(approve(one, request, by="grace"), other, return_exceptions=True)
            assert [r for r in results if not isinstance(r, BaseException)]
            for result in results:
                assert not isinstance(result, BaseException) or isinstance(result, AuditError), result
            assert (await verify_log(one)).findings == []
            if kind == "lift" and not await holds(one):
                await hold(one, matter="m", covers=Filter(person="nobody"), ground="g", by="counsel")


PARTS: dict[str, list[dict[str, Json]]] = {
    "another field of the record": [{"names": ["user"], "records": ["TARGET"]}],
    "no field of the record": [{"names": [], "records": ["TARGET"]}],
    "every field": [{"names": ["*"], "records": ["TARGET"]}],
}


@pytest.mark.parametrize("parts", PARTS)
async def test_an_approval_takes_of_a_record_what_its_part_says(open_log: Opener, tmp_path: Path, parts: str) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target = record(1)
        await log.append(target)
        fields: dict[str, Json] = {"records": [target.id], "names": ["question", "user"], "ground": "g"}
        fields |= {"requested_by": "ada", "parts": [{**one, "records": [target.id]} for one in PARTS[parts]]}
        request = replace(event("erasure", "requested"), fields=fields)
        await log.append(request)
        listed = {"question": (await digests(log, target.id))["question"]}
        ruling = approved(request.id, target.id, listed, {"names": ["question", "user"]})
        await forced(log, ruling, "question")
        assert "other fields of a record than were requested" in said(await verify_log(log))


COVERS: list[Json] = [
    {"since": "yesterday"},
    {"since": ""},
    {"persn": "U1"},
    {"person": 7},
    {"records": "all"},
    [],
    "everything",
]


@pytest.mark.parametrize("covers", COVERS, ids=str)
async def test_a_hold_that_cannot_be_read_stops_nobody(open_log: Opener, tmp_path: Path, covers: Json) -> None:
    """Neither the log's own work nor a verification."""
    async with await open_log(tmp_path / "audit") as log:
        target = record(1)
        await log.append(target)
        fields: dict[str, Json] = {"matter": "m", "ground": "g", "by": "eve", "covers": covers}
        await log.append(replace(event("hold", "set"), fields=fields))
        assert await holds(log) == []
        request = await request_erasure(log, records=[target.id], ground="g", by="ada")
        await approve_erasure(log, request.id, by="grace")
        assert said(await verify_log(log)) == "what the hold covers cannot be read"


async def test_a_hold_without_a_zone_counts_in_utc(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target = record(1)
        await log.append(target)
        fields: dict[str, Json] = {"matter": "m", "ground": "g", "by": "c", "covers": {"since": "2020-01-01T00:00:00"}}
        await log.append(replace(event("hold", "set"), fields=fields))
        with pytest.raises(ErasureRefused, match="legal hold"):
            await request_erasure(log, records=[target.id], ground="g", by="ada")
        await lifted(log, (await holds(log))[0].id)
        assert (await verify_log(log)).findings == []


async def test_a_forged_certificate_is_not_handed_out(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        forged = event("erasure", "certified", refers_to="r1", certificate="footnote-audit-erasure/v1\nall is gone\n")
        await log.append(forged)
        with pytest.raises(AuditCorrupt):
            await certificate_of(log, "r1")
        with pytest.raises(RecordUnknown):
            await certificate_of(log, "r2")


async def test_a_seal_of_other_files_seals_nothing_else(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        await log.append(asked(1))
        await export(log, tmp_path / "true.csv", format=ExportFormat.CSV, by="ada")
    (tmp_path / "false.csv").write_text("record,answer\r\nx,forged\r\n")
    (tmp_path / "false.csv.seal").write_bytes((tmp_path / "true.csv.seal").read_bytes())
    assert "is of other files than false.csv" in said(verify_export(tmp_path / "false.csv"))
    assert verify_export(tmp_path / "true.csv").ok


async def test_an_index_that_hides_records_is_found(tmp_path: Path) -> None:
    """SQLite finds records of an event by an index of its own: whoever may write to the file may empty that."""
    folder = tmp_path / "audit"
    async with await TransparencyLog.open(folder) as log:
        for n in range(5):
            await log.append(record(n))
        await hold(log, matter="m", covers=Filter(), ground="g", by="counsel")
    database = SqliteDatabase(folder)
    home = Home(Paths(folder), database)
    assert (await verify_home(home, index=True)).ok
    connection = apsw.Connection(str(database.path))
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 0)
    connection.execute("PRAGMA writable_schema = ON")
    other = "CREATE INDEX entry_event ON entry (event, idx) WHERE event <> 'question' AND event <> 'hold'"
    connection.execute("DROP INDEX entry_event")
    connection.execute(other)
    honest = "CREATE INDEX entry_event ON entry (event, idx) WHERE event <> 'question'"
    connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'entry_event'", (honest,))
    connection.close()
    report = await verify_home(home, index=True)
    assert "damaged" in said(report)


async def test_gap_notes_by_several_at_once_lose_none(tmp_path: Path) -> None:
    path = tmp_path / "gaps"
    GapNotes(path).reserve()
    await asyncio.gather(
        *(asyncio.to_thread(GapNotes(path).add, "busy", [f"{n}-{i}" for i in range(5)]) for n in range(20))
    )
    moved: list[AuditRecord] = []
    GapNotes(path).move(moved.extend)
    assert sum(int(str(gap.fields["refused"])) for gap in moved) == 100


async def test_a_record_of_the_same_id_is_refused(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        first = record(1)
        await log.append(first)
        await log.work(lambda store: _written(store.write([Addition(seal(replace(first, outcome="refused")))])))
        assert (await log.get(first.id)) == first
        assert (await verify_log(log)).findings == []


def _written(_: object) -> None:
    return


def test_agreement_is_one_module() -> None:
    """What needs two people goes through it."""
    assert {"ask", "second", "carry_out", "refuse", "once"} <= set(vars(agreement))


ENTRY = "CREATE TABLE entry (idx INTEGER PRIMARY KEY, id, event, outcome, time, refers_to, leaf)"
LOOSE: dict[str, tuple[str, ...]] = {
    "a leaf of text": ("UPDATE entry SET leaf = 'abc' WHERE idx = 1",),
    "no leaf": ("UPDATE entry SET leaf = NULL WHERE idx = 1",),
    "a time of text": ("UPDATE entry SET time = 'abc' WHERE idx = 1",),
    "no time": ("UPDATE entry SET time = NULL WHERE idx = 1",),
    "an id that is no UTF-8": ("UPDATE entry SET id = CAST(x'ff' AS TEXT) WHERE idx = 1",),
    "fields that are a number": (
        "ALTER TABLE disclosure RENAME TO d0",
        "CREATE TABLE disclosure (idx INTEGER PRIMARY KEY, body)",
        "INSERT INTO disclosure SELECT idx, 7 FROM d0",
        "DROP TABLE d0",
    ),
    "an erased name that is no text": (
        "DROP TABLE erased",
        "CREATE TABLE erased (idx, name, by)",
        "INSERT INTO erased VALUES (1, x'ff', 3)",
    ),
    "a name of the log that is no UTF-8": ("UPDATE meta SET value = CAST(x'ff' AS TEXT)",),
}


@pytest.mark.parametrize("what", LOOSE)
async def test_tables_that_were_made_anew_and_hold_anything_are_a_finding(tmp_path: Path, what: str) -> None:
    """Neither a crash of whoever verifies or reads, nor a start that waits for ever."""
    folder = tmp_path / "audit"
    async with await TransparencyLog.open(folder) as log:
        for n in range(3):
            await log.append(record(n))
    connection = apsw.Connection(str(folder / "log.db"))
    for sql in ("ALTER TABLE entry RENAME TO e0", ENTRY, "INSERT INTO entry SELECT * FROM e0", "DROP TABLE e0"):
        connection.execute(sql)
    for sql in LOOSE[what]:
        connection.execute(sql)
    connection.close()
    assert not (await verify_home(Home(Paths(folder), SqliteDatabase(folder)))).ok
    with suppress(AuditError):
        async with await TransparencyLog.open(folder) as log:
            with suppress(AuditError):
                assert len([one async for one in log.all(Filter())]) <= 3
            with suppress(AuditError):
                await log.append(record(4))
            assert not (await verify_log(log)).ok
