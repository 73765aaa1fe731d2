"""Markdown (CommonMark with tables): every heading a section, with the anchor that GitHub gives it.

Template tags ("{% ... %}") stay as text; links show their text; comments are left out and reported.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from retrieval.parse.blocks import Block, assemble
from retrieval.parse.clauses.flow import FlowBlock, ListNumber, outlined
from retrieval.parse.clauses.wrapping import HARD, SOFT, shown
from retrieval.parse.deleted import is_kept, struck
from retrieval.parse.figures import GAP, apart
from retrieval.parse.grid import line
from retrieval.parse.html import html_pieces
from retrieval.parse.look import Ink, Look
from retrieval.parse.raised import NEXT, lowered, marked, note_mark, raised
from retrieval.parse.style import is_struck, properties, shift
from retrieval.parse.text import decoded, lines_of
from retrieval.parse.titling import first_headings, title_of, words_of
from retrieval.types import LeftOut, ParsedDocument

_NESTING = 80  # quotes, lists and tags inside one another; markdown-it drops what is deeper
_FRONT = re.compile(r"---[ \t]*\n(?P<body>.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title:[ \t]*(?P<title>.+?)[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NOTE = re.compile(r"^ {0,3}\[\^(?P<name>[^\]\s]{1,40})\]:[ \t]*", re.MULTILINE)
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z][\w:-]*)(?P<rest>[^>]*?)(?P<alone>/?)>")
_STYLE = re.compile(r"""\bstyle\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_SAID = {"text", "code_inline", "text_special"}
_VOID = {"br", "img", "wbr", "hr", "input"}


def parse_markdown(name: str, content: bytes) -> ParsedDocument:
    """Read Markdown. Raises UnsupportedFormat for bytes that are no text."""
    text, notes = decoded(content)
    text = lines_of(text)
    reader = _Reader(left_out=list(notes))
    title = ""
    if front := _FRONT.match(text):
        found = _TITLE.search(front["body"] or "")
        title = _unquote(found["title"]) if found else ""
        reader.left_out.append(LeftOut("front matter", "line 1"))
        # Line numbers must stay those of the file.
        text = "\n" * front.group().count("\n") + text[front.end() :]
    text = _noted(text)
    tokens = (
        MarkdownIt("commonmark", {"maxNesting": _NESTING, "strikethrough_single_tilde": True})
        .enable(["table", "strikethrough"])
        .parse(text)
    )
    if deep := next((t for t in tokens if t.level >= _NESTING - 2 and t.map), None):
        reader.left_out.append(LeftOut("text nested too deep", f"line {(deep.map or [0])[0] + 1}"))
    blocks = outlined(list(_anchored(reader.pieces(tokens))))
    words = words_of("\n".join(block.text for block in blocks))
    return assemble(title_of(name, (title, *first_headings(blocks)), words), blocks, left_out=reader.left_out)


def _noted(text: str) -> str:
    """Footnotes as GitHub reads them: marks of notes that the file holds, in the text and before the note."""
    names = {m["name"] for m in _NOTE.finditer(text)}
    text = _NOTE.sub(lambda m: note_mark(m["name"]) + " ", text)
    return re.sub(r"\[\^([^\]\s]{1,40})\]", lambda m: note_mark(m[1]) if m[1] in names else m[0], text)


def _unquote(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _anchored(pieces: Iterable[FlowBlock]) -> Iterator[FlowBlock]:
    """Headings get the anchor that GitHub makes, unless they have one of their own; clauses that of their heading."""
    slugs = Slugs()
    above: str | None = None
    for piece in pieces:
        block = piece.block
        if block.level is not None and block.anchor is None:
            block = replace(block, anchor="#" + slugs.slug(block.heading))
        above = block.anchor if block.level is not None else above
        yield replace(piece, block=block, anchor=above)


class Slugs:
    """Anchors as GitHub makes them: lower case, punctuation out, spaces to hyphens, repeats counted."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def slug(self, heading: str) -> str:
        kept = (c if _slug_letter(c) else "" for c in heading.strip().lower())
        base = slug = "".join(kept).replace(" ", "-")
        while slug in self._seen:
            self._seen[base] += 1
            slug = f"{base}-{self._seen[base]}"
        self._seen[slug] = 0
        return slug


def _slug_letter(c: str) -> bool:
    return c in " -" or c.isalnum() or unicodedata.category(c) in ("Mn", "Mc", "Me", "Pc", "Nl")


class _Text:
    """Inline text with the tags that change its words: deleted, raised and lowered text."""

    def __init__(self) -> None:
        self.struck = False
        self._open: list[tuple[str, str, list[str]]] = [("", "", [])]  # tag, its style, the text in it
        self._names: Counter[str] = Counter()  # of the open tags

    def add(self, text: str) -> None:
        parts = self._open[-1][2]
        if self.struck and "".join(parts[-2:]).rstrip(GAP).endswith(" "):
            text = text.removeprefix(" ")  # one of the two blanks around what is struck out
        parts.append(text)

    def begin(self, name: str, style: str) -> None:
        if len(self._open) <= _NESTING:
            self._open.append((name, style, []))
            self._names[name] += 1

    def end(self, name: str) -> None:
        """Close a tag and those left open inside it; one that is not open is passed over."""
        if self._names[name]:
            while self._close() != name:
                pass

    def turn(self, name: str, *, opens: bool) -> None:
        """Begin or end what Markdown itself marks; a tilde that marks nothing stands as it is."""
        if name == "~":
            self.add(name)
        elif opens:
            self.begin(name, "")
        else:
            self.end(name)

    def tag(self, markup: str) -> None:
        """A tag of HTML as it stands in the text."""
        found = _TAG.fullmatch(markup.strip())
        name = found["name"].lower() if found else ""
        if found is None or name in _VOID or found["alone"]:
            if name == "br":
                self.add("\n")
        elif found["close"]:
            self.end(name)
        else:
            style = _STYLE.search(found["rest"])
            self.begin(name, (style[1] or style[2] or "") if style else "")

    def whole(self) -> str:
        while len(self._open) > 1:
            self._close()
        return apart("".join(self._open[0][2])).strip()

    def _close(self) -> str:
        name, style, parts = self._open.pop()
        self._names[name] -= 1
        said, text = properties(style), "".join(parts)
        outer = self._open[-1][2]
        if is_struck(name, said):
            if is_kept():
                outer.append(struck(text))
            else:
                self.struck |= bool(text.strip())
                outer.append(GAP)
            return name
        height = shift(name, said)
        if name == "a" and self._names["sup"]:
            height = 1  # a mark that leads to its note, perhaps one of several in a raised run
        if height:
            text = (marked(text) or raised(text) if height > 0 else lowered(text)) + NEXT
        outer.append(text)
        return name


def _single_tildes(children: Sequence[Token]) -> dict[int, str]:
    """What pairs of single tildes are, by token, where they strike nothing out: "sub" in "CO~2~", as other dialects
    write it, and "~" between the ends of ranges, "10~20 and 30~40".
    """
    found: dict[int, str] = {}
    opened: list[int] = []
    for at, child in enumerate(children):
        if child.type == "s_open":
            opened.append(at)
        elif child.type == "s_close" and opened:
            start = opened.pop()
            if child.markup != "~":
                continue
            before = children[start - 1].content[-1:] if start else ""
            after = children[at + 1].content[:1] if at + 1 < len(children) else ""
            inner = "".join(c.content for c in children[start + 1 : at])
            if before.isalpha() and inner.isdecimal():
                found[id(children[start])] = found[id(child)] = "sub"
            elif before.isalnum() and after.isalnum() and any(c.isspace() for c in inner):
                found[id(children[start])] = found[id(child)] = "~"
    return found


@dataclass(slots=True)
class _Reader:
    """Turns a token stream into blocks."""

    left_out: list[LeftOut] = field(default_factory=list)
    tables: int = 0
    lists: list[int | None] = field(default_factory=list)  # the next number, None for a bulleted list
    begun: list[bool] = field(default_factory=list)  # whether a list has had an item
    outermost: int = 0  # lists that stand in no other
    item: str = ""  # the number or bullet that the next paragraph begins with
    counted: ListNumber | None = None  # what is known of the number
    lead: int = 0  # characters set bold at the paragraph's beginning
    line: int = 1
    gone: int = 0  # tags that strike out, open over several blocks

    def pieces(self, tokens: Sequence[Token]) -> Iterator[FlowBlock]:
        for piece in self._pieces(tokens):
            if not self.gone:
                yield piece
            elif is_kept():
                yield replace(piece, block=replace(piece.block, text=struck(piece.block.text)))
            else:
                self.left_out.append(LeftOut("struck-out text", piece.block.locator or self._where()))

    def _pieces(self, tokens: Sequence[Token]) -> Iterator[FlowBlock]:
        row: list[str] = []
        table: int | None = None
        head = False
        for index, token in enumerate(tokens):
            if token.map:
                self.line = token.map[0] + 1
            match token.type:
                case "inline" if table is None:
                    heading = tokens[index - 1] if tokens[index - 1].type == "heading_open" else None
                    inline = self._inline(token.children or [])
                    item = self.counted if heading is None else None
                    text = self._take_item() + inline if inline else ""  # struck out, number and all
                    level = int(heading.tag[1]) if heading else None
                    text = shown(text) if heading else text
                    block = Block(text, level=level, heading=shown(inline) if heading else "", locator=self._where())
                    yield FlowBlock(block, self.lead, listed=bool(self.lists), item=item)
                case "inline":
                    row.append(" ".join(self._inline(token.children or []).split()))
                case "fence" | "code_block":
                    yield FlowBlock(
                        Block(self._take_item() + token.content.rstrip("\n"), locator=self._where()), listed=True
                    )
                case "html_block":
                    yield from self._html(token.content)
                case "table_open":
                    self.tables += 1
                    table = self.tables
                case "thead_open" | "thead_close":
                    head = token.type == "thead_open"
                case "table_close":
                    table = None
                case "tr_open":
                    row = []
                case "tr_close" if any(row):
                    yield FlowBlock(Block(line(row), locator=self._where(), table=table, head=head))
                case _:
                    self._list(token)

    def _where(self) -> str:
        return f"line {self.line}"

    def _list(self, token: Token) -> None:
        match token.type:
            case "ordered_list_open" | "bullet_list_open":
                self.outermost += not self.lists
                ordered = token.type == "ordered_list_open"
                self.lists.append(int(token.attrs.get("start", 1)) if ordered else None)
                self.begun.append(False)
            case "ordered_list_close" | "bullet_list_close":
                self.lists.pop()
                self.begun.pop()
                self.item, self.counted = "", None
            case "list_item_open":
                number = self.lists[-1]
                self.item = "- " if number is None else f"{number}{token.markup} "
                self.lists[-1] = None if number is None else number + 1
                first, self.begun[-1] = not self.begun[-1], True
                self.counted = None
                if number is not None and None not in self.lists:
                    self.counted = ListNumber(self.item, self.outermost, len(self.lists) - 1, first, number)

    def _take_item(self) -> str:
        item, self.item, self.counted = self.item, "", None
        return item

    def _inline(self, children: Sequence[Token]) -> str:
        text = _Text()
        ink, bold = Ink(), 0
        tildes = _single_tildes(children)
        for child in children:
            ink.add(child.content if child.type in _SAID else "", Look(bold=bold > 0))
            match child.type:
                case "strong_open" | "strong_close":
                    bold += 1 if child.type == "strong_open" else -1
                case "text" | "code_inline" | "text_special":
                    text.add(child.content)
                case "image":  # a box of its own: digits beside it are no part of a figure in its words
                    text.add(
                        f" {child.content} "
                        if child.content[:1].isdigit() or child.content[-1:].isdigit()
                        else child.content
                    )
                case "softbreak" | "hardbreak":
                    text.add(SOFT if child.type == "softbreak" else HARD)
                case "link_open" | "link_close":
                    text.turn("a", opens=child.nesting > 0)
                case "s_open" | "s_close":
                    text.turn(tildes.get(id(child), "s"), opens=child.nesting > 0)
                case "html_inline" if child.content.startswith("<!--"):
                    self.left_out.append(LeftOut("comment", self._where()))
                case "html_inline":
                    text.tag(child.content)
        shown = text.whole()
        self.lead = ink.lead_of(shown)
        if text.struck:
            self.left_out.append(LeftOut("struck-out text", self._where()))
        return shown

    def _html(self, content: str) -> Iterator[FlowBlock]:
        where = self._where()
        for _ in _COMMENT.findall(content):
            self.left_out.append(LeftOut("comment", where))
        markup = _COMMENT.sub("", content)
        if not markup.strip():
            return
        for tag in _TAG.finditer(markup):
            if is_struck(tag["name"].lower(), {}):
                self.gone = max(0, self.gone + (-1 if tag["close"] else 1))
        pieces, left_out = html_pieces(markup, first_table=self.tables + 1)
        self.left_out.extend(LeftOut(item.what, where) for item in left_out)
        for piece in pieces:
            self.tables = max(self.tables, piece.block.table or 0)
            yield replace(piece, block=replace(piece.block, locator=where), size=0.0)
