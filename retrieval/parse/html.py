"""HTML as a reader sees it: headings with their ids, lists with their numbers, tables row by row.

Scripts, styles, navigation and hidden elements are left out and reported. Hidden means the `hidden`
attribute or a style that shows nothing: in the element, or in a rule of a <style> sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from retrieval.parse.blocks import CELL, Block, assemble
from retrieval.parse.clauses.typed import heading_labels
from retrieval.parse.text import decode, stem
from retrieval.types import LeftOut, ParsedDocument

_META = re.compile(rb"<meta[^>]+charset=[\"']?\s*([\w-]+)", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f]+")
_SILENT = {"head", "template", "svg", "math", "object", "iframe", "audio", "video", "canvas", "select", "datalist"}
_REPORTED = {
    "script": "script",
    "style": "style sheet",
    "nav": "navigation",
    "noscript": "text for browsers without scripts",
}
_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_INLINE = {
    *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img"),
    *("ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt"),
    *("u", "var", "wbr", "br", "button", "output", "ruby", "rt", "rb", "center", "nobr"),
}
_HIDDEN = re.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|opacity:0*\.?0*(?=;|$)|font-size:(?:0|[01](?:\.\d+)?p[xt])"
    r"|(?:left|top|text-indent|margin-left):-\d{4,}(?:px)?|clip:rect\((?:0|1px)[^)]*\)|width:0(?:px)?;.*overflow:hidden)"
)
_WHITE = re.compile(r"(?:^|;)color:(?:white|#fff(?:fff)?|rgba?\(255,255,255[^)]*\)|transparent)(?=;|$|!)")
_BACKGROUND = re.compile(r"(?:^|;)background")
_RULE = re.compile(r"([^{}@]+)\{([^{}]*)\}")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_LETTERS = {
    "lower-alpha": "a",
    "lower-latin": "a",
    "upper-alpha": "A",
    "upper-latin": "A",
    "lower-roman": "i",
    "upper-roman": "I",
}
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"))
_ROMAN_ENDS = ((9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def parse_html(name: str, content: bytes) -> ParsedDocument:
    """Read an HTML page. Raises UnsupportedFormat for bytes that are no text."""
    markup = _decode(content)
    tree = LexborHTMLParser(markup)
    blocks, left_out = _Walk(tree, 1).run()
    made = with_labels(blocks)
    title_node = tree.css_first("head > title")
    title = " ".join((title_node.text() if title_node else "").split())
    first = next((b.heading for b in made if b.level == 1), "")
    return assemble(title or first or stem(name), made, left_out=left_out)


def html_blocks(markup: str, *, first_table: int = 1) -> tuple[list[Block], list[LeftOut]]:
    """The blocks of a piece of HTML inside another document; headings carry no labels yet."""
    return _Walk(LexborHTMLParser(markup), first_table).run()


def with_labels(blocks: Iterable[Block]) -> list[Block]:
    """The blocks, with the numbers typed into their headings as labels."""
    made = list(blocks)
    places = [n for n, block in enumerate(made) if block.level is not None]
    labels = heading_labels([(made[n].level or 1, made[n].text) for n in places])
    for n, (label, heading) in zip(places, labels, strict=True):
        made[n] = replace(made[n], label=label, heading=heading)
    return made


def _decode(content: bytes) -> str:
    if found := _META.search(content[:2048]):
        try:
            return content.decode(found[1].decode("ascii"))
        except (UnicodeDecodeError, LookupError):
            pass  # the page says wrong what it is written in
    return decode(content)


@dataclass(slots=True)
class _List:
    """An open list: the next number, the step, and how numbers are shown."""

    next: int | None
    step: int = 1
    style: str = "decimal"


@dataclass(slots=True)
class _Walk:
    """One pass over the tree, without recursion: a page may be nested as deep as it likes."""

    tree: LexborHTMLParser
    tables: int
    blocks: list[Block] = field(default_factory=list)
    left_out: dict[LeftOut, None] = field(default_factory=dict)
    styles: dict[int, str] = field(default_factory=dict)  # what style sheets say, by node
    parts: list[str] = field(default_factory=list)  # the paragraph being read
    lists: list[_List] = field(default_factory=list)
    prefix: str = ""  # the number that the next paragraph of a list item begins with
    ids: list[str] = field(default_factory=list)  # ids since the last paragraph
    heading: int | None = None
    own_id: str | None = None  # the heading's
    pre: int = 0
    cells: list[str] | None = None  # the row being read
    table_of_row: list[int] = field(default_factory=list)
    white: list[bool] = field(default_factory=list)

    def run(self) -> tuple[list[Block], list[LeftOut]]:
        self._read_sheets()
        stack: list[tuple[LexborNode, bool]] = []
        if self.tree.root is not None:
            stack.append((self.tree.root, False))
        while stack:
            node, leaving = stack.pop()
            if leaving:
                self._leave(node)
                continue
            if (following := node.next) is not None and node.parent is not None:
                stack.append((following, False))
            if self._enter(node):
                stack.append((node, True))
                if node.first_child is not None:
                    stack.append((node.first_child, False))
        self._flush()
        return self.blocks, list(self.left_out)

    # What is hidden

    def _read_sheets(self) -> None:
        for sheet in self.tree.css("style")[:50]:
            for selectors, declared in _RULE.findall(_CSS_COMMENT.sub("", sheet.text(deep=True)))[:2000]:
                rule = _compact(declared)
                if not (_HIDDEN.search(rule) or _WHITE.search(rule)):
                    continue
                try:
                    nodes = self.tree.css(selectors.strip())
                except SelectolaxError:
                    continue  # a selector of a kind that names no element here, such as a:::part
                for node in nodes:
                    self.styles[node.mem_id] = self.styles.get(node.mem_id, "") + ";" + rule

    def _skipped(self, node: LexborNode, tag: str) -> bool:
        if tag in _SILENT:
            return True
        if tag in _REPORTED:
            self._report(_REPORTED[tag])
            return True
        attributes = node.attributes
        style = self.styles.get(node.mem_id, "") + ";" + _compact(attributes.get("style") or "")
        on_ground = bool(_BACKGROUND.search(style)) or "bgcolor" in attributes
        white = bool(_WHITE.search(style)) or (attributes.get("color") or "").lower() in ("white", "#ffffff", "#fff")
        hidden = (
            "hidden" in attributes
            or bool(_HIDDEN.search(style))
            or (white and not on_ground and not any(self.white))
            or (tag == "input")
        )
        if hidden:
            if tag != "input":
                self._report("hidden text")
            return True
        self.white.append(on_ground)
        return False

    def _report(self, what: str) -> None:
        near = next((b.heading for b in reversed(self.blocks) if b.level is not None), "")
        self.left_out[LeftOut(what, f"after “{near}”" if near else "beginning of the page")] = None

    # One element

    def _enter(self, node: LexborNode) -> bool:
        """Read the node's beginning; False when what is inside it is not read."""
        tag = node.tag or ""
        if tag == "-text":
            self.parts.append(node.text_content or "" if self.pre else _SPACE.sub(" ", node.text_content or ""))
            return False
        if tag.startswith("-") or self._skipped(node, tag):
            if tag == "-comment" and "[if" not in (node.comment_content or ""):
                self._report("comment")
            return False
        if name := node.attributes.get("id") or (node.attributes.get("name") if tag == "a" else None):
            self.ids.append(name)
        if tag in _INLINE:
            self._inline(node, tag)
        elif self.cells is None or tag in ("td", "th"):
            self._flush()
            self._open(node, tag)
        else:
            self.parts.append(" ")
        return True

    def _inline(self, node: LexborNode, tag: str) -> None:
        if tag == "br":
            self.parts.append("\n" if self.cells is None else " ")
        elif tag == "img":
            self.parts.append(node.attributes.get("alt") or "")
        elif tag == "q":
            self.parts.append("“")

    def _open(self, node: LexborNode, tag: str) -> None:
        if tag in _HEADINGS:
            self.heading, self.own_id = _HEADINGS[tag], node.attributes.get("id")
        elif tag == "pre":
            self.pre += 1
        elif tag == "hr":
            self.ids.clear()
        elif tag in ("ol", "ul", "menu"):
            self.lists.append(_list(node) if tag == "ol" else _List(None))
        elif tag == "li":
            self.prefix = self._number(node)
        elif tag == "table":
            self.tables += 1
            self.table_of_row.append(self.tables - 1)
        elif tag == "tr" and node.css_first("h1,h2,h3,h4,h5,h6,table") is None:
            self.cells = []

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        self.white.pop()
        if tag == "q":
            self.parts.append("”")
        if tag in _INLINE:
            return
        if self.cells is not None and tag in ("td", "th"):
            self.cells.append(" ".join("".join(self.parts).split()))
            self.parts.clear()
        elif self.cells is not None and tag == "tr":
            if any(self.cells):
                self.blocks.append(
                    Block(CELL.join(self.cells), table=self.table_of_row[-1] if self.table_of_row else 0)
                )
            self.cells = None
            self.parts.clear()
        elif self.cells is not None:
            self.parts.append(" ")
        else:
            self._flush()
            self._close(tag)

    def _close(self, tag: str) -> None:
        if tag in _HEADINGS:
            self.heading = None
        elif tag == "pre":
            self.pre -= 1
        elif tag in ("ol", "ul", "menu") and self.lists:
            self.lists.pop()
            self.prefix = ""
        elif tag == "table" and self.table_of_row:
            self.table_of_row.pop()

    def _flush(self) -> None:
        """End the paragraph."""
        text = "".join(self.parts)
        self.parts.clear()
        text = (
            text.strip("\n").rstrip() if self.pre else "\n".join(" ".join(s.split(" ")) for s in _lines(text)).strip()
        )
        if not text.strip():
            return
        text, self.prefix = self.prefix + text, ""
        if self.heading is None:
            self.blocks.append(Block(text))
        else:
            text = " ".join(text.split())
            name = self.own_id or (self.ids[-1] if self.ids else None)
            anchor = f"#{name}" if name else None
            self.blocks.append(Block(text, level=self.heading, heading=text, anchor=anchor))
        self.ids.clear()

    def _number(self, node: LexborNode) -> str:
        """What a browser prints before a list item."""
        open_ = self.lists[-1] if self.lists else _List(None)
        if open_.next is None:
            return "- "
        number = _integer(node.attributes.get("value"), open_.next)
        open_.next = number + open_.step
        shown = _shown(number, open_.style)
        return f"{shown}. " if shown else ""


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        yield re.sub(" +", " ", line).strip(" ")


def _compact(style: str) -> str:
    return re.sub(r"\s+", "", style.lower())


def _integer(value: str | None, default: int) -> int:
    return int(value) if value and re.fullmatch(r"\s*-?\d{1,9}\s*", value) else default


def _list(node: LexborNode) -> _List:
    attributes = node.attributes
    found = re.search(r"list-style(?:-type)?:([\w-]+)", _compact(attributes.get("style") or ""))
    style = found[1] if found else attributes.get("type") or "decimal"
    backwards = "reversed" in attributes
    items = 0
    child = node.first_child if backwards else None
    while child is not None:
        items += child.tag == "li"
        child = child.next
    start = _integer(attributes.get("start"), items if backwards else 1)
    return _List(start, -1 if backwards else 1, _LETTERS.get(style, style))


def _shown(number: int, style: str) -> str:
    if style == "none":
        return ""
    if style in ("a", "A") and number > 0:
        letters = ""
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(ord(style) + rest) + letters
        return letters
    if style in ("i", "I") and 0 < number < 4000:
        roman = ""
        for value, letters in (*_ROMAN, *_ROMAN_ENDS):
            roman += letters * (number // value)
            number %= value
        return roman if style == "i" else roman.upper()
    return str(number)
