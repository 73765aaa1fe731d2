"""The sync engine: what it adds, changes, deletes, holds and survives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.access import AccessRule, AccessRules
from connectors.errors import SourceUnavailable
from connectors.folder import FolderSource
from connectors.report import SyncReport
from connectors.state import StateStore
from connectors.sync import SyncEngine
from connectors.testing.fakes import CountingEmbedder, LineParser, ListIndex
from connectors.titles import TitleRule, TitleRules
from retrieval.people import AccessList

YEAR_AGO = 1_750_000_000


class Desk:
    """A folder, a store and an engine."""

    def __init__(self, tmp_path: Path) -> None:
        self.root = tmp_path / "documents"
        self.root.mkdir()
        self.state = StateStore(tmp_path / "state.db")
        self.index = ListIndex()
        self.embedder = CountingEmbedder()
        self.engine = SyncEngine(self.state, self.index, self.embedder, LineParser())
        self.source = FolderSource("docs", self.root)

    def write(self, name: str, text: str, *, at: int = YEAR_AGO) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (at, at))

    async def sync(self, *, full: bool = False, dry_run: bool = False, confirm_deletes: bool = False) -> SyncReport:
        report = await self.engine.run(self.source, full=full, dry_run=dry_run, confirm_deletes=confirm_deletes)
        report.took_ms = 0
        return report

    async def texts(self) -> dict[str, str]:
        """What may be quoted: current documents, and what the index holds of them."""
        current = await self.state.documents()
        return {
            d.id: "|".join(
                c.text for c in self.index.chunks if c.document.id == d.id and c.document.version == d.version
            )
            for d in current.values()
        }


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.state.close()


async def test_a_new_document_is_added_and_an_unchanged_one_left_alone(desk: Desk) -> None:
    desk.write("a.txt", "The limit is 100.")
    assert await desk.sync() == SyncReport(added=1)
    assert await desk.texts() == {"a.txt": "The limit is 100."}
    embedded = len(desk.embedder.texts)
    assert await desk.sync() == SyncReport(unchanged=1)
    assert len(desk.embedder.texts) == embedded


async def test_documents_are_called_as_the_rules_say_and_read_anew_when_those_change(desk: Desk) -> None:
    desk.write("staff/HR-007.txt", "The limit is 100.")
    await desk.sync()
    rules = {"docs": TitleRules((TitleRule("staff/**", "Staff form {file}"),))}
    desk.engine = SyncEngine(desk.state, desk.index, desk.embedder, LineParser(), titles=rules)
    assert await desk.sync() == SyncReport(changed=1)
    assert (await desk.state.documents())["staff/HR-007.txt"].title == "Staff form HR-007"
    assert await desk.sync() == SyncReport(unchanged=1)


async def test_a_change_replaces_the_version(desk: Desk) -> None:
    desk.write("a.txt", "The limit is 100.")
    await desk.sync()
    old = (await desk.state.documents())["a.txt"]
    desk.write("a.txt", "The limit is 200.", at=YEAR_AGO + 86_400)
    assert await desk.sync() == SyncReport(changed=1)
    new = (await desk.state.documents())["a.txt"]
    assert new.version == f"2025-06-16.{new.sha256[:8]}"
    assert new.version != old.version
    assert await desk.texts() == {"a.txt": "The limit is 200."}
    assert await desk.index.versions() == {"a.txt": {new.version: 1}}
    assert await desk.state.text("a.txt", old.version, 0, 5) == ""


async def test_same_size_and_same_time_is_still_noticed(desk: Desk) -> None:
    desk.write("a.txt", "The limit is 100.")
    await desk.sync()
    desk.write("a.txt", "The limit is 999.")
    assert (await desk.sync()).changed == 1


async def test_a_deleted_document_is_gone_at_once(desk: Desk) -> None:
    desk.write("a.txt", "one")
    desk.write("b.txt", "two")
    await desk.sync()
    (desk.root / "a.txt").unlink()
    assert await desk.sync() == SyncReport(unchanged=1, deleted=1)
    assert await desk.texts() == {"b.txt": "two"}
    assert desk.state.parsed("a.txt") is None


async def test_many_deletes_at_once_are_held_and_not_cited_until_confirmed(desk: Desk) -> None:
    for n in range(30):
        desk.write(f"{n}.txt", f"text {n}")
    await desk.sync()
    for n in range(15):
        (desk.root / f"{n}.txt").unlink()
    assert await desk.sync() == SyncReport(unchanged=15, held=15)
    assert len(await desk.texts()) == 15
    desk.write("3.txt", "text 3")
    back = await desk.sync()
    assert (back.unchanged, back.held) == (16, 14)
    assert "3.txt" in await desk.texts()
    assert (await desk.sync(confirm_deletes=True)).deleted == 14
    assert len(desk.state.entries()) == 16


async def test_a_bad_document_is_listed_and_stops_nothing(desk: Desk) -> None:
    desk.write("bad.txt", "unreadable")
    desk.write("empty.txt", "")
    desk.write("good.txt", "good")
    report = await desk.sync()
    assert [(f.document, f.reason) for f in report.failed] == [
        ("bad.txt", "it says so itself"),
        ("empty.txt", "there is no text in it"),
    ]
    assert report.added == 1
    again = await desk.sync()
    assert (again.unchanged, len(again.failed)) == (1, 2)


async def test_a_version_that_cannot_be_read_retires_the_old_one(desk: Desk) -> None:
    desk.write("a.txt", "The limit is 100.")
    await desk.sync()
    desk.write("a.txt", "unreadable")
    assert len((await desk.sync()).failed) == 1
    assert await desk.texts() == {}
    assert desk.index.chunks == []


async def test_a_missing_folder_deletes_nothing(desk: Desk) -> None:
    desk.write("a.txt", "one")
    await desk.sync()
    (desk.root / "a.txt").unlink()
    desk.root.rmdir()
    with pytest.raises(SourceUnavailable, match="not a folder"):
        await desk.sync()
    assert await desk.texts() == {"a.txt": "one"}


async def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    desk.write("a.txt", "one")
    assert await desk.sync(dry_run=True) == SyncReport(added=1)
    assert await desk.texts() == {}
    await desk.sync()
    (desk.root / "a.txt").unlink()
    assert await desk.sync(dry_run=True) == SyncReport(deleted=1)
    assert await desk.texts() == {"a.txt": "one"}


async def test_full_reads_everything_anew(desk: Desk) -> None:
    desk.write("a.txt", "one")
    await desk.sync()
    assert await desk.sync(full=True) == SyncReport(changed=1)


async def test_a_change_of_readers_touches_no_vector(desk: Desk) -> None:
    desk.write("legal/a.txt", "one")
    await desk.sync()
    embedded = len(desk.embedder.texts)
    legal = AccessList(frozenset({"group:legal"}))
    desk.source = FolderSource("docs", desk.root, access=AccessRules((AccessRule("legal/**", legal),)))
    report = await desk.sync()
    assert (report.unchanged, report.readers_changed) == (1, 1)
    assert [(c.path, c.decided, c.readers) for c in report.rules] == [
        ("legal/**", 1, "group:legal"),
        (None, 0, "nobody"),
    ]
    document = (await desk.state.documents())["legal/a.txt"]
    assert (await desk.state.access_lists())[document.acl_id] == legal
    assert {c.document.acl_id for c in desk.index.chunks} == {document.acl_id}
    assert len(desk.embedder.texts) == embedded


def closed(root: Path) -> FolderSource:
    legal = AccessList(frozenset({"group:legal"}))
    return FolderSource("docs", root, access=AccessRules((AccessRule("legal/**", legal),)))


async def readers(desk: Desk, document: str) -> AccessList:
    """By the state store and the index, which must agree."""
    entry = desk.state.entry(document)
    assert entry is not None
    assert {c.document.acl_id for c in desk.index.chunks if c.document.id == document} <= {entry.document.acl_id}
    return (await desk.state.access_lists())[entry.document.acl_id]


async def test_a_narrower_rule_holds_although_the_source_is_down(desk: Desk) -> None:
    desk.write("legal/mail.txt", "one\nattach offer.txt The price is 5.")
    await desk.sync()
    desk.source = closed(desk.root)
    desk.root.rename(desk.root.parent / "away")
    with pytest.raises(SourceUnavailable):
        await desk.sync()
    for document in ("legal/mail.txt", "legal/mail.txt!/offer.txt"):
        assert await readers(desk, document) == AccessList(frozenset({"group:legal"}))


async def test_a_crash_between_index_and_store_is_mended_by_the_next_run(desk: Desk) -> None:
    desk.write("legal/a.txt", "one")
    desk.write("open.txt", "two")
    await desk.sync()
    desk.source = closed(desk.root)
    desk.index.fail_on = "set_access"
    with pytest.raises(RuntimeError):
        await desk.sync()
    desk.index.fail_on = None
    await desk.sync()
    assert await readers(desk, "legal/a.txt") == AccessList(frozenset({"group:legal"}))
    assert await readers(desk, "open.txt") == AccessList(frozenset())


async def test_a_dry_run_counts_other_readers_and_changes_none(desk: Desk) -> None:
    desk.write("legal/a.txt", "one")
    await desk.sync()
    desk.source = closed(desk.root)
    assert (await desk.sync(dry_run=True)).readers_changed == 1
    assert (await readers(desk, "legal/a.txt")).allow == {"everyone"}


async def test_rules_are_judged_by_a_whole_listing_only(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("open.txt", "one")
    desk.source = closed(desk.root)
    assert ['rule "legal/**" matches no document' in told for told in (await desk.sync()).mistakes] == [True]
    (desk.root / "legal").mkdir()
    scan = os.scandir

    def failing(path: str | Path) -> object:
        if str(path).endswith("legal"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", failing)
    report = await desk.sync()
    assert ([f.document for f in report.failed], report.mistakes) == (["legal"], [])


async def test_a_document_with_its_sources_name_before_it_keeps_its_rule(desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "legal").mkdir(parents=True)
    (other / "legal" / "a.txt").write_text("theirs")
    desk.write("legal/a.txt", "ours")
    await desk.sync()
    source = FolderSource("theirs", other)
    await desk.engine.run(source)
    legal = AccessList(frozenset({"group:legal"}))
    closed_one = FolderSource("theirs", other, access=AccessRules((AccessRule("legal/**", legal),)))
    assert (await desk.engine.run(closed_one)).readers_changed == 1
    assert await readers(desk, "theirs:legal/a.txt") == legal
    assert (await readers(desk, "legal/a.txt")).allow == {"everyone"}


async def test_attachments_are_documents_that_live_and_die_with_their_carrier(desk: Desk) -> None:
    desk.write("mail.txt", "Dear all\nattach offer.txt The price is 5.")
    await desk.sync()
    assert await desk.texts() == {"mail.txt": "Dear all", "mail.txt!/offer.txt": "The price is 5."}
    desk.write("mail.txt", "Dear all, without it")
    await desk.sync()
    assert await desk.texts() == {"mail.txt": "Dear all, without it"}
    desk.write("mail.txt", "Dear all\nattach offer.txt The price is 6.")
    await desk.sync()
    (desk.root / "mail.txt").unlink()
    await desk.sync()
    assert await desk.texts() == {}
    assert desk.index.chunks == []


async def test_two_sources_with_the_same_path_do_not_touch_each_other(desk: Desk, tmp_path: Path) -> None:
    desk.write("a.txt", "one")
    await desk.sync()
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.txt").write_text("two")
    await desk.engine.run(FolderSource("other", other))
    assert await desk.texts() == {"a.txt": "one", "other:a.txt": "two"}
    assert await desk.sync() == SyncReport(unchanged=1)


@pytest.mark.parametrize("crash", ["add", "withdraw"])
async def test_a_crash_leaves_one_version_and_the_next_run_mends(desk: Desk, crash: str) -> None:
    desk.write("a.txt", "The limit is 100.")
    await desk.sync()
    desk.write("a.txt", "The limit is 200.")
    desk.index.fail_on = crash
    with pytest.raises(RuntimeError, match="crashed"):
        await desk.sync()
    expected = "The limit is 100." if crash == "add" else "The limit is 200."
    assert await desk.texts() == {"a.txt": expected}
    desk.index.fail_on = None
    await desk.engine.mend()
    await desk.sync()
    assert await desk.texts() == {"a.txt": "The limit is 200."}
    assert [len(v) for v in (await desk.index.versions()).values()] == [1]


async def test_mend_fills_an_index_that_was_lost(desk: Desk) -> None:
    desk.write("a.txt", "one")
    desk.write("b.txt", "two")
    await desk.sync()
    desk.index.chunks.clear()
    assert await desk.engine.mend() == 2
    assert await desk.texts() == {"a.txt": "one", "b.txt": "two"}
    assert await desk.engine.mend() == 0


async def test_links_and_temporary_files_are_not_followed(desk: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (desk.root / "link.txt").symlink_to(secret)
    (desk.root / "up").symlink_to(tmp_path)
    os.mkfifo(desk.root / "pipe.txt")
    for name in ("~$a.docx", ".hidden.txt", "a.tmp", "Thumbs.db"):
        desk.write(name, "x")
    assert await desk.sync() == SyncReport()


async def test_a_file_of_several_names_is_read_only_where_a_setting_says_so(desk: Desk, tmp_path: Path) -> None:
    """It was synced before it got a second name, in a place that others write to."""
    desk.write("a.txt", "one")
    assert (await desk.sync()).added == 1
    os.link(desk.root / "a.txt", tmp_path / "elsewhere.txt")
    report = await desk.sync()
    assert [(f.document, "2 names (hard links)" in f.reason) for f in report.failed] == [("a.txt", True)]
    assert await desk.texts() == {}
    desk.source = FolderSource("docs", desk.root, hard_links=True)
    assert (await desk.sync()).failed == []
    assert await desk.texts() == {"a.txt": "one"}
    desk.source = FolderSource("docs", desk.root)
    assert len((await desk.sync()).failed) == 1


async def test_names_that_are_no_utf8_are_synced(desk: Desk) -> None:
    (desk.root / "caf\udce9.txt").write_text("one")
    report = await desk.sync()
    assert report.added + len(report.failed) == 1


async def test_documents_read_in_another_way_are_read_anew(desk: Desk) -> None:
    desk.write("a.txt", "one")
    await desk.sync()
    desk.engine = SyncEngine(desk.state, desk.index, desk.embedder, LineParser(), "another way")
    assert await desk.sync() == SyncReport(changed=1)
    assert await desk.sync() == SyncReport(unchanged=1)
