"""A key signs until it hands over, and no tree of a later size; one that was lost hands over to nobody."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from audit.approvals import approve_rotation, pending, refuse, request_rotation
from audit.canonical import canonical
from audit.errors import ErasureRefused, RecordUnknown
from audit.export import ExportFormat, export
from audit.keyring import Paths
from audit.note import Checkpoint, SigningKey
from audit.report import Report
from audit.verify import verify_log
from audit.verify_export import verify_export
from audit.verify_home import Home, verify_home
from tests.audit.fixtures import Opener, record, rotated
from tests.audit.test_insider import owner


def said(report: Report) -> str:
    return "; ".join(finding.what for finding in report.findings)


async def test_a_new_key_takes_two_people(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        await log.append(record(1))
        with pytest.raises(ErasureRefused, match="ground"):
            await request_rotation(log, ground=" ", by="ada")
        request = await request_rotation(log, ground="yearly", by="ada")
        with pytest.raises(ErasureRefused, match="same person"):
            await approve_rotation(log, request, by="Ada")
        assert [one.what for one in await pending(log)] == ["sign with a new key"]
        await refuse(log, request, by="grace", reason="not yet")
        with pytest.raises(RecordUnknown):
            await approve_rotation(log, request, by="grace")
        await rotated(log)
        assert await pending(log) == []
        assert (await verify_log(log)).findings == []


@pytest.mark.parametrize("size", [0, 1])
async def test_a_key_that_handed_over_signs_no_more(open_log: Opener, tmp_path: Path, size: int) -> None:
    """Whoever kept the old key, and may write to the database, puts a head of theirs in place."""
    async with await open_log(tmp_path / "audit") as log:
        await log.append(record(1))
        old = SigningKey.parse((tmp_path / "audit" / "key").read_text())
        first = (await log.read(lambda view: view.keys()))[0]
        await rotated(log)
        for n in range(size):
            await log.append(record(n))
        head = await log.read(lambda view: view.head())
        assert (await verify_log(log, keys=[first])).findings == []
        forged = old.sign_note(Checkpoint(head.origin, head.size, head.root, head.time).text())
        owner(log.database)(("UPDATE state SET checkpoint = ?", forged))
        for report in (
            await verify_log(log, keys=[first]),
            await verify_log(log),
            await verify_home(Home(Paths(tmp_path / "audit"), log.database)),
        ):
            assert "signed by a key that signs up to 2 records" in said(report) or "not the newest key" in said(report)


async def test_what_is_exported_after_a_handover_takes_the_new_key(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        await log.append(record(1))
        old = SigningKey.parse((tmp_path / "audit" / "key").read_text())
        first = (await log.read(lambda view: view.keys()))[0]
        await rotated(log)
        await export(log, tmp_path / "all.jsonl", format=ExportFormat.JSONL, by="ada")
    target = tmp_path / "all.jsonl"
    assert verify_export(target, keys=[first]).ok
    lines = target.read_bytes().splitlines(keepends=True)
    end = json.loads(lines[-1])
    claim = end["seal"].rpartition("\n\n")[0] + "\n"
    end["seal"] = old.sign_note(claim)
    target.write_bytes(b"".join(lines[:-1]) + canonical(end) + b"\n")
    assert "seal is no good" in said(verify_export(target, keys=[first]))


async def test_a_lost_key_vouches_for_nobody(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        for n in range(4):
            await log.append(record(n))
        first = (await log.read(lambda view: view.keys()))[0]
        late = await log.checkpoint()
        request = await request_rotation(log, ground="key lost on Monday", by="ada", revoked=3)
        new = await approve_rotation(log, request, by="grace")
        await log.append(record(9))
        assert (await verify_log(log)).findings == []
        assert (await verify_log(log, keys=[str(new)])).findings == []
        assert not (await verify_log(log, keys=[first])).ok
        assert "signs up to 3 records" in said(await verify_log(log, since=late))
        await export(log, tmp_path / "all", format=ExportFormat.BUNDLE, by="ada")
    assert verify_export(tmp_path / "all", keys=[str(new)]).ok
    assert not verify_export(tmp_path / "all", keys=[first]).ok


async def test_a_bundle_s_own_words_verify_across_a_rotation(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        for n in range(3):
            await log.append(record(n))
            await rotated(log)
        first = (await log.read(lambda view: view.keys()))[0]
        await export(log, tmp_path / "all", format=ExportFormat.BUNDLE, by="ada")
    folder = tmp_path / "all"
    assert verify_export(folder, keys=[first]).ok
    keys = (folder / "keys").read_text().splitlines()
    text = (folder / "README.md").read_text()
    commands = text[text.index("    KEY=") :].split("\n\n")[0]
    for number in (1, 2, 3):
        script = commands.replace("sed -n Np", f"sed -n {number}p").replace("N.der", f"{tmp_path}/{number}.der")
        script = script.replace("rotations/N", f"rotations/{number}")
        assert await _run(script, folder) == 0
        assert (folder / "rotations" / str(number)).read_text().splitlines()[1] == keys[number]
        statement = folder / "rotations" / str(number)
        good = statement.read_bytes()
        statement.write_bytes(good.replace(b"\n", b" \n", 1))
        assert await _run(script, folder) != 0
        statement.write_bytes(good)


async def _run(script: str, folder: Path) -> int:
    process = await asyncio.create_subprocess_exec(
        "bash", "-euc", script, cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait()
