"""The home is for its owner alone, whatever the folder and the umask were."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings.home import OURS, close_home, open_to_others
from tests.servers.commands import MAIN, run


def modes(home: Path) -> dict[str, str]:
    return {str(p.relative_to(home)): oct(p.lstat().st_mode & 0o777) for p in (home, *home.rglob("*"))}


def test_what_was_open_is_closed_and_said(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "index" / "deep").mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.write_text("")
    for name in ("state.db", "state.db-wal", "index/deep/index.db", "inbox.db", "notes.txt"):
        (home / name).write_text("")
    for path in (home, *home.rglob("*"), outside):
        path.chmod(0o777 if path.is_dir() else 0o666)
    (home / "index" / "link").symlink_to(outside)
    (told,) = close_home(home)
    assert f"could look into {home} and 6 more" in told
    found = modes(home)
    assert {found[name] for name in ("state.db", "state.db-wal", "index/deep/index.db", "inbox.db")} == {"0o600"}
    assert {found[name] for name in (".", "index", "index/deep")} == {"0o700"}
    assert found["notes.txt"] == "0o666", "not ours"
    assert oct(outside.stat().st_mode & 0o777) == "0o666", "links are not followed"
    assert (close_home(home), open_to_others(home)) == ([], [])


def test_no_home_yet_is_nothing_to_tell(tmp_path: Path) -> None:
    assert close_home(tmp_path / "nowhere") == []


@pytest.mark.slow
def test_a_command_leaves_nothing_open(tmp_path: Path) -> None:
    """With a umask of nothing, in a folder that everybody may write to."""
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "a.md").write_text("# Travel\n\nHotels cost at most 180 EUR a night.\n")
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    for arguments in (("sync", str(documents)), ("ask", "What do hotels cost?")):
        done = run(f"import os; os.umask(0); {MAIN}", "--home", str(home), *arguments)
        assert done.returncode == 0, done.stderr
        assert ("now its owner alone can" in done.stderr) == (arguments[0] == "sync")
    assert {name: mode for name, mode in modes(home).items() if not mode.endswith("00")} == {}
    assert (home / "state.db").is_file()
    assert [p.name for p in home.iterdir() if not p.name.startswith(OURS)] == [], "made by a command, and never closed"
