"""Numbering of a DOCX file: what Word would print before each paragraph (ECMA-376 Part 1, 17.9).

Counters belong to the abstract definition: all its instances (w:num) count on together, except
where an instance restarts a level by w:startOverride. See docs/docx-numbering.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree

from retrieval.parse.docx.formats import format_count
from retrieval.parse.docx.package import MC, W
from retrieval.parse.docx.styles import Styles, indent_of, number, on, value

DEPTHS = 9
BULLET = "•"
_PLACEHOLDER = re.compile(r"%([1-9])")
_PRIVATE = re.compile("[\ue000-\uf8ff]")


@dataclass(frozen=True, slots=True)
class Level:
    """One w:lvl (17.9.6)."""

    start: int = 0  # 17.9.25: zero when omitted
    format: str = "decimal"
    pattern: str = ""
    text: str = ""
    suffix: str = " "
    legal: bool = False
    restart: int | None = None
    style: str | None = None
    hidden: bool = False
    indent: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """The number of one paragraph.

    `shown` is what stands on the page ("4.2.", "(b)", "•", "" for none), `list` names the counters,
    `depth` its level from 0, `first` the outermost level whose number `shown` includes (`depth` + 1
    when it includes none). `values` are the counts of the levels 0 to `depth`. `restarted` tells the
    first item after a start or restart, `endless` that
    no level above restarts level `first`, `unknown` a
    format that we cannot print.
    """

    shown: str
    suffix: str
    list: str
    depth: int
    first: int
    values: tuple[int, ...]
    bullet: bool = False
    restarted: bool = False
    endless: bool = False
    unknown: bool = False
    indent: int | None = None
    shape: str = ""  # the level's text with formats for numbers, e.g. "(lowerLetter)"


@dataclass(frozen=True, slots=True)
class _Instance:
    """One w:num, resolved: its counters' name, its levels and the starts it overrides."""

    counters: str
    levels: dict[int, Level]
    starts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """The numbering part, and the state of its counters while a document is read in order."""

    def __init__(self, root: etree._Element | None, styles: Styles) -> None:
        self._styles = styles
        self._abstract: dict[str, etree._Element] = {}
        self._num: dict[int, etree._Element] = {}
        self._instances: dict[int, _Instance | None] = {}
        self._counts: dict[str, list[int | None]] = {}
        self._overridden: set[tuple[int, int]] = set()
        for item in root.iterchildren(W + "abstractNum") if root is not None else ():
            self._abstract.setdefault(item.get(W + "abstractNumId") or "", item)
        for item in root.iterchildren(W + "num") if root is not None else ():
            num_id = number(item.get(W + "numId"))
            if num_id is not None:
                self._num.setdefault(num_id, item)

    def fresh(self) -> Numbering:
        """The same lists with nothing counted yet: text boxes and notes count for themselves."""
        other = Numbering(None, self._styles)
        other._abstract, other._num, other._instances = self._abstract, self._num, self._instances
        return other

    def level_of_style(self, num_id: int, chain: Sequence[str]) -> int | None:
        """The level whose w:pStyle names one of these styles, nearest first (17.9.23)."""
        instance = self._instance(num_id)
        levels = instance.levels if instance else {}
        return next((d for style in chain for d, level in levels.items() if level.style == style), None)

    def next(self, num_id: int, depth: int) -> Number | None:
        """Count one paragraph. None when it has no number: numId 0, no such list, or no such level."""
        instance = self._instance(num_id)
        if instance is None or depth not in instance.levels:
            return None
        counts = self._counts.setdefault(instance.counters, [None] * DEPTHS)
        override = instance.starts.get(depth)
        before = counts[depth]
        if override is not None and (num_id, depth) not in self._overridden:
            self._overridden.add((num_id, depth))
            before, counts[depth] = None, override
        else:
            counts[depth] = _start(instance, depth) if before is None else before + 1
        for above in range(depth):
            # An outer level that was skipped is taken as begun: its next paragraph counts on.
            if counts[above] is None:
                counts[above] = _start(instance, above)
        _restart_below(instance, counts, depth)
        return self._number(instance, depth, counts, restarted=before is None)

    def _number(self, instance: _Instance, depth: int, counts: list[int | None], *, restarted: bool) -> Number:
        level = instance.levels[depth]
        bullet = level.format == "bullet"
        values = tuple(count or 0 for count in counts[: depth + 1])
        shown, first, unknown = level.text, depth + 1, False
        if bullet:
            shown = _PRIVATE.sub(BULLET, level.text) or BULLET
        else:
            parts = {d: self._part(instance, level, d, values) for d in _mentioned(level.text, depth)}
            unknown = any(part is None for part in parts.values())
            first = min((d for d, part in parts.items() if part), default=depth + 1)
            shown = _PLACEHOLDER.sub(lambda found: parts.get(int(found[1]) - 1) or "", level.text)
        if level.hidden or unknown:
            shown = ""
        return Number(
            shown=shown.strip(),
            suffix=level.suffix,
            list=instance.counters,
            depth=depth,
            first=first,
            values=values,
            bullet=bullet,
            restarted=restarted,
            endless=instance.levels.get(first, level).restart == 0,
            unknown=unknown,
            indent=level.indent,
            shape=_PLACEHOLDER.sub(lambda found: self._format_at(instance, int(found[1]) - 1), level.text),
        )

    @staticmethod
    def _format_at(instance: _Instance, depth: int) -> str:
        return instance.levels.get(depth, Level()).format

    def _part(self, instance: _Instance, level: Level, depth: int, values: tuple[int, ...]) -> str | None:
        source = instance.levels.get(depth, Level())
        name = source.format
        if level.legal and name not in {"decimalZero", "none", "bullet"}:  # 17.9.4
            name = "decimal"
        return format_count(values[depth], name, source.pattern, self._styles.language)

    def _instance(self, num_id: int) -> _Instance | None:
        if num_id not in self._instances:
            self._instances[num_id] = self._resolve(num_id) if num_id else None
        return self._instances[num_id]

    def _resolve(self, num_id: int) -> _Instance | None:
        num = self._num.get(num_id)
        name = value(num, "abstractNumId")
        seen: set[str] = set()
        while name is not None and name in self._abstract and name not in seen:
            seen.add(name)
            linked = self._linked(self._abstract[name])
            if linked is None:
                break
            name = linked
        if num is None or name is None or name not in self._abstract:
            return None
        levels = dict(_levels(self._abstract[name]))
        starts: dict[int, int] = {}
        for item in num.iterchildren(W + "lvlOverride"):
            depth, start = number(item.get(W + "ilvl")), number(value(item, "startOverride"))
            if depth is None or not 0 <= depth < DEPTHS:
                continue
            own = item.find(W + "lvl")
            if own is not None:
                levels[depth] = _level(own)
            if start is not None:
                starts[depth] = start
        # A definition that links to another one still counts for itself.
        return _Instance(value(num, "abstractNumId") or name, levels, starts)

    def _linked(self, abstract: etree._Element) -> str | None:
        """The definition that a w:numStyleLink stands for (17.9.21), by the style or by w:styleLink."""
        style = value(abstract, "numStyleLink")
        if style is None:
            return None
        num_id = self._styles.numbering(style)
        name = value(self._num.get(num_id), "abstractNumId") if num_id is not None else None
        if name is not None and self._abstract.get(name) is not abstract:
            return name
        return next((n for n, item in self._abstract.items() if value(item, "styleLink") == style), None)


def _start(instance: _Instance, depth: int) -> int:
    return instance.starts.get(depth, instance.levels.get(depth, Level(start=1)).start)


def _restart_below(instance: _Instance, counts: list[int | None], depth: int) -> None:
    """17.9.10: a level starts again after any level above it, or as its w:lvlRestart says."""
    for below in range(depth + 1, DEPTHS):
        restart = instance.levels.get(below, Level()).restart
        if restart is None or restart > below:
            restart = below
        if depth < restart:
            counts[below] = None


def _mentioned(text: str, depth: int) -> list[int]:
    return [d for d in (int(found) - 1 for found in _PLACEHOLDER.findall(text)) if d <= depth]


def _levels(abstract: etree._Element) -> dict[int, Level]:
    levels: dict[int, Level] = {}
    for item in abstract.iterchildren(W + "lvl"):
        depth = number(item.get(W + "ilvl"))
        if depth is not None and 0 <= depth < DEPTHS:
            levels.setdefault(depth, _level(item))
    return levels


def _level(item: etree._Element) -> Level:
    name, pattern = _format(item)
    picture = item.find(W + "lvlPicBulletId") is not None
    return Level(
        start=number(value(item, "start")) or 0,
        format="bullet" if picture else name,
        pattern=pattern,
        text=value(item, "lvlText") or "",
        suffix="" if value(item, "suff") == "nothing" else " ",
        legal=bool(on(item, "isLgl")),
        restart=number(value(item, "lvlRestart")),
        style=value(item, "pStyle"),
        hidden=bool(on(item.find(W + "rPr"), "vanish")),
        indent=indent_of(item.find(W + "pPr")),
    )


def _format(item: etree._Element) -> tuple[str, str]:
    """The number format and a custom one's pattern (in mc:AlternateContent, as Word writes it)."""
    for found in (item.find(W + "numFmt"), item.find(f"{MC}AlternateContent/{MC}Choice/{W}numFmt")):
        if found is not None:
            return found.get(W + "val") or "decimal", found.get(W + "format") or ""
    return "decimal", ""
