"""HTML as a reader sees it: headings with their ids, lists with their numbers, tables row by row.

Scripts, styles, navigation and hidden elements are left out and reported. Hidden means the `hidden`
attribute or a style that shows nothing: in the element, or in a rule of a <style> sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from lxml import etree
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from retrieval.errors import ParserLimit
from retrieval.parse.blocks import Block, assemble
from retrieval.parse.clauses.flow import FlowBlock, ListNumber, located, outlined
from retrieval.parse.clauses.numbers import enumerator
from retrieval.parse.deleted import is_kept, struck
from retrieval.parse.figures import GAP, apart
from retrieval.parse.formula import linear
from retrieval.parse.grid import Cell, Grid, line
from retrieval.parse.listing import List, integer, numbered, printed
from retrieval.parse.look import Ink, Look, look_of
from retrieval.parse.raised import NEXT, lowered, marked, raised
from retrieval.parse.style import (
    BOXES,
    is_apart,
    is_inline,
    is_struck,
    on_screen,
    parts_children,
    properties,
    role,
    shift,
)
from retrieval.parse.text import decoded
from retrieval.parse.titling import first_headings, title_of, words_of
from retrieval.types import LeftOut, ParsedDocument

_META = re.compile(rb"<(?:meta[^>]+charset|\?xml[^>]+encoding)\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f]+")
_SILENT = {"head", "template", "svg", "object", "iframe", "audio", "video", "canvas", "select", "datalist", "rt", "rp"}
_REPORTED = {
    "script": "script",
    "style": "style sheet",
    "nav": "navigation",
    "noscript": "text for browsers without scripts",
}
_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_HIDDEN = re.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|opacity:0*\.?0*(?=;|$)|font-size:(?:0|[01](?:\.\d+)?p[xt])"
    r"|(?:left|top|text-indent|margin-left):-\d{4,}(?:px)?|clip:rect\((?:0|1px)[^)]*\)|width:0(?:px)?;.*overflow:hidden)"
)
_WHITE = re.compile(r"(?:^|;)color:(?:white|#fff(?:fff)?|rgba?\(255,255,255[^)]*\)|transparent)(?=;|$|!)")
_BACKGROUND = re.compile(r"(?:^|;)background")
_WORDING = re.compile(
    r"(?:^|;)(?:display|float|vertical-align|position|text-decoration(?:-line)?|font|font-weight|font-size|text-align):"
)
_MARKED = re.compile(r"[\[(]?(?:\d{1,3}|[a-z*†‡])[\])]?")
_LINK_WORDS = 8
_SHIFTS = 3  # raised or lowered elements inside one another; those inside them count for nothing
_NEAR = 120  # characters of a heading that places what was left out
_REPEATED = 30  # nodes a tag: elements that are left open come again in every paragraph below
_MATCHES = 100_000_000  # elements of a page, times the rules that they are compared with: a few seconds
_RULE = re.compile(r"([^{}@]+)\{([^{}]*)\}")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def parse_html(name: str, content: bytes) -> ParsedDocument:
    """Read an HTML page. Raises UnsupportedFormat for bytes that are no text."""
    markup, notes = decoded(content, _declared(content))
    tree = _tree(markup)
    pieces, left_out = _Walk(tree, 1, markup.count("<")).run()
    made = [_linked(block) for block in located(outlined(pieces))]
    title_node = tree.css_first("head > title")
    said = title_node.text() if title_node else ""
    words = words_of("\n".join(block.text for block in made))
    return assemble(title_of(name, (said, *first_headings(made)), words), made, left_out=(*left_out, *notes))


def html_pieces(markup: str, *, first_table: int = 1) -> tuple[list[FlowBlock], list[LeftOut]]:
    """The paragraphs of a piece of HTML inside another document, with their looks."""
    return _Walk(_tree(markup), first_table, markup.count("<")).run()


def _tree(markup: str) -> LexborHTMLParser:
    try:
        return LexborHTMLParser(markup)
    except SelectolaxError as error:  # what it says where memory runs out: it reads any text
        raise ParserLimit("Reading the page took more memory than a document may take. Split it.") from error


def _linked(block: Block) -> Block:
    """A section without an id is linked by its first words (WICG Scroll to Text Fragment)."""
    if block.level is None or block.anchor is not None:
        return block
    words = quote(" ".join(block.text.split()[:_LINK_WORDS]), safe="").replace("-", "%2D")
    return replace(block, anchor=f"#:~:text={words}")


def _declared(content: bytes) -> str:
    """The character set that a page names; one that could not be named in these bytes is none."""
    found = _META.search(content[:2048])
    name = found[1].decode("ascii", "ignore") if found else ""
    return "" if name.lower().startswith("utf-16") else name


@dataclass(slots=True)
class _Open:
    """An element being read: what it stands for, and what its style says."""

    tag: str
    inline: bool
    ground: bool  # a background, its own or one around it: white text on it can be read
    apart: bool
    shift: int
    begins: int  # the place in `parts` where its text begins
    look: Look
    style: str  # its class, or that of the nearest element around it that has one
    struck: bool
    shifts: int  # raised and lowered elements from here outwards
    flexible: bool  # its children are boxes of their own


@dataclass(slots=True)
class _Row:
    """A table row being read."""

    cells: list[Cell] = field(default_factory=list)
    columns: int = 1  # of the cell being read
    body: bool = False  # a cell of it is no column's head
    rows: int = 1


@dataclass(slots=True)
class _Table:
    """An open table: its number, and its rows' places."""

    number: int
    grid: Grid = field(default_factory=Grid)


@dataclass(slots=True)
class _Walk:
    """One pass over the tree, without recursion: a page may be nested as deep as it likes."""

    tree: LexborHTMLParser
    tables: int
    tags: int  # at most, in the page's text
    pieces: list[FlowBlock] = field(default_factory=list)
    left_out: dict[LeftOut, None] = field(default_factory=dict)
    styles: dict[int, str] = field(default_factory=dict)  # what style sheets say, by node
    parts: list[str] = field(default_factory=list)  # the paragraph being read
    lists: list[List] = field(default_factory=list)
    prefix: str = ""  # the number that the next paragraph of a list item begins with
    item: ListNumber | None = None  # what is known of it
    serial: int = 0
    waiting: str = ""  # a number in a box of its own: the next paragraph's
    ink: Ink = field(default_factory=Ink)
    ids: list[str] = field(default_factory=list)  # ids since the last paragraph
    heading: int | None = None
    own_id: str | None = None  # the heading's
    pre: int = 0
    row: _Row | None = None
    open_tables: list[_Table] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    near: str = ""  # the last heading
    holders: set[int] = field(default_factory=set)  # nodes around a heading or a table, by id

    def run(self) -> tuple[list[FlowBlock], list[LeftOut]]:
        self._read_sheets()
        stack: list[tuple[LexborNode, bool]] = []
        left = 1_000 + _REPEATED * self.tags
        if self.tree.root is not None:
            stack.append((self.tree.root, False))
        while stack:
            node, leaving = stack.pop()
            if leaving:
                self._leave(node)
                continue
            left -= 1
            if left < 0:
                raise ParserLimit("The page is larger than its text by the tags that it leaves open. Close them.")
            if (following := node.next) is not None and node.parent is not None:
                stack.append((following, False))
            if self._enter(node):
                stack.append((node, True))
                if node.first_child is not None:
                    stack.append((node.first_child, False))
        self._flush()
        self._release()
        return self.pieces, list(self.left_out)

    # What is hidden

    def _read_sheets(self) -> None:
        left = _MATCHES
        for selectors, rule in self._rules():
            left -= self.tags
            if left < 0:
                self._report("style rules above the limit of one page")
                return
            try:
                nodes = self.tree.css(selectors)
            except SelectolaxError:
                continue  # a selector of a kind that names no element here, such as a:::part
            for node in nodes:
                self.styles[node.mem_id] = self.styles.get(node.mem_id, "") + ";" + rule

    def _rules(self) -> dict[tuple[str, str], None]:
        """The rules that hide or reword, each once, where it stands last."""
        found: dict[tuple[str, str], None] = {}
        for sheet in self.tree.css("style")[:50]:
            text = _CSS_COMMENT.sub("", sheet.text(deep=True))
            text = on_screen(f"@media {query}{{{text}}}" if (query := sheet.attributes.get("media")) else text)
            for selectors, declared in _RULE.findall(text + "}")[:2000]:  # the sheet's end closes a rule
                rule = _compact(declared)
                if _HIDDEN.search(rule) or _WHITE.search(rule) or _WORDING.search(rule):
                    found.pop((selectors.strip(), rule), None)
                    found[selectors.strip(), rule] = None
        return found

    def _element(self, node: LexborNode, tag: str) -> _Open | None:
        """What an element is; None where it is not read."""
        if tag in _SILENT:
            return None
        if tag in _REPORTED:
            self._report(_REPORTED[tag])
            return None
        attributes = node.attributes
        own = attributes.get("style") or ""
        style = self.styles.get(node.mem_id, "") + ";" + _compact(own)
        on_ground = bool(_BACKGROUND.search(style)) or "bgcolor" in attributes
        white = bool(_WHITE.search(style)) or (attributes.get("color") or "").lower() in ("white", "#ffffff", "#fff")
        outer = self.open[-1] if self.open else None
        on_ground = on_ground or (outer is not None and outer.ground)
        white = white and not on_ground
        if "hidden" in attributes or tag == "input" or white or _HIDDEN.search(style):
            if tag != "input":
                self._report("hidden text")
            return None
        said = properties(self.styles.get(node.mem_id, "") + ";" + own)
        gone = is_struck(tag, said)
        if gone and not is_kept():
            if (node.text(deep=True) or "").strip():
                self._report("struck-out text")
            self.parts.append(GAP)
            return None
        tag = role(tag, said)
        inline = is_inline(tag, said)
        look = look_of(tag, attributes.get("align"), said, outer.look if outer else Look())
        shifts = outer.shifts if outer else 0
        height = shift(tag, said) if inline and shifts < _SHIFTS else 0
        name = attributes.get("class") or (outer.style if outer else "")
        gone = gone or (outer is not None and outer.struck)
        shifts += bool(height)
        apart = is_apart(tag, said) or bool(self.open and self.open[-1].flexible)
        flexible = parts_children(said)
        return _Open(tag, inline, on_ground, apart, height, len(self.parts), look, name, gone, shifts, flexible)

    def _report(self, what: str) -> None:
        self.left_out[LeftOut(what, f"after “{self.near}”" if self.near else "beginning of the page")] = None

    # One element

    def _enter(self, node: LexborNode) -> bool:
        """Read the node's beginning; False when what is inside it is not read."""
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content or ""
            shown = text if self.pre else _SPACE.sub(" ", text)
            self.parts.append(struck(shown) if self.open and self.open[-1].struck else shown)
            self.ink.add(text, self.open[-1].look if self.open else Look())
            return False
        if tag.startswith("-"):
            if tag == "-comment" and "[if" not in (node.comment_content or ""):
                self._report("comment")
            return False
        if tag == "math":
            self._formula(node)
            return False
        found = self._element(node, tag)
        if found is None:
            self.parts.extend(GAP for _ in range(tag in BOXES))
            return False
        self.open.append(found)
        if name := node.attributes.get("id") or (node.attributes.get("name") if tag == "a" else None):
            self.ids.append(name)
        if found.inline:
            self._inline(node, found)
        elif self.row is None or found.tag in ("td", "th"):
            self._flush()
            self._begin(node, found.tag)
        else:
            self.parts.append(" ")
        found.begins = len(self.parts)
        return True

    def _inline(self, node: LexborNode, found: _Open) -> None:
        if found.apart:
            self.parts.append(GAP)
        if found.tag == "br":
            self.parts.append("\n" if self.row is None else " ")
        elif found.tag == "img":
            self.parts.append(node.attributes.get("alt") or "")
        elif found.tag == "q":
            self.parts.append("“")

    def _formula(self, node: LexborNode) -> None:
        """MathML in one line."""
        parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
        root = etree.fromstring((node.html or "").encode(), parser)
        text = linear(root) if root is not None else ""
        before = "".join(self.parts[-1:])[-1:]
        self.parts.extend((f" {text}" if before.isalnum() else text, GAP))

    def _begin(self, node: LexborNode, tag: str) -> None:
        if tag in _HEADINGS:
            self.heading, self.own_id = _HEADINGS[tag], node.attributes.get("id")
        elif tag == "pre":
            self.pre += 1
        elif tag == "hr":
            self.ids.clear()
        elif tag in ("ol", "ul", "menu"):
            self._release()
            self.serial += not self.lists
            begun = numbered(node.attributes, lambda: _items(node)) if tag == "ol" else List(None)
            self.lists.append(begun.within(self.lists[-1] if self.lists else None, self.serial))
        elif tag == "li":
            self._release()
            self.prefix = self._number(node)
        elif tag == "table":
            self.tables += 1
            self.open_tables.append(_Table(self.tables - 1))
        elif tag == "tr" and not self._holds_more(node):
            self.row = _Row()
        elif tag in ("td", "th") and self.row is not None:
            self.row.columns = integer(node.attributes.get("colspan"), 1)
            self.row.rows = integer(node.attributes.get("rowspan"), 1) or 65_534  # 0: to the table's end

    def _holds_more(self, row: LexborNode) -> bool:
        """Whether there is a heading or a table in a row. What holds the one that is found is not searched again."""
        if row.mem_id not in self.holders:
            found: LexborNode | None = row.css_first("h1,h2,h3,h4,h5,h6,table")
            while found is not None and found.mem_id not in self.holders:
                self.holders.add(found.mem_id)
                found = found.parent
        return row.mem_id in self.holders

    def _leave(self, node: LexborNode) -> None:
        found = self.open.pop()
        tag = found.tag
        if tag == "q":
            self.parts.append("”")
        if found.inline:
            self._leave_inline(node, found)
        elif self.row is not None and tag in ("td", "th"):
            self.row.cells.append(Cell(self._cell_text(), self.row.columns, self.row.rows))
            self.row.body |= tag == "td" and bool(self.row.cells[-1].text)
        elif self.row is not None and tag == "tr":
            self._end_row(self.row)
        elif self.row is not None:
            self.parts.append(" ")
        else:
            self._flush()
            self._close(tag)

    def _leave_inline(self, node: LexborNode, found: _Open) -> None:
        """End an inline element: raised and lowered text is wrapped."""
        if found.apart:
            self.parts.append(GAP)
        height = found.shift
        linked = found.tag == "a" and (node.attributes.get("href") or "").startswith("#")
        if not (height or linked) or len(self.parts) <= found.begins:
            return
        text = "".join(self.parts[found.begins :])
        if not height:  # the number alone of a link within the page, written next to a word, is a note's mark
            beside = "".join(self.parts[max(0, found.begins - 2) : found.begins])[-1:].strip()
            height = int(bool(beside) and _MARKED.fullmatch(text) is not None)
        if height and not any(part == "\n" for part in self.parts[found.begins :]):
            self.parts[found.begins :] = [marked(text) or (raised(text) if height > 0 else lowered(text)), NEXT]

    def _cell_text(self) -> str:
        text = " ".join(apart("".join(self.parts)).split())
        self.parts.clear()
        return text

    def _release(self) -> None:
        """Give out a number that no paragraph followed."""
        text, self.waiting = self.waiting, ""
        if text:
            self.pieces.append(FlowBlock(Block(text)))

    def _end_row(self, row: _Row) -> None:
        table = self.open_tables[-1] if self.open_tables else _Table(0)
        cells = table.grid.row(row.cells)
        said = [cell.text for cell in row.cells if cell.text]
        if len(said) == 2 and enumerator(said[0]) and _worded(said[1]):  # a list, set as a table
            self.pieces.append(self._piece(Block(f"{said[0]} {said[1]}")))
        elif said:
            self._release()
            head = not row.body or (self.ink.lead > 0 and not self.ink.plain)
            self.pieces.append(FlowBlock(Block(line(cells), table=table.number, head=head)))
        self.ink = Ink()
        self.row = None
        self.parts.clear()

    def _close(self, tag: str) -> None:
        if tag in _HEADINGS:
            self.heading = None
        elif tag == "pre":
            self.pre -= 1
        elif tag in ("ol", "ul", "menu") and self.lists:
            self.lists.pop()
            self.prefix, self.item = "", None
        elif tag == "table" and self.open_tables:
            self.open_tables.pop()

    def _flush(self) -> None:
        """End the paragraph."""
        text = apart("".join(self.parts))
        self.parts.clear()
        text = (
            text.strip("\n").rstrip() if self.pre else "\n".join(" ".join(s.split(" ")) for s in _lines(text)).strip()
        )
        if not text.strip():
            return
        if self.heading is None and not self.prefix and not self.pre and enumerator(text) and not self.waiting:
            self.waiting = text
            return
        if self.heading is not None or self.prefix:
            self._release()
        if self.heading is None:
            number = self.prefix or (f"{self.waiting} " if self.waiting else "")
            self.pieces.append(self._piece(Block(number + text)))
        else:
            text = " ".join((self.prefix + text).split())
            name = self.own_id or (self.ids[-1] if self.ids else None)
            anchor = f"#{name}" if name else None
            self.pieces.append(self._piece(Block(text, level=self.heading, heading=text, anchor=anchor)))
            self.near = text if len(text) <= _NEAR else text[:_NEAR] + "…"
        self.prefix, self.item, self.waiting = "", None, ""
        self.ids.clear()

    def _piece(self, block: Block) -> FlowBlock:
        """A paragraph with its look."""
        ink, self.ink = self.ink, Ink()
        style = self.open[-1].style if self.open else ""
        return FlowBlock(
            block,
            ink.lead_of(block.text if self.item is None else block.text[len(self.item.shown) :].lstrip()),
            ink.centred,
            ink.size,
            style,
            bool(self.lists),
            self.item if self.heading is None else None,
            f"#{self.ids[-1]}" if self.ids else None,
        )

    def _number(self, node: LexborNode) -> str:
        """What a browser prints before a list item."""
        open_ = self.lists[-1] if self.lists else List(None)
        if open_.next is None:
            return "- "
        number = integer(node.attributes.get("value"), open_.next)
        open_.next = number + open_.step
        shown = printed(number, open_.style)
        if shown and not open_.bulleted:
            self.item = ListNumber(f"{shown}. ", open_.serial, open_.depth, not open_.begun, number)
        open_.begun = True
        return f"{shown}. " if shown else ""


def _worded(text: str) -> bool:
    """Whether a cell holds words, not a figure."""
    return sum(c.isalpha() for c in text) >= 3


def _lines(text: str) -> Iterator[str]:
    for part in text.split("\n"):
        yield re.sub(" +", " ", part).strip(" ")


def _compact(style: str) -> str:
    return re.sub(r"\s+", "", style.lower())


def _items(node: LexborNode) -> int:
    """The items of a list."""
    return sum(child.tag == "li" for child in node.iter())
