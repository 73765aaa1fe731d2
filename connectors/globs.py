"""Which paths a pattern means: gitignore's rules (https://git-scm.com/docs/gitignore#_pattern_format).

Each segment is a glob of the standard library's `fnmatch`, so that no wildcard crosses a `/`; `**` stands for
folders, any number of them. What gitignore reads in a way that nobody means is refused, with what to write instead.
"""

from __future__ import annotations

import re
import unicodedata
from fnmatch import translate

from connectors.errors import PatternRefused
from retrieval.text.shown import mark

ANY = "**"
_ESCAPABLE = "*?[]!#\\ "
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def normal(name: str) -> str:
    """The one form in which names and patterns are compared: NFC (Unicode Standard Annex 15)."""
    return unicodedata.normalize("NFC", name)


class Glob:
    """A pattern over paths with `/`, relative to a source. Raises PatternRefused when it cannot be meant.

    A pattern that matches a folder matches everything below it. Without a `/`, but for one at the end, it
    matches at any depth. A `/` at the end matches folders alone.
    """

    __slots__ = ("_folders_only", "_segments")

    def __init__(self, pattern: str, *, ignore_case: bool = False) -> None:
        """`ignore_case`: letters match whatever their case, as on Windows and in SharePoint."""
        _check_whole(pattern)
        parts = normal(pattern).split("/")
        self._folders_only = parts[-1] == ""
        if self._folders_only:
            parts.pop()
        if parts[0] == "":
            parts.pop(0)
        elif len(parts) == 1 and parts[0] != ANY:
            parts.insert(0, ANY)
        flags = re.IGNORECASE if ignore_case else 0
        self._segments = [None if part == ANY else re.compile(_segment(pattern, part), flags) for part in parts]

    def matches(self, path: str) -> bool:
        """Whether the file of that path is meant, or a folder that it lies in."""
        names = normal(path).split("/")
        ends = {0}  # how many names the segments so far can have taken
        for number, segment in enumerate(self._segments, 1):
            if not ends:
                return False
            if segment is not None:
                ends = {end + 1 for end in ends if end < len(names) and segment.match(names[end])}
            else:  # at the end of a pattern something must follow: "legal/**" is what lies in legal
                ends = set(range(min(ends) + (number == len(self._segments)), len(names) + 1))
        return any(end < len(names) or not self._folders_only for end in ends)


def _refuse(pattern: str, why: str, instead: str) -> PatternRefused:
    return PatternRefused(f'"{_shown(pattern)}" {why}: write {instead}')


def _shown(pattern: str) -> str:
    """The pattern with what cannot be seen written out."""
    return "".join(c if c.isprintable() else mark(c) for c in pattern)


def _typed(pattern: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in pattern)


def _check_whole(pattern: str) -> None:
    """Raises PatternRefused."""
    if not pattern.strip():
        raise _refuse(pattern, "names nothing", '"**" for every document')
    if pattern == "/":
        raise _refuse(pattern, "matches no document", '"**" for every document')
    if pattern != pattern.strip():
        raise _refuse(
            pattern, "begins or ends with a space", f'"{_typed(pattern.strip())}", or ? in place of the space'
        )
    if not pattern.isprintable():
        raise _refuse(pattern, "holds a character that cannot be seen", f'? in its place, as in "{_typed(pattern)}"')
    if pattern.startswith("!"):
        raise _refuse(pattern, "takes nothing back", f'a later rule, which wins; for a name with "!", "**/{pattern}"')
    if pattern.startswith("#"):
        raise _refuse(pattern, "would be a comment", f'"**/{pattern}"')
    if _DRIVE.match(pattern) or _SCHEME.match(pattern) or pattern.startswith("~"):
        raise _refuse(pattern, "is an address", 'a path in the source, as in "legal/**"')
    _check_backslashes(pattern)
    _check_segments(pattern)


def _check_backslashes(pattern: str) -> None:
    for found in re.finditer(r"\\(.?)", pattern):
        plain = found[1] and found[1] in _ESCAPABLE and not pattern.startswith("**", found.start() + 1)
        if not plain:
            raise _refuse(
                pattern, "has a backslash between its names", f'"/" there, as in "{pattern.replace(chr(92), "/")}"'
            )


def _check_segments(pattern: str) -> None:
    inner = pattern.removeprefix("/").removesuffix("/").split("/")
    if "" in inner:
        single = re.sub("/+", "/", pattern)
        raise _refuse(pattern, 'has "//", which no path has', f'"{single if single != "/" else ANY}"')
    if {".", ".."} & set(inner):
        kept = "/".join(name for name in inner if name not in (".", ".."))
        raise _refuse(pattern, "holds . or .., which no path in a source does", f'"{kept or ANY}"')
    for name in inner:
        if "**" in re.sub(r"\\.|\[.*?\]", "", name) and name != ANY:
            deep = re.sub(r"\*\*+", "*", name)
            raise _refuse(
                pattern,
                f'has "**" beside letters in "{name}", which matches no "/"',
                f'"{pattern.replace(name, f"**/{deep}")}" for any depth, "{pattern.replace(name, deep)}" for one',
            )


def _segment(pattern: str, name: str) -> str:
    """The regular expression of one segment. gitignore's escapes and its `[^…]` become fnmatch's words."""
    out, at = "", 0
    while at < len(name):
        if name[at] == "\\":
            out += f"[{name[at + 1]}]" if name[at + 1] in "*?[" else name[at + 1]
            at += 2
        elif name[at] == "[":
            out_class, at = _class(pattern, name, at)
            out += out_class
        else:
            out += name[at]
            at += 1
    return translate(out)


def _class(pattern: str, name: str, begin: int) -> tuple[str, int]:
    """The `[…]` that begins there, in fnmatch's words, and where it ends."""
    at = begin + 1
    negated = name[at : at + 1] in ("!", "^")
    at += negated
    end = name.find("]", at + 1)
    inside = name[at:end]
    if end < 0 or not inside:
        raise _refuse(pattern, 'has a "[" that nothing closes', 'the letter "[" as "[[]"')
    if re.search(r"\[[:.=]|\\", inside):
        raise _refuse(pattern, f'has a class or a backslash within "{name[begin : end + 1]}"', 'ranges, as in "[a-z]"')
    for low, high in re.findall("(.)-(.)", inside):
        if low > high:
            raise _refuse(pattern, f'has the range "{low}-{high}", which is empty', f'"{high}-{low}"')
    return f"[{'!' * negated}{inside}]", end + 1
