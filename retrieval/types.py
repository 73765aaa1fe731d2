"""The product's vocabulary: frozen values, no I/O, standard library only.

Offsets named `start` and `end` are half-open code-point offsets into the canonical text
of one document version, everywhere. Times are UTC-aware. Pages count from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import KW_ONLY, InitVar, dataclass, field
from datetime import date, datetime
from enum import Enum, StrEnum

from retrieval.runs import Run, RunKind
from retrieval.verdicts import Opinion, Verdict

# --- documents --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a source document.

    `version` is the date of the version and the first 8 hex digits of its SHA-256,
    e.g. "2026-03-01.1a2b3c4d". `url` opens the document for a person; None when it has no address.
    """

    id: str
    version: str
    title: str
    uri: str
    sha256: str
    acl_id: str
    source: str
    media_type: str
    modified_at: datetime
    url: str | None = None
    effective_from: date | None = None
    effective_to: date | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a span of the canonical text stands in the original: a page, or what stands for one.

    A document has a sorted, non-overlapping sequence of places: one a page, a row ("Limits!A12:D12"), a slide, a line.
    """

    start: int
    end: int
    page: int | None = None
    locator: str | None = None
    printed: str | None = None  # the page label printed in a PDF, e.g. "F-4"


@dataclass(frozen=True, slots=True)
class Section:
    """A titled, numbered part of a document, its sub-sections included.

    `label` is the number alone, as the document shows it ("4.2(b)"), `sign` the "§" that it sets before it, `heading`
    the title without them ("" when the part has none), `path` the way to it, itself last ("4 Travel", "4.2 Hotels").
    `anchor` completes a deep link ("#page=7", "#hotels"). `id` is stable across versions.
    """

    id: str
    label: str | None
    heading: str
    path: tuple[str, ...]
    start: int
    end: int
    page_start: int | None = None
    page_end: int | None = None
    locator: str | None = None
    anchor: str | None = None
    sign: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Of the original, not in the canonical text: what ("hidden text", "chart"), and where ("page 4", "Sheet2")."""

    what: str
    where: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside a file (an e-mail's attachment), to be read as a document of its own."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a parser makes of a file. Every section, place and chunk is a slice of `text`.

    `sections` stand in reading order (a parent before its children); text before the first heading is a section with an
    empty heading. `atomic` are spans that a chunk should not cut (tables). `joins` are offsets of line-end hyphens that
    the search text joins and the quotable text keeps. `notes` lead from a mark to note: where both are. `wholes` are
    lists that are one sentence with their lead-in, to be quoted whole, or with a sign; `heads` rows set as a head is.
    """

    title: str
    text: str
    sections: tuple[Section, ...]
    places: tuple[Place, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    atomic: tuple[tuple[int, int], ...] = ()
    joins: tuple[int, ...] = ()
    notes: tuple[tuple[int, int, int, int], ...] = ()
    wholes: tuple[tuple[int, int], ...] = ()
    heads: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Slice:
    """canonical[start:end] of a document version. `page` and `locator` are told of what stands outside of its chunk."""

    start: int
    end: int
    text: str
    page: int | None = None
    locator: str | None = None


class UnitKind(StrEnum):
    SENTENCE = "sentence"
    ITEM = "item"  # of a list; its lead-in, if it has one, introduces it
    LIST = "list"  # a short list whole, with the words that introduce it
    ROW = "row"  # of a table; its lead-in is the table's head, and a line over it


@dataclass(frozen=True, slots=True)
class Unit:
    """A whole sentence, list item or table row: what is selected, quoted and shown. Made once, at sync.

    `text` is canonical[start:end]. `lead` introduces it, and is shown with it; it may stand far above. `heading` is
    the way to its section ("4 Travel > 4.2 Hotels"). `joined` is the text with its line-end hyphens joined, "" where
    it has none. `vector` are the signed bytes of a vector that knows title, heading and lead-in (see
    `retrieval.vectors`); empty where none was made. `more` is what to say behind a quote of less than a list that
    is one sentence ("part of (a) to (f), which belong together"): our words, never the document's. Of a LIST, that
    is behind a quote of a part of it.
    """

    id: str
    kind: UnitKind
    start: int
    end: int
    text: str
    lead: tuple[Slice, ...] = ()
    heading: str = ""
    joined: str = ""
    vector: bytes = b""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The unit of the index: one leaf section or a part of it.

    `id` = hash of document id, section path and text, so an unchanged clause keeps its id. `text` is the citable slice;
    `search_text` is what keywords and vectors see of it (line-end hyphens joined). The document's title and
    `section.path` are indexed beside it.
    """

    id: str
    document: Document
    section: Section
    ordinal: int  # position in the document, from 0
    start: int
    end: int
    text: str
    search_text: str
    places: tuple[Place, ...]
    units: tuple[Unit, ...] | None = None  # those that begin in it, in reading order; None: an index of before 0.2


TRANSLATED_MARK = "(translated)"
"""Follows a statement that is a translation, in records before 0.2."""

UNCHECKED = "Translation, not checked:"
"""Stands before the translation under a statement."""

NOT_CARRIED = "no document says this."
"""Stands in a part of the answer form that is required and that no verified quote fills."""

NOT_WHOLE = "(The documents carry no more of this.)"
"""Follows a list that has fewer items than the answer form asks for."""


# --- a question and its answer ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a quote that was shown stands. `row`: it is of a table, and may answer another question too."""

    document_id: str
    start: int
    end: int
    row: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the same thread, and the documents that were shown for it, best first.

    `about` are the words that the thread is about after it, `shown` what stood first below it.
    """

    question: str
    document_ids: tuple[str, ...] = ()
    about: str = ""
    shown: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asked, word for word, and what the thread said before.

    Read with its thread, `text` has words of the thread beside it, and `own` is what was asked. `mended`: words
    as typed, and what they are read as.
    """

    text: str
    asked_at: datetime
    memory: tuple[Turn, ...] = ()  # oldest first
    own: str = ""
    mended: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """What goes to the index. `vector` is little-endian float32 of unit length, as bytes;
    empty: keywords alone.

    `acl_ids` are the access lists that the whole audience passes. `alpha` weighs vectors against keywords (0 =
    keywords alone). `document_weight` and `section_weight` scale keyword scores of whole documents and sections.
    """

    text: str
    vector: bytes
    acl_ids: frozenset[str]
    limit: int
    alpha: float
    document_weight: float = 0.0
    section_weight: float = 0.0
    document_ids: frozenset[str] | None = None  # restrict to these; None = all
    preferred: Mapping[str, float] = field(default_factory=dict)  # added to the scores of a document's chunks, by id
    neighbour_weight: float = 0.0  # share of the scores of the chunks before and after that a chunk gets


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk the index found. `score` orders hits; the others say where it came from."""

    chunk: Chunk
    score: float
    keyword_score: float = 0.0
    vector_score: float = 0.0
    document_score: float = 0.0


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a current, permitted section, as retrieved for one question.

    `id` is what a generator cites. `text` is canonical[start:end]. `score` is in micro-units
    (1,000,000 = 1.0) since audit records hold no floats.
    """

    id: str
    document: Document
    section: Section
    chunk_id: str
    start: int
    end: int
    text: str
    places: tuple[Place, ...]
    score: int
    context: bool = True  # handed to the generator; False: retrieved, but cut for length
    sections: tuple[Section, ...] = ()  # where several share the passage: all that it touches, in reading order
    units: tuple[Unit, ...] = ()  # what of it can be quoted, in reading order


@dataclass(frozen=True, slots=True)
class Citation:
    """An exact quote at [start, end) of the canonical text of a document version.

    After the W3C Web Annotation model: a TextQuoteSelector and a TextPositionSelector at once.
    """

    n: int  # the marker printed in the answer, from 1
    document: Document
    section: Section
    chunk_id: str
    start: int
    end: int
    quote: str
    page: int | None
    locator: str | None
    more: str = ""  # what else belongs to the quote, in our words: shown behind it, never in it


class Wording(StrEnum):
    """Whose words a statement has."""

    ONE_LANGUAGE = "one language"  # the documents', whole units
    COMPRESSED = "compressed"  # a model's: `source_text` said shorter, as the gate allows
    TRANSLATED = "translated"  # in records before 0.2: a translation of `source_text`
    ORIGINAL = "original"  # in records before 0.2: the documents', since a translation could not be checked


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of an answer, the numbers of the citations that carry it, and the part of the form it stands in.

    `highlights` is what was asked for, such as an amount: half-open offsets into `text`, in order, none over another.
    """

    text: str
    citations: tuple[int, ...]
    part: str = ""
    wording: Wording = Wording.ONE_LANGUAGE
    source_text: str = ""  # what was shortened or translated; "" when nothing was
    highlights: tuple[tuple[int, int], ...] = ()
    more: str = ""  # what else belongs to it, in our words
    translation: str = ""  # into the asker's language; nobody checked it

    @property
    def marks(self) -> str:
        """What is printed behind it, e.g. " [1] [2]", or " — part of (a) to (f), which belong together [1]"."""
        numbers = (f" — {self.more}" if self.more else "") + "".join(f" [{n}]" for n in self.citations)
        return f"{numbers} {TRANSLATED_MARK}" if self.wording is Wording.TRANSLATED else numbers

    def runs(self) -> Iterator[Run]:
        """The text, parted where what was asked for begins and ends."""
        at = 0
        for start, end in self.highlights:
            if at <= start < end <= len(self.text):
                yield Run(self.text[at:start])
                yield Run(self.text[start:end], RunKind.ASKED)
                at = end
        yield Run(self.text[at:])


class PartKind(StrEnum):
    TEXT = "text"
    LIST = "list"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """A part of the organisation's answer form as an answer fills it; its statements carry its name.

    `value` is what was chosen (of a choice). `whole` says that it holds all that the form asks of it.
    """

    name: str
    title: str
    kind: PartKind
    required: bool
    whole: bool
    value: str = ""


class Seal(Enum):
    """Who vouches for an answer: without one of these none can be made, and a test lists who uses which."""

    VERIFIED = "verified"  # by `retrieval.verify`, against its quotes
    RESTORED = "restored"  # from the record of one that was verified


@dataclass(frozen=True, slots=True)
class Answer:
    """Verified statements and their citations. Made by `retrieval.verify`, and anew from the record of one it made.

    `parts` are those of the organisation's form that are filled or lacking, in its order; () without a form.
    """

    statements: tuple[Statement, ...]
    citations: tuple[Citation, ...]
    parts: tuple[AnswerPart, ...] = ()
    _: KW_ONLY
    seal: InitVar[Seal]

    def __post_init__(self, seal: Seal) -> None:
        if not isinstance(seal, Seal):
            raise TypeError("an answer is made by retrieval.verify, or from the record of one that it made")

    @property
    def text(self) -> str:
        """The statements with their markers on one line; with a form, a line a part: `Title: statement [1]`."""
        return "".join(run.text for run in self.runs())

    def of(self, part: AnswerPart) -> tuple[Statement, ...]:
        return tuple(s for s in self.statements if s.part == part.name)

    def runs(self, shown: Callable[[Statement], Statement] = lambda s: s) -> Iterator[Run]:
        """`text` as stretches that are shown alike; `shown` may change a statement first."""
        for part in self.parts:
            if part is not self.parts[0]:
                yield Run("\n", RunKind.OURS)
            yield Run(f"{part.title}:", RunKind.TITLE)
            yield from self._body(part, shown)
        before: Statement | None = None
        for said in () if self.parts else self.statements:
            if before is not None:
                yield Run("\n" if before.translation else " ", RunKind.OURS)
            yield from self._told(said, shown)
            before = said

    def _body(self, part: AnswerPart, shown: Callable[[Statement], Statement]) -> Iterator[Run]:
        """What follows a part's title: a blank and its text, or a line for each item of a list."""
        said = self.of(part)
        if not said:
            yield Run(f" {NOT_CARRIED}", RunKind.OURS)
            return
        if part.value:
            yield from (Run(" ", RunKind.OURS), Run(part.value), Run(".", RunKind.OURS))
        for one in said:
            yield Run("\n• " if part.kind is PartKind.LIST else " ", RunKind.OURS)
            yield from self._told(one, shown)
        if not part.whole:
            yield Run(f" {NOT_WHOLE}", RunKind.OURS)

    def _told(self, one: Statement, shown: Callable[[Statement], Statement]) -> Iterator[Run]:
        """A statement with its markers, and below it its translation, marked as unchecked."""
        fitted = shown(one)
        yield from fitted.runs()
        yield Run(fitted.marks, RunKind.OURS)
        if fitted.translation:
            yield from (Run(f"\n{UNCHECKED} ", RunKind.OURS), Run(fitted.translation))


@dataclass(frozen=True, slots=True)
class Verified:
    """The gate's result: an answer, or None when nothing stands, and a verdict for every sentence of a model.

    `nearest`, where there is no answer, are the closest units: true quotes, and plainly no answer.
    """

    answer: Answer | None
    verdicts: tuple[Verdict, ...]
    nearest: Answer | None = None
    opinions: tuple[Opinion, ...] = ()
