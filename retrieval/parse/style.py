"""What a style of an HTML element says that changes its words: display, line-through, raised or lowered.

Sources: CSS Display 3, CSS Text Decoration 3, CSS 2.2 (10.8.1 vertical-align); the defaults are those of
the HTML standard (15.3, "Rendering").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

_BRACE = re.compile(r"@media\b(?P<query>[^{};]*)\{|[{}]", re.IGNORECASE)
_QUERY_WORD = re.compile(r"[a-z-]+")
_WIDE = re.compile(r"min-width\s*:\s*(?:\d{1,3}|1[01]\d\d)(?:\.\d+)?px|min-width\s*:\s*\d{1,2}(?:\.\d+)?r?em")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_SMALL = re.compile(r"(?:smaller|x-small|xx-small|0?\.\d+r?em|[1-8]\d?(?:\.\d+)?%|[1-7](?:\.\d+)?(?:pt|px))")

_BLOCK = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "col", "colgroup"),
        *("dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption"),
        *("figure", "footer", "form", "frameset", "h1", "h2", "h3", "h4", "h5"),
        *("h6", "header", "hgroup", "hr", "html", "legend", "li", "listing", "main"),
        *("menu", "nav", "noframes", "ol", "optgroup", "option", "p", "plaintext", "pre"),
        *("search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead"),
        *("tr", "ul", "xmp"),
    )
)
_ROLES = {
    "table": "table",
    "table-row": "tr",
    "table-cell": "td",
}
_CELLS = frozenset(("td", "th", "tr", "table", "tbody", "thead", "tfoot"))
_STRUCK = frozenset(("del", "s", "strike"))


@lru_cache(maxsize=4096)
def properties(style: str) -> Mapping[str, str]:
    """The declarations of a style attribute or rule, white space and case apart; the last one counts."""
    found = {}
    for part in re.sub(r"\s+", " ", style.lower()).split(";"):
        name, colon, value = part.partition(":")
        if colon:
            found[name.strip()] = value.replace("!important", "").strip()
    return MappingProxyType(found)


def on_screen(sheet: str) -> str:
    """A style sheet without the blocks of @media that a reader at a screen does not get: those for print, small
    screens or dark ones (Media Queries 4). An open block ends with the sheet.
    """
    kept: list[str] = []
    depths: list[int] = []  # of open braces inside each open block of @media
    dropped, at = 0, 0  # how many of the open blocks are not for a screen
    left_out: list[bool] = []
    for token in _BRACE.finditer(sheet):
        if not dropped:
            kept.append(sheet[at : token.start()])
        at = token.end()
        if token["query"] is not None:
            depths.append(0)
            left_out.append(not any(map(_for_screens, token["query"].lower().split(","))))
            dropped += left_out[-1]
        elif token[0] == "}" and depths and not depths[-1]:
            depths.pop()
            dropped -= left_out.pop()
        else:
            if depths:
                depths[-1] += 1 if token[0] == "{" else -1
            if not dropped:
                kept.append(token[0])
    return "".join((*kept, "" if dropped else sheet[at:]))


def _for_screens(query: str) -> bool:
    kinds = set(_QUERY_WORD.findall(re.sub(r"\([^()]*\)", " ", query))) - {"only", "and"}
    negated = "not" in kinds
    shown = not (kinds - {"not"}) or bool(kinds & {"all", "screen"})
    wide = all(_WIDE.fullmatch(part.strip()) for part in re.findall(r"\(([^()]*)\)", query))
    return not shown if negated else shown and wide


def is_inline(tag: str, said: Mapping[str, str]) -> bool:
    """Whether an element's text runs on with what stands around it, as a browser decides."""
    display = said.get("display", "").split(" ")[0]
    if said.get("position") in ("absolute", "fixed"):
        return False
    if tag in _CELLS or display in ("", "inherit", "initial", "unset", "revert", "none"):
        return tag not in _BLOCK
    return display.startswith("inline") or display in ("contents", "ruby", "ruby-base", "ruby-text")


BOXES = frozenset(
    {"img", "button", "input", "select", "textarea", "meter", "progress"}
    | {"object", "iframe", "audio", "video", "canvas", "svg", "embed"}
)
"""Elements that are boxes in a line of text, whether or not their content is read."""


def is_apart(tag: str, said: Mapping[str, str]) -> bool:
    """Whether an inline element is a box of its own, set apart from its neighbours by its width or its place."""
    placed = said.get("float", "none") != "none" or said.get("position", "") in ("absolute", "fixed")
    return placed or said.get("display", "").startswith("inline-") or tag in BOXES


def parts_children(said: Mapping[str, str]) -> bool:
    """Whether each child of an element is a box of its own (CSS Flexbox 4, CSS Grid 6)."""
    return bool({"flex", "grid", "inline-flex", "inline-grid"} & set(said.get("display", "").split(" ")))


def role(tag: str, said: Mapping[str, str]) -> str:
    """The tag that an element stands for: what is displayed as a table is one."""
    return tag if tag in _CELLS else _ROLES.get(said.get("display", ""), tag)


def is_struck(tag: str, said: Mapping[str, str]) -> bool:
    """Whether an element's text is deleted: by its tag, or by a line through it."""
    lines = said.get("text-decoration", "") + " " + said.get("text-decoration-line", "")
    return tag in _STRUCK or "line-through" in lines


def shift(tag: str, said: Mapping[str, str]) -> int:
    """1 for text above the line, -1 below it, 0 on it."""
    if tag in _CELLS or tag in ("img", "body", "html"):
        return 0
    top = _sign(said.get("top", "")) or -_sign(said.get("bottom", ""))
    if said.get("position") == "relative" and top:
        return -top
    aligned = said.get("vertical-align", "")
    if aligned in ("super", "sub"):
        return 1 if aligned == "super" else -1
    if aligned in ("top", "text-top") and _SMALL.fullmatch(said.get("font-size", "")):
        return 1
    if sign := _sign(aligned):
        return sign
    return {"sup": 1, "sub": -1}.get(tag, 0) if aligned in ("", "baseline", "inherit", "top", "text-top") else 0


def _sign(length: str) -> int:
    found = _NUMBER.match(length)
    value = float(found[0]) if found else 0.0
    return (value > 0) - (value < 0)
