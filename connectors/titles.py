"""What documents of a source are called, where its settings say so: rules over paths, as access rules are."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from connectors.globs import Glob
from retrieval.types import ParsedDocument

MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class _Read:
    """A document as a rule sees it."""

    path: str
    parsed: ParsedDocument


def _heading(read: _Read) -> str:
    return next((s.heading for s in read.parsed.sections if s.heading and s.label is None), "")


_PARTS: dict[str, Callable[[_Read], str]] = {
    "title": lambda read: read.parsed.title,
    "heading": _heading,
    "file": lambda read: PurePosixPath(read.path).stem,
    "folder": lambda read: PurePosixPath(read.path).parent.name,
}
PARTS = tuple(_PARTS)
"""What a rule's title may hold in braces."""


def checked(title: str) -> str:
    """The title of a rule. Raises ValueError for one that holds something else than words and known parts."""
    known = ", ".join("{" + part + "}" for part in PARTS)
    try:
        fields = list(string.Formatter().parse(title))
    except ValueError:
        raise ValueError(f'"{title}" has a brace that nothing closes: write {known}, or {{{{ for a brace') from None
    for _, name, form, conversion in fields:
        if name is not None and (name not in _PARTS or form or conversion):
            raise ValueError(f'"{title}" holds {{{name}}}, which is not known: write {known}')
    if not title.strip():
        raise ValueError(f"a title must not be empty: write words and {known}")
    return title


@dataclass(frozen=True, slots=True)
class TitleRule:
    """What documents that match `path` are called; `title` holds parts in braces ("{folder}: {heading}")."""

    path: str
    title: str


@dataclass(frozen=True, slots=True)
class TitleRules:
    """The rules of one source: the last that matches decides. Raises PatternRefused, or ValueError for a title."""

    rules: tuple[TitleRule, ...] = ()
    ignore_case: bool = False
    _globs: tuple[Glob, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        globs = tuple(Glob(rule.path, ignore_case=self.ignore_case) for rule in self.rules)
        object.__setattr__(self, "_globs", globs)
        for rule in self.rules:
            checked(rule.title)

    @property
    def version(self) -> str:
        """A short name of the rules, so that documents are read anew when they change; "" for none."""
        written = repr([(rule.path, rule.title) for rule in self.rules])
        return f"+titles.{hashlib.sha256(written.encode()).hexdigest()[:8]}" if self.rules else ""

    def title(self, path: str, parsed: ParsedDocument) -> str:
        """What a document is called; its own title where no rule matches, or where what the rule names is empty."""
        pairs = zip(reversed(self.rules), reversed(self._globs), strict=True)
        last = next((rule for rule, glob in pairs if glob.matches(path)), None)
        if last is None:
            return parsed.title
        read = _Read(path, parsed)
        parts = {name: part(read) for name, part in _PARTS.items()}
        named = {name for _, name, _, _ in string.Formatter().parse(last.title) if name}
        if named and not any(parts[name].strip() for name in named):
            return parsed.title
        filled = " ".join(last.title.format_map(parts).split()).strip(" :–—-")
        return filled[:MAX_TITLE] or parsed.title
