"""Exports of every format carry a seal, and nobody edits, cuts or exchanges a file of one unseen."""

from __future__ import annotations

import codecs
import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.erase import approve_erasure, request_erasure
from audit.errors import ExportFailed
from audit.export import ExportFormat, export
from audit.log import TransparencyLog
from audit.note import SigningKey
from audit.verify_export import verify_export
from tests.audit.fixtures import Opener, asked, record, rotated
from tests.audit.test_four_eyes import said

FILES = {ExportFormat.CSV: "all.csv", ExportFormat.OCSF: "all.ocsf", ExportFormat.PARQUET: "all"}


async def exported(log: TransparencyLog, folder: Path, format: ExportFormat) -> Path:
    target = folder / FILES[format]
    await export(log, target, format=format, by="ada")
    return target


def files(target: Path) -> list[Path]:
    """Those of an export, but for its seal."""
    found = sorted(target.rglob("*.parquet")) if target.is_dir() else sorted(target.parent.glob(f"{target.stem}*"))
    return [path for path in found if path.is_file() and path.suffix != ".seal"]


def edited(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def lengthened(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def emptied(path: Path) -> None:
    path.write_bytes(b"")


ATTACKS: dict[str, Callable[[Path], None]] = {
    "edited": edited,
    "cut": cut,
    "lengthened": lengthened,
    "emptied": emptied,
    "removed": Path.unlink,
}


@pytest.mark.parametrize("format", FILES)
async def test_a_seal_covers_every_file(open_log: Opener, tmp_path: Path, format: ExportFormat) -> None:
    async with await open_log(tmp_path / "audit") as log:
        for n in range(5):
            await log.append(asked(n))
        key = (await log.read(lambda view: view.keys()))[0]
        target = await exported(log, tmp_path, format)
        there = files(target)
        assert len(there) == (1 if format is ExportFormat.OCSF else 2)
        report = verify_export(target)
        assert (report.findings, report.key, report.size, report.records) == ([], key, 5, 5)
        assert verify_export(target, keys=[key]).ok
        other = SigningKey.generate("example.com/other")
        assert not verify_export(target, keys=[str(other.public)]).ok
        for path in there:
            kept = path.read_bytes()
            for what, attack in ATTACKS.items():
                attack(path)
                found = verify_export(target if target.exists() else Path(f"{target}.seal"))
                assert not found.ok, (path.name, what)
                path.write_bytes(kept)
        assert verify_export(target).ok


async def test_the_seal_itself_is_checked(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        await log.append(asked(1))
        target = await exported(log, tmp_path, ExportFormat.CSV)
        key = (await log.read(lambda view: view.keys()))[0]
        note = await log.sign("hello\n")
        checkpoint = await log.checkpoint()
    seal = target.with_name(f"{target.name}.seal")
    good = seal.read_text()
    citations = target.with_name("all-citations.csv")
    for named in (target, citations, seal):
        assert verify_export(named, keys=[key]).ok
    mine = SigningKey.generate(key.split("+")[0])
    digest = good.split("\n")[6][:64]
    forged = {
        "another count": good.replace("records 1", "records 2"),
        "another digest": good.replace(digest, digest[::-1]),
        "signed by me": mine.sign_note(good.partition("\n\n")[0] + "\n"),
        "something else that the key signed": note,
        "a checkpoint": checkpoint,
        "nothing": "",
        "half": good[:100],
        "a file elsewhere": good.replace("  all.csv", "  ../all.csv"),
    }
    for what, text in forged.items():
        seal.write_text(text)
        assert not verify_export(target, keys=[key]).ok, what
    seal.write_text(good)
    shutil.copy(target, citations)  # one file in the place of the other
    assert "all-citations.csv is not the one" in said(verify_export(target))
    seal.unlink()
    with pytest.raises(ExportFailed, match="no seal"):
        verify_export(target)


@pytest.mark.parametrize("format", FILES)
async def test_the_first_key_verifies_a_seal_after_a_change_of_keys(
    open_log: Opener, tmp_path: Path, format: ExportFormat
) -> None:
    async with await open_log(tmp_path / "audit") as log:
        target = asked(1)
        await log.append(target)
        request = await request_erasure(log, records=[target.id], ground="g", by="ada")
        first = (await log.read(lambda view: view.keys()))[0]
        old = SigningKey.parse(log.paths.key.read_text())
        await rotated(log)
        await rotated(log)
        named = await exported(log, tmp_path, format)
        certificate = (await approve_erasure(log, request.id, by="grace")).certificate
        newest = (await log.read(lambda view: view.keys()))[-1]
    report = verify_export(named, keys=[first])
    assert (report.findings, report.key) == ([], newest)
    assert verify_export(named, keys=[newest]).ok and verify_export(named).ok
    (tmp_path / "certificate").write_text(certificate)
    report = verify_export(tmp_path / "certificate", keys=[first])
    assert (report.findings, report.key) == ([], newest)
    other = str(SigningKey.generate(first.split("+")[0]).public)
    assert not verify_export(named, keys=[other]).ok
    # What the old key signs now is a finding, for whoever knows that it handed over.
    seal = named.parent / f"{named.name}.seal" if named.is_file() else named / "SEAL"
    for path in (seal, tmp_path / "certificate"):
        text = path.read_text().partition("\n\n")[0] + "\n"
        path.write_text(old.sign_note(text))
        named_again = named if path == seal else path
        assert "signs up to" in said(verify_export(named_again, keys=[first]))


async def test_a_file_more_is_found_in_a_folder(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        await log.append(asked(1))
        target = await exported(log, tmp_path, ExportFormat.PARQUET)
        again = tmp_path / "again"
        await export(log, again, format=ExportFormat.PARQUET, by="ada")
    shutil.copy(again / "answers" / "part-00000.parquet", target / "answers" / "part-00001.parquet")
    assert "no part of the export" in said(verify_export(target))


async def test_csv_counts_its_rows_and_opens_in_a_spreadsheet(open_log: Opener, tmp_path: Path) -> None:
    async with await open_log(tmp_path / "audit") as log:
        for n in range(4):
            await log.append(asked(n))
        await log.append(record(5, event="delivery", outcome="delivered"))
        done = await export(log, tmp_path / "plain.csv", format=ExportFormat.CSV, by="ada")
        marked = await export(log, tmp_path / "marked.csv", format=ExportFormat.CSV, by="ada", mark=True)
        table = await export(log, tmp_path / "table", format=ExportFormat.PARQUET, by="ada")
    assert (done.records, marked.records, table.records) == (4, 4, 4)
    for name, begins in (("plain", False), ("marked", True)):
        for path in (tmp_path / f"{name}.csv", tmp_path / f"{name}-citations.csv"):
            assert path.read_bytes().startswith(codecs.BOM_UTF8) is begins
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
            assert len(rows) == 4
            assert rows[0]["record"]
        assert verify_export(tmp_path / f"{name}.csv").ok


async def test_an_erasure_takes_the_seal_of_our_exports_too(open_log: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    async with await open_log(folder) as log:
        target = asked(1)
        await log.append(target)
        await export(log, folder / "exports" / "a.csv", format=ExportFormat.CSV, by="ada")
        assert len(list((folder / "exports").iterdir())) == 3
        request = await request_erasure(log, records=[target.id], ground="g", by="ada")
        await approve_erasure(log, request.id, by="grace")
        assert list((folder / "exports").iterdir()) == []
