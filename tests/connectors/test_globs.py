"""Patterns over paths: what plausible ones match, what is refused, and that git reads them alike."""

from __future__ import annotations

import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.errors import PatternRefused
from connectors.globs import Glob

TREE = (
    "readme.txt",
    "legal/nda.pdf",
    "legal/2026/q1/renewal.docx",
    "legal/2026/summary.pdf",
    "legal-uk/lease.pdf",
    "legal-us/2025/lease.pdf",
    "hr/legal/dismissals.docx",
    "hr/handbook.docx",
    "hr/legal notes.txt",
    "Board/minutes.txt",
    "board.txt",
    "Verträge/Müller.pdf",
    "paralegal/list.txt",
    "x*y/odd.txt",
    ".private/a.txt",
)
LEGAL = {"legal/nda.pdf", "legal/2026/q1/renewal.docx", "legal/2026/summary.pdf"}
OFFICES = {"legal-uk/lease.pdf", "legal-us/2025/lease.pdf"}
DEEP = "hr/legal/dismissals.docx"
ALL = set(TREE)


def matched(pattern: str, *, ignore_case: bool = False) -> set[str]:
    glob = Glob(pattern, ignore_case=ignore_case)
    return {path for path in TREE if glob.matches(path)}


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("legal/**", LEGAL),
        ("/legal/**", LEGAL),
        ("/legal/", LEGAL),
        ("/legal", LEGAL),
        ("legal/*", LEGAL),  # a folder that matches brings what is in it
        ("legal", LEGAL | {DEEP}),
        ("legal/", LEGAL | {DEEP}),
        ("**/legal/**", LEGAL | {DEEP}),
        ("**/legal", LEGAL | {DEEP}),
        ("legal/**/*", LEGAL),
        ("legal/**/*.pdf", {"legal/nda.pdf", "legal/2026/summary.pdf"}),
        ("legal/*.pdf", {"legal/nda.pdf"}),
        ("legal/2026", {"legal/2026/q1/renewal.docx", "legal/2026/summary.pdf"}),
        ("legal/*/q1/**", {"legal/2026/q1/renewal.docx"}),
        ("legal/20[0-9][0-9]/**", {"legal/2026/q1/renewal.docx", "legal/2026/summary.pdf"}),
        ("legal-*/**", OFFICES),
        ("legal-*/", OFFICES),
        ("legal-*", OFFICES),
        ("legal*/**", LEGAL | OFFICES),
        ("legal-u[ks]/**", OFFICES),
        ("legal-u[!s]/**", {"legal-uk/lease.pdf"}),
        ("legal-u[^s]/**", {"legal-uk/lease.pdf"}),
        ("legal-u?/**", OFFICES),
        ("hr/legal/**", {DEEP}),
        ("hr/*/**", {DEEP}),
        ("hr/*", {DEEP, "hr/handbook.docx", "hr/legal notes.txt"}),
        ("hr/legal notes.txt", {"hr/legal notes.txt"}),
        ("*.docx", {"legal/2026/q1/renewal.docx", DEEP, "hr/handbook.docx"}),
        ("**/*.docx", {"legal/2026/q1/renewal.docx", DEEP, "hr/handbook.docx"}),
        ("/*.txt", {"readme.txt", "board.txt"}),
        ("lease.pdf", OFFICES),
        ("Board/", {"Board/minutes.txt"}),
        ("board/", set()),
        ("board", set()),
        ("Vertr\u00e4ge/**", {"Verträge/Müller.pdf"}),
        ("Vertra\u0308ge/**", {"Verträge/Müller.pdf"}),
        ("**/M?ller.pdf", {"Verträge/Müller.pdf"}),
        ("x[*]y/**", {"x*y/odd.txt"}),
        ("x\\*y/**", {"x*y/odd.txt"}),
        (".private/**", {".private/a.txt"}),
        ("**", ALL),
        ("/**", ALL),
        ("*", ALL),
        ("**/*", ALL),
        ("*/", ALL - {"readme.txt", "board.txt"}),
    ],
)
def test_a_plausible_pattern_means_what_it_looks_like(pattern: str, paths: set[str]) -> None:
    assert matched(pattern) == paths


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_match_in_either_normal_form(form: Literal["NFC", "NFD"]) -> None:
    path = unicodedata.normalize(form, "Verträge/Müller.pdf")
    for pattern in ("Vertra\u0308ge/**", "Vertr\u00e4ge/M\u00fcller.pdf", "**/Mu\u0308ller.*", "Vertr?ge/"):
        assert Glob(pattern).matches(path)


def test_case_counts_unless_told_otherwise() -> None:
    assert matched("board/**", ignore_case=True) == {"Board/minutes.txt"}
    assert matched("VERTRÄGE/**", ignore_case=True) == {"Verträge/Müller.pdf"}
    assert matched("LEGAL-U[A-Z]/**", ignore_case=True) == OFFICES


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        ("", '"**"'),
        ("   ", '"**"'),
        ("/", '"**"'),
        (" legal/**", '"legal/**"'),
        ("legal/** ", '"legal/**"'),
        ("legal/**\n", '"legal/**"'),
        ("#legal/**", '"**/#legal/**"'),
        ("!legal/public/**", "a later rule"),
        ("./legal/**", '"legal/**"'),
        ("../legal/**", '"legal/**"'),
        ("legal/../hr/**", '"legal/hr/**"'),
        ("legal//**", '"legal/**"'),
        ("//", '"**"'),
        ("legal\\**", '"legal/**"'),
        ("legal\\contracts\\**", '"legal/contracts/**"'),
        ("legal\\", '"legal/"'),
        ("C:\\policies\\legal", "a path in the source"),
        ("file:///srv/policies/**", "a path in the source"),
        ("~/policies/**", "a path in the source"),
        ("legal**", '"legal*" for one'),
        ("legal/**.pdf", '"legal/**/*.pdf" for any depth'),
        ("legal/***", '"legal/*'),
        ("legal[/**", '"[[]"'),
        ("legal/[]", '"[[]"'),
        ("legal/[z-a]*", '"a-z"'),
        ("legal/[[:digit:]]*", "ranges"),
        ("leg\u200bal/**", '"leg?al/**"'),
        ("legal\u202e/**", '"legal?/**"'),
        ("legal\u00a0notes/**", '"legal?notes/**"'),
        ("legal\ud800/**", '"legal?/**"'),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_write(pattern: str, instead: str) -> None:
    with pytest.raises(PatternRefused) as refused:
        Glob(pattern)
    assert instead in str(refused.value)
    assert str(refused.value).isprintable()


LETTERS = "ab-.A"
NAMES = st.text(LETTERS, min_size=1, max_size=4).filter(lambda name: name.strip(".") and name != ".git")
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PIECES = st.sampled_from(
    [*LETTERS, "*", "?", "[ab]", "[!a]", "[^b]", "[a-b]", "[]a]", "[!]a]", "\\*", "\\a", "**", "["]
)
SEGMENTS = st.one_of(st.just("**"), st.lists(PIECES, min_size=1, max_size=4).map("".join))
PATTERNS = st.builds(
    lambda start, segments, end: start + "/".join(segments) + end,
    st.sampled_from(["", "", "/"]),
    st.lists(SEGMENTS, min_size=1, max_size=4),
    st.sampled_from(["", "", "/"]),
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("git")
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    yield folder


def ignored(repository: Path, pattern: str, paths: list[str], *, ignore_case: bool) -> set[str]:
    """What git says. No file need exist: `--no-index` takes names."""
    (repository / ".git" / "info").mkdir(exist_ok=True)
    (repository / ".git" / "info" / "exclude").write_text(pattern + "\n")
    command = [
        "git",
        "-c",
        f"core.ignoreCase={str(ignore_case).lower()}",
        "check-ignore",
        "--no-index",
        "-z",
        "--stdin",
    ]
    done = subprocess.run(command, input="\0".join(paths), capture_output=True, text=True, check=False, cwd=repository)
    assert done.returncode in (0, 1), done.stderr
    return set(done.stdout.split("\0")) - {""}


@settings(max_examples=250)
@given(pattern=PATTERNS, paths=st.lists(PATHS, min_size=1, max_size=12, unique=True), ignore_case=st.booleans())
@example("**/a/**/b/", ["a/b", "a/b/a", "a/a/b/a", "b/a/b/b", "a"], False)
@example("a[!b]a", ["a/a", "aaa", "aba"], False)
@example("[!a]/**", ["b/a", "a/b", "b"], False)
def test_git_reads_a_pattern_alike(repository: Path, pattern: str, paths: list[str], ignore_case: bool) -> None:
    try:
        glob = Glob(pattern, ignore_case=ignore_case)
    except PatternRefused:
        return
    ours = {path for path in paths if glob.matches(path)}
    assert ours == ignored(repository, pattern, paths, ignore_case=ignore_case), pattern


def test_a_long_path_and_many_stars_cost_little() -> None:
    glob = Glob("/".join(["**", "*a*b*"] * 12))
    assert not glob.matches("/".join(["aaaa" * 40] * 200))
