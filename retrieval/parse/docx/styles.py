"""Styles of a DOCX file: what a paragraph or run looks like once inheritance is applied.

ECMA-376 Part 1: 17.7.2 (style hierarchy), 17.7.3 (toggle properties), 17.7.4.3 (basedOn).
Only what decides text, numbers and headings is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lxml import etree

from retrieval.parse.docx.package import W

_OFF = {"0", "false", "off", "none"}
_ALIGNED = {"superscript": 1, "subscript": -1, "baseline": 0}
_LEVEL = 3  # half-points: text moved by less is on the line still
_HEADING = re.compile(r"heading ?([1-9])", re.IGNORECASE)


def value(parent: etree._Element | None, *path: str) -> str | None:
    """The w:val of the element at `path` below `parent`; None when either is missing."""
    for tag in path:
        parent = parent.find(W + tag) if parent is not None else None
    return parent.get(W + "val") if parent is not None else None


def number(text: str | None) -> int | None:
    """A whole number as ECMA-376 writes it; None for anything else."""
    return int(text) if text is not None and re.fullmatch(r"-?\d{1,9}", text) else None


def on(parent: etree._Element | None, tag: str) -> bool | None:
    """An on/off property (17.17.4): None when it is not given."""
    found = parent.find(W + tag) if parent is not None else None
    return None if found is None else (found.get(W + "val") or "1").lower() not in _OFF


@dataclass(frozen=True, slots=True)
class RunLook:
    """Run properties; None = not said here."""

    bold: bool | None = None
    vanish: bool | None = None
    underline: bool | None = None
    white: bool | None = None
    shaded: bool | None = None
    half_points: int | None = None
    style: str | None = None  # the character style of a run
    strike: bool | None = None
    shift: int | None = None  # 1 above the line, -1 below it, 0 on it

    def over(self, base: RunLook) -> RunLook:
        """This look laid over another one: what this one does not say, the other one does."""
        return RunLook(
            self.bold if self.bold is not None else base.bold,
            self.vanish if self.vanish is not None else base.vanish,
            self.underline if self.underline is not None else base.underline,
            self.white if self.white is not None else base.white,
            self.shaded if self.shaded is not None else base.shaded,
            self.half_points if self.half_points is not None else base.half_points,
            self.style or base.style,
            self.strike if self.strike is not None else base.strike,
            self.shift if self.shift is not None else base.shift,
        )


@dataclass(frozen=True, slots=True)
class Style:
    """A paragraph's properties. `chain` are the style's id and those it is based on, nearest first."""

    id: str = ""
    name: str = ""
    chain: tuple[str, ...] = ()
    look: RunLook = RunLook()
    num_id: int | None = None
    ilvl: int | None = None
    outline: int | None = None  # 0 to 8; 9 = body text
    indent: int | None = None  # twips from the left margin
    shaded: bool | None = None

    def over(self, base: Style) -> Style:
        return Style(
            self.id,
            self.name,
            (*self.chain, *base.chain),
            self.look.over(base.look),
            self.num_id if self.num_id is not None else base.num_id,
            self.ilvl if self.ilvl is not None else base.ilvl,
            self.outline if self.outline is not None else base.outline,
            self.indent if self.indent is not None else base.indent,
            self.shaded if self.shaded is not None else base.shaded,
        )


def look_of(rpr: etree._Element | None) -> RunLook:
    """What one w:rPr says."""
    if rpr is None:
        return RunLook()
    underline, color = value(rpr, "u"), value(rpr, "color")
    return RunLook(
        bold=on(rpr, "b"),
        vanish=on(rpr, "vanish"),
        underline=None if underline is None else underline.lower() not in _OFF,
        white=None if color is None else color.upper() == "FFFFFF",
        shaded=True if rpr.find(W + "highlight") is not None else shade_of(rpr),
        half_points=number(value(rpr, "sz")),
        style=value(rpr, "rStyle"),
        strike=_struck(rpr),
        shift=_shift(rpr),
    )


def _struck(rpr: etree._Element) -> bool | None:
    """Whether a line or two stand through the text (17.3.2.37, 17.3.2.9)."""
    said = [on(rpr, "strike"), on(rpr, "dstrike")]
    return None if said == [None, None] else any(said)


def _shift(rpr: etree._Element) -> int | None:
    """Where the text stands by w:vertAlign (17.3.2.42) or w:position (17.3.2.24, half-points)."""
    aligned = value(rpr, "vertAlign")
    if aligned in _ALIGNED:
        return _ALIGNED[aligned]
    position = number(value(rpr, "position"))
    if position is None:
        return None
    return 0 if abs(position) < _LEVEL else 1 if position > 0 else -1


def shade_of(properties: etree._Element | None) -> bool | None:
    """True where a fill other than white or none stands behind the text."""
    shade = properties.find(W + "shd") if properties is not None else None
    if shade is None:
        return None
    fill = (shade.get(W + "fill") or "auto").upper()
    themed = shade.get(W + "themeFill") is not None or (shade.get(W + "val") or "clear") not in {"clear", "nil"}
    return themed or fill not in {"AUTO", "FFFFFF"}


def indent_of(ppr: etree._Element | None) -> int | None:
    """The left indent that a w:pPr gives, in twips (17.3.1.12)."""
    ind = ppr.find(W + "ind") if ppr is not None else None
    if ind is None:
        return None
    return number(ind.get(W + "left") or ind.get(W + "start"))


def paragraph_of(ppr: etree._Element | None) -> Style:
    """What one w:pPr says, without its style and without its mark's look."""
    if ppr is None:
        return Style()
    return Style(
        num_id=number(value(ppr, "numPr", "numId")),
        ilvl=number(value(ppr, "numPr", "ilvl")),
        outline=number(value(ppr, "outlineLvl")),
        indent=indent_of(ppr),
        shaded=shade_of(ppr),
    )


class Styles:
    """The style part, resolved. A missing part or style reads as plain text."""

    def __init__(self, root: etree._Element | None) -> None:
        self._raw: dict[str, tuple[etree._Element, str]] = {}
        self._done: dict[str, Style] = {}
        self._plain: dict[RunLook, RunLook] = {}  # paragraph look -> look of a run that says nothing
        self.default = ""
        self.language = ""
        self._base = RunLook()
        if root is None:
            return
        rpr = root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
        self._base = look_of(rpr)
        self.language = value(rpr, "lang") or ""
        for item in root.iterchildren(W + "style"):
            style_id, kind = item.get(W + "styleId") or "", item.get(W + "type") or "paragraph"
            self._raw.setdefault(style_id, (item, kind))
            if kind == "paragraph" and (item.get(W + "default") or "0").lower() not in _OFF:
                self.default = style_id

    def paragraph(self, style_id: str | None) -> Style:
        """The paragraph style `style_id`, or the default one."""
        wanted = self.default if style_id is None else style_id
        if wanted not in self._raw or self._raw[wanted][1] != "paragraph":
            # A built-in heading may be named without being defined (a latent style, 17.7.4.5).
            latent = _HEADING.fullmatch(style_id or "")
            base = self._resolve(self.default)
            return replace(base, outline=int(latent[1]) - 1, name=f"heading {latent[1]}") if latent else base
        return self._resolve(wanted)

    def numbering(self, style_id: str) -> int | None:
        """The numId that a numbering style points to (17.9.21 numStyleLink)."""
        found = self._raw.get(style_id)
        return number(value(found[0], "pPr", "numPr", "numId")) if found else None

    def shades(self, style_id: str | None) -> bool:
        """Whether a table style fills cells anywhere: white text is then legitimate."""
        found = self._raw.get(style_id or "")
        fills = found[0].iter(W + "shd") if found else iter(())
        return any((fill.get(W + "fill") or "auto").upper() not in {"AUTO", "FFFFFF"} for fill in fills)

    def run(self, paragraph: RunLook, rpr: etree._Element | None) -> RunLook:
        """The look of a run in a paragraph of this look."""
        if rpr is not None:
            return self._run(paragraph, rpr)
        if paragraph not in self._plain:
            self._plain[paragraph] = self._run(paragraph, None)
        return self._plain[paragraph]

    def _run(self, paragraph: RunLook, rpr: etree._Element | None) -> RunLook:
        direct = look_of(rpr)
        character = self._resolve(direct.style).look if direct.style else RunLook()
        styled = character.over(paragraph)
        toggled = replace(
            styled,
            bold=_toggle(self._base.bold, paragraph.bold, character.bold),
            vanish=_toggle(self._base.vanish, paragraph.vanish, character.vanish),
            strike=_toggle(self._base.strike, paragraph.strike, character.strike),
        )
        return direct.over(toggled).over(self._base)

    def _resolve(self, style_id: str) -> Style:
        if style_id in self._done:
            return self._done[style_id]
        chain: list[Style] = []
        seen: set[str] = set()
        current: str | None = style_id
        while current and current in self._raw and current not in seen:
            seen.add(current)
            item = self._raw[current][0]
            ppr, name = item.find(W + "pPr"), (value(item, "name") or "").lower()
            own = replace(
                paragraph_of(ppr), id=current, name=name, chain=(current,), look=look_of(item.find(W + "rPr"))
            )
            heading = _HEADING.fullmatch(name)
            if heading and own.outline is None:
                own = replace(own, outline=int(heading[1]) - 1)
            chain.append(own)
            current = value(item, "basedOn")
        result = Style()
        for own in reversed(chain):
            result = own.over(result)
        self._done[style_id] = result
        return result


def _toggle(default: bool | None, paragraph: bool | None, character: bool | None) -> bool:
    """17.7.3: a toggle set by two styles is off again; set by the document defaults, it is on."""
    return bool(default) or bool(paragraph) != bool(character)
