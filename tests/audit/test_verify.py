"""Tampering is found, wherever it happens; a clean log and a clean export raise no alarm."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from audit.canonical import canonical
from audit.export import ExportFormat, export
from audit.log import TransparencyLog
from audit.note import Checkpoint, SigningKey
from audit.search import Filter
from audit.sqlite import SqliteDatabase
from audit.verify import verify_log
from audit.verify_export import verify_export
from tests.audit.fixtures import asked, record, rotated

MUTATIONS = int(os.environ.get("FOOTNOTE_TAMPER_MUTATIONS", "2000"))
CLEAN = int(os.environ.get("FOOTNOTE_CLEAN_LOGS", "40"))


async def fill(folder: Path, count: int, every: int = 2) -> tuple[str, str]:
    """A log of `count` records; its public key and a checkpoint from half way."""
    async with await TransparencyLog.open(folder) as log:
        half = ""
        for n in range(count):
            feedback = record(n, event="feedback", outcome="recorded", text="up")
            await log.append(asked(n) if n % every == every - 1 else feedback)
            if n == count // 2:
                half = await log.checkpoint()
        return (await log.read(lambda view: view.keys()))[0], half


# --- exports: every byte counts --------------------------------------------------------------


def mutate_lines(lines: list[bytes], dice: random.Random) -> list[bytes]:
    """One change of the kinds that somebody with the file could try."""
    changed = list(lines)
    kind = dice.randrange(6)
    at = dice.randrange(len(lines))
    if kind == 0:  # flip a bit
        line = bytearray(changed[at])
        line[dice.randrange(len(line))] ^= 1 << dice.randrange(8)
        changed[at] = bytes(line)
    elif kind == 1:  # delete a line
        del changed[at]
    elif kind == 2:  # swap two lines
        other = dice.choice([n for n in range(len(lines)) if n != at])
        changed[at], changed[other] = changed[other], changed[at]
    elif kind == 3:  # insert a copy
        changed.insert(dice.randrange(len(lines) + 1), lines[at])
    elif kind == 4:  # cut the end off
        whole = b"".join(lines)
        return [whole[: dice.randrange(len(whole))]]
    else:  # forge or double a disclosure
        at = dice.randrange(1, len(lines) - 1)
        value = json.loads(lines[at])
        name = dice.choice(sorted(value["fields"]))
        if dice.random() < 0.5:
            value["fields"][name] = "forged"
        else:
            value["fields"][name + "2"], value["salts"][name + "2"] = value["fields"][name], value["salts"][name]
        changed[at] = canonical(value) + b"\n"
    return changed


@pytest.mark.slow
async def test_every_mutation_of_an_export_is_found(tmp_path: Path) -> None:
    key, _ = await fill(tmp_path / "audit", 9)
    target = tmp_path / "all.jsonl"
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        await export(log, target, format=ExportFormat.JSONL, by="ada")
    lines = target.read_bytes().splitlines(keepends=True)
    assert verify_export(target, keys=[key]).ok
    dice = random.Random(7)
    missed = []
    for number in range(MUTATIONS):
        changed = mutate_lines(lines, dice)
        if changed == lines:
            continue
        target.write_bytes(b"".join(changed))
        if verify_export(target, keys=[key]).ok:
            missed.append(number)
    assert missed == []


async def test_every_file_of_a_bundle_counts(tmp_path: Path) -> None:
    key, half = await fill(tmp_path / "audit", 9)
    bundle = tmp_path / "bundle"
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        await export(log, bundle, format=ExportFormat.BUNDLE, by="ada")
    report = verify_export(bundle, keys=[key], since=half)
    assert (report.findings, report.records) == ([], 9)
    dice = random.Random(7)
    for path in sorted(p for p in bundle.rglob("*") if p.is_file()):
        good = path.read_bytes()
        changed = bytearray(good)
        changed[dice.randrange(len(good))] ^= 4
        path.write_bytes(changed)
        assert not verify_export(bundle, keys=[key]).ok, path
        path.unlink()
        assert path.name == "records.jsonl" or not verify_export(bundle, keys=[key]).ok, path
        path.write_bytes(good)
    (bundle / "more.txt").write_text("x")
    assert not verify_export(bundle, keys=[key]).ok


async def test_an_export_of_a_filter_is_proved_record_by_record(tmp_path: Path) -> None:
    key, half = await fill(tmp_path / "audit", 9)
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        wanted = Filter(document="policies/travel-3.md")
        for format, target in ((ExportFormat.JSONL, tmp_path / "some.jsonl"), (ExportFormat.BUNDLE, tmp_path / "some")):
            done = await export(log, target, format=format, by="ada", wanted=wanted)
            report = verify_export(target, keys=[key])
            assert (done.records, report.records, report.findings) == (1, 1, [])
        assert verify_export(tmp_path / "some", since=half).ok
        assert not verify_export(tmp_path / "some.jsonl", since=half).ok


async def test_a_forged_key_is_found_when_the_key_is_known(tmp_path: Path) -> None:
    key, _ = await fill(tmp_path / "real", 3)
    name = key.split("+")[0]
    async with await TransparencyLog.open(tmp_path / "forged", origin=name) as log:
        await log.append(asked(1))
        await export(log, tmp_path / "forged.jsonl", format=ExportFormat.JSONL, by="eve")
    assert verify_export(tmp_path / "forged.jsonl").ok  # it is a consistent log, of another key
    assert not verify_export(tmp_path / "forged.jsonl", keys=[key]).ok
    assert verify_export(tmp_path / "forged.jsonl").key != key


# --- the live log ----------------------------------------------------------------------------


def at(connection: apsw.Connection, dice: random.Random) -> int:
    return dice.randrange(connection.execute("SELECT size FROM state").get)


def flip_leaf(connection: apsw.Connection, dice: random.Random) -> None:
    index = at(connection, dice)
    leaf = bytearray(connection.execute("SELECT leaf FROM entry WHERE idx = ?", (index,)).get)
    leaf[dice.randrange(len(leaf))] ^= 1 << dice.randrange(8)
    connection.execute("UPDATE entry SET leaf = ? WHERE idx = ?", (bytes(leaf), index))


def flip_body(connection: apsw.Connection, dice: random.Random) -> None:
    index = at(connection, dice)
    body = bytearray(connection.execute("SELECT body FROM disclosure WHERE idx = ?", (index,)).get)
    body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
    connection.execute("UPDATE disclosure SET body = ? WHERE idx = ?", (bytes(body), index))


def change_column(connection: apsw.Connection, dice: random.Random) -> None:
    column, value = dice.choice(
        [("outcome", "refused"), ("event", "hold"), ("time", 5), ("refers_to", "x"), ("id", "y")]
    )
    connection.execute(f"UPDATE entry SET {column} = ? WHERE idx = ?", (value, at(connection, dice)))


def delete_record(connection: apsw.Connection, dice: random.Random) -> None:
    connection.execute("DELETE FROM entry WHERE idx = ?", (at(connection, dice),))


def delete_fields(connection: apsw.Connection, dice: random.Random) -> None:
    connection.execute("DELETE FROM disclosure WHERE idx = ?", (at(connection, dice),))


def fake_erasure(connection: apsw.Connection, dice: random.Random) -> None:
    index = at(connection, dice)
    rows = json.loads(connection.execute("SELECT body FROM disclosure WHERE idx = ?", (index,)).get)
    gone = rows.pop()
    connection.execute("UPDATE disclosure SET body = ? WHERE idx = ?", (canonical(rows), index))
    other = connection.execute("SELECT id FROM entry WHERE idx = ?", (at(connection, dice),)).get
    connection.execute("INSERT INTO erased VALUES (?, ?, ?)", (index, gone[1], other))


def forge_disclosure(connection: apsw.Connection, dice: random.Random) -> None:
    index = at(connection, dice)
    rows = json.loads(connection.execute("SELECT body FROM disclosure WHERE idx = ?", (index,)).get)
    rows.append(["AAAAAAAAAAAAAAAAAAAAAA", "forged", 1] if dice.random() < 0.5 else rows[0])
    connection.execute("UPDATE disclosure SET body = ? WHERE idx = ?", (canonical(rows), index))


def swap_records(connection: apsw.Connection, dice: random.Random) -> None:
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for table in ("entry", "disclosure"):
        connection.execute(f"UPDATE {table} SET idx = -1 WHERE idx = 2")
        connection.execute(f"UPDATE {table} SET idx = 2 WHERE idx = 5")
        connection.execute(f"UPDATE {table} SET idx = 5 WHERE idx = -1")


def insert_record(connection: apsw.Connection, dice: random.Random) -> None:
    size = connection.execute("SELECT size FROM state").get
    connection.execute(
        "INSERT INTO entry SELECT ?, 'new', event, outcome, time, refers_to, leaf FROM entry LIMIT 1", (size,)
    )


def truncate(connection: apsw.Connection, dice: random.Random) -> None:
    connection.execute("DELETE FROM entry WHERE idx >= ?", (1 + at(connection, dice) // 2,))


def flip_tile(connection: apsw.Connection, dice: random.Random) -> None:
    level, n, hashes = dice.choice(list(connection.execute("SELECT level, n, hashes FROM tile")))
    changed = bytearray(hashes)
    changed[dice.randrange(len(changed))] ^= 1
    connection.execute("UPDATE tile SET hashes = ? WHERE level = ? AND n = ?", (bytes(changed), level, n))


def flip_checkpoint(connection: apsw.Connection, dice: random.Random) -> None:
    note = connection.execute("SELECT checkpoint FROM state").get
    position = dice.randrange(len(note))
    changed = note[:position] + chr(ord(note[position]) ^ 1) + note[position + 1 :]
    connection.execute("UPDATE state SET checkpoint = ?", (changed,))


def forge_key(connection: apsw.Connection, dice: random.Random) -> None:
    """Everything signed anew with another key of the same name."""
    origin = connection.execute("SELECT value FROM meta WHERE name = 'origin'").get
    key = SigningKey.generate(origin)
    size = connection.execute("SELECT size FROM state").get
    note = key.sign_note(Checkpoint(origin, size, b"\x00" * 32).text())
    connection.execute("UPDATE state SET checkpoint = ?, signer = ?", (note, str(key.public)))
    connection.execute("UPDATE key SET vkey = ?", (str(key.public),))


ATTACKS: list[Callable[[apsw.Connection, random.Random], None]] = [
    flip_leaf,
    flip_body,
    change_column,
    delete_record,
    delete_fields,
    fake_erasure,
    forge_disclosure,
    swap_records,
    insert_record,
    truncate,
    flip_tile,
    flip_checkpoint,
    forge_key,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_every_mutation_of_the_log_is_found(
    tmp_path: Path, attack: Callable[[apsw.Connection, random.Random], None]
) -> None:
    key, _ = await fill(tmp_path / "audit", 300, every=20)
    dice = random.Random(attack.__name__)
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        assert (await verify_log(log, keys=[key])).findings == []
        tamper = apsw.Connection(str(SqliteDatabase(log.paths.folder).path))
        for _ in range(max(3, MUTATIONS // 1000)):
            tamper.execute("SAVEPOINT before")
            tamper.execute("RELEASE before")
            keep = shutil.copytree(tmp_path / "audit", tmp_path / "keep", dirs_exist_ok=True)
            attack(tamper, dice)
            assert not (await verify_log(log, keys=[key])).ok
            restore_database(tamper, keep / "log.db")
            assert (await verify_log(log, keys=[key])).ok
        tamper.close()


def restore_database(connection: apsw.Connection, copy: Path) -> None:
    source = apsw.Connection(str(copy))
    with connection.backup("main", source, "main") as backup:
        while not backup.done:
            backup.step()
    source.close()


async def test_rollback_and_fork_are_found_with_an_earlier_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    key, half = await fill(folder, 6)
    shutil.copytree(folder, tmp_path / "old")
    async with await TransparencyLog.open(folder) as log:
        await log.append(asked(7))
        newer = await log.checkpoint()
        assert (await verify_log(log, keys=[key], since=half)).ok
    async with await TransparencyLog.open(tmp_path / "old") as log:
        assert (await verify_log(log, keys=[key])).ok  # a rolled-back log is consistent in itself
        assert "rolled back" in (await verify_log(log, keys=[key], since=newer)).findings[0].what
        await log.append(asked(8))
        assert "not those that the earlier" in (await verify_log(log, keys=[key], since=newer)).findings[0].what
        await export(log, tmp_path / "fork", format=ExportFormat.BUNDLE, by="eve")
    assert not verify_export(tmp_path / "fork", keys=[key], since=newer).ok


async def test_clean_logs_raise_no_alarm(tmp_path: Path) -> None:
    for number in range(CLEAN):
        folder = tmp_path / str(number)
        async with await TransparencyLog.open(folder) as log:
            for n in range(number % 9):
                await log.append(asked(n))
            if number % 3 == 0:
                await rotated(log)
                await log.append(record(1))
            report = await verify_log(log)
            assert report.findings == []
            await export(log, folder / "b", format=ExportFormat.BUNDLE, by="ada")
            assert verify_export(folder / "b").findings == []


async def test_after_a_rotation_the_first_key_still_vouches(tmp_path: Path) -> None:
    async with await TransparencyLog.open(tmp_path / "audit") as log:
        first = (await log.read(lambda view: view.keys()))[0]
        await log.append(asked(1))
        before = await log.checkpoint()
        await rotated(log)
        await rotated(log)
        await log.append(asked(2))
        assert (await verify_log(log, keys=[first], since=before)).findings == []
        await export(log, tmp_path / "a.jsonl", format=ExportFormat.JSONL, by="ada", wanted=Filter(event="question"))
    report = verify_export(tmp_path / "a.jsonl", keys=[first])
    assert (report.findings, report.records) == ([], 2)
