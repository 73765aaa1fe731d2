"""Who may read which document of a source, as rules over paths say. Pure values; every kind of source uses them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connectors.globs import Glob
from retrieval.people import EVERYONE, AccessList

NOBODY = AccessList(frozenset())
FOR_EVERYONE = AccessList(frozenset({EVERYONE}))


@dataclass(frozen=True, slots=True)
class AccessRule:
    """Documents whose path in the source matches `path` (a `Glob`), and who may read them.

    `may_be_empty`: that it decides about no document is no mistake.
    """

    path: str
    access: AccessList
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class AccessDecision:
    """Who may read a document. `matching` are the numbers of the rules that match, from 0; the last decides."""

    access: AccessList
    matching: tuple[int, ...] = ()

    @property
    def rule(self) -> int | None:
        """The number of the rule that decided; None: no rule matches, the default decided."""
        return self.matching[-1] if self.matching else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many documents each rule matches, for how many it decides, and how many no rule matches."""

    matched: tuple[int, ...]
    decided: tuple[int, ...]
    unmatched: int


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The rules of one source: the last that matches decides. Raises PatternRefused.

    `default` is for what no rule matches; None: it is not written down. Then a source without rules
    is readable by everyone, and in one with rules nobody may read what no rule matches.
    """

    rules: tuple[AccessRule, ...] = ()
    default: AccessList | None = None
    ignore_case: bool = False
    _globs: tuple[Glob, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        globs = tuple(Glob(rule.path, ignore_case=self.ignore_case) for rule in self.rules)
        object.__setattr__(self, "_globs", globs)

    @property
    def otherwise(self) -> AccessList:
        """Who may read what no rule matches."""
        if self.default is not None:
            return self.default
        return NOBODY if self.rules else FOR_EVERYONE

    def decide(self, path: str) -> AccessDecision:
        """Who may read the document of that path in the source."""
        matching = tuple(number for number, glob in enumerate(self._globs) if glob.matches(path))
        return AccessDecision(self.rules[matching[-1]].access if matching else self.otherwise, matching)

    def coverage(self, decisions: Iterable[AccessDecision]) -> Coverage:
        """What the rules came to over all documents of the source."""
        matched, decided = [0] * len(self.rules), [0] * len(self.rules)
        unmatched = 0
        for decision in decisions:
            for number in decision.matching:
                matched[number] += 1
            if decision.rule is None:
                unmatched += 1
            else:
                decided[decision.rule] += 1
        return Coverage(tuple(matched), tuple(decided), unmatched)

    def mistakes(self, coverage: Coverage, paths: Sequence[str]) -> list[str]:
        """Rules that decide about no document, though nobody said that they may; `paths` are the source's documents."""
        found = []
        for number, rule in enumerate(self.rules):
            if coverage.decided[number] or rule.may_be_empty:
                continue
            if coverage.matched[number]:
                last = {d.rule for d in map(self.decide, paths) if number in d.matching}
                later = ", ".join(f'"{self.rules[n].path}"' for n in sorted(n for n in last if n is not None))
                found.append(
                    f'rule "{rule.path}" decides about no document: the later rule {later} matches all that it does, '
                    "and the last that matches wins. Put the narrower rule last"
                )
            else:
                found.append(f'rule "{rule.path}" matches no document{self._hint(rule, paths)}')
        return found

    def _hint(self, rule: AccessRule, paths: Sequence[str]) -> str:
        """What may be meant instead, as far as the documents tell."""
        if not self.ignore_case:
            folded = Glob(rule.path, ignore_case=True)
            near = next((path for path in paths if folded.matches(path)), None)
            if near is not None:
                return f'; but for its case it would match "{near}": correct it, or set ignore_case = true'
        deeper = "**/" + rule.path.lstrip("/")
        anywhere = Glob(deeper, ignore_case=self.ignore_case)
        near = next((path for path in paths if anywhere.matches(path)), None)
        if near is not None:
            return f'; paths begin at the source: "{deeper}" would match "{near}"'
        return ". Correct its path, or set may_be_empty = true in it"


OPEN = AccessRules()
CLOSED = AccessRules(default=NOBODY)
