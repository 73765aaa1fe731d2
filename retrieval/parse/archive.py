"""The guard before any ZIP is opened: its members are counted and measured before they are read.

zipfile reads no more of a member than the directory declares, so limits on declared sizes bound
every reader that comes after this one.
"""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass
from zipfile import BadZipFile, LargeZipFile, ZipFile, ZipInfo

from lxml import etree

from retrieval.errors import DocumentUnreadable, EncryptedDocument, ParserLimit

MAX_MEMBERS = 10_000
MAX_MEMBER = 128 * 1024 * 1024  # bytes of one member, unpacked
MAX_TOTAL = 256 * 1024 * 1024  # bytes of all members, unpacked
MAX_RATIO = 200  # unpacked to packed, of a member large enough to harm
RATIO_FROM = 8 * 1024 * 1024  # bytes

_HEAD = 4096
_PIECE = 1024 * 1024
_UNSAFE = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|^[A-Za-z]:|\x00")
_XML = (".xml", ".rels", ".vml")
_MARKED_UP = (".svg", ".html", ".htm", ".xhtml", ".mht")
"""Pictures and web pages, which may have a document type, where they are what their names say."""
_NO_OFFICE = frozenset({"svg", "html"})  # their roots; a relationship may lead to a part of any name
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!DOCTYPE|<!ENTITY", re.IGNORECASE)
_OVERLAP = 64  # more than the bytes of a mark in UTF-32
_DECLARATION = re.compile(rb"\s*<\?xml\s")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([^"']*)["']""")
_EBCDIC = b"\x4c\x6f\xa7\x94"  # "<?xm", which libxml2 reads where its build has iconv
_ASCII_BASED = re.compile(rb"(?i)utf-?8|utf-?16([bl]e)?|us-ascii|ascii|iso-8859-\d+|windows-125\d")
_BROKEN = "The file is damaged: its ZIP archive cannot be read."


@dataclass(frozen=True, slots=True)
class Archive:
    """A ZIP whose directory passed the guard."""

    names: frozenset[str]
    _zip: ZipFile

    def read(self, name: str) -> bytes:
        """One member, unpacked. Raises DocumentUnreadable when it is missing or damaged, ParserLimit."""
        if name not in self.names:
            raise DocumentUnreadable(f"The file is damaged: its part {name} is missing.")
        parts, size = [], 0
        try:
            with self._zip.open(name) as member:
                while piece := member.read(_PIECE):
                    size += len(piece)
                    if size > MAX_MEMBER:
                        raise ParserLimit(
                            f"The part {name} unpacks to more than {MAX_MEMBER >> 20} MB. Split the file."
                        )
                    parts.append(piece)
        except (BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise DocumentUnreadable(f"The file is damaged: its part {name} cannot be unpacked.") from error
        except RuntimeError as error:  # how zipfile says that a member is encrypted
            raise EncryptedDocument("The file needs a password. Save it without one.") from error
        return b"".join(parts)

    def refuse_entities(self) -> None:
        """Raises DocumentUnreadable when an XML part declares a document type, wherever in it, or is encoded so that
        this cannot be seen (ECMA-376 part 2, 8.1.4 forbids the one, and anything but UTF-8 and UTF-16)."""
        for name in sorted(self.names):
            try:
                if self._declares(name, _DOCTYPE) and not self._is_picture_or_page(name):
                    raise DocumentUnreadable("The file is hostile: it declares XML entities, as no Office file does.")
            except (BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
                if name.lower().endswith(_XML):  # what else is damaged fails when somebody reads it
                    raise DocumentUnreadable(f"The file is damaged: its part {name} cannot be unpacked.") from error

    def _declares(self, name: str, what: re.Pattern[bytes]) -> bool:
        with self._zip.open(name) as member:
            seen = member.read(_PIECE)
            if not _is_xml(name, seen):
                return False
            if _hides(seen):
                raise DocumentUnreadable(
                    f"The file is hostile: its part {name} is in an encoding that hides what it is."
                )
            while seen:
                if what.search(_plain(seen)):
                    return True
                piece = member.read(_PIECE)
                seen = seen[-_OVERLAP:] + piece if piece else b""
        return False

    def _is_picture_or_page(self, name: str) -> bool:
        """By its name and by its root; a page that is no XML has no root, and no entities of its own."""
        if not name.lower().endswith(_MARKED_UP):
            return False
        root = self._root(name)
        return root in _NO_OFFICE if root is not None else not self._declares(name, _ENTITY)

    def _root(self, name: str) -> str | None:
        """The local name of a part's first element; None where that cannot be read as XML."""
        parser = etree.XMLPullParser(("start",), resolve_entities=False, no_network=True, load_dtd=False)
        try:
            with self._zip.open(name) as member:
                while piece := member.read(_PIECE):
                    parser.feed(piece)
                    for _, element in parser.read_events():
                        if isinstance(element, etree._Element):
                            return etree.QName(element).localname
        except etree.LxmlError:
            return None
        return None


def _hides(head: bytes) -> bool:
    """Whether marks of ASCII may not show in a part: by the encoding that it declares, or by a declaration too long."""
    if head.startswith(_EBCDIC):
        return True
    plain = _plain(head[:_HEAD])
    if not _DECLARATION.match(plain):
        return False
    declaration, end, _ = plain.partition(b"?>")
    declared = _ENCODING.search(declaration)
    return not end or bool(declared and not _ASCII_BASED.fullmatch(declared[1]))


def _plain(piece: bytes) -> bytes:
    """ASCII marks of UTF-8, UTF-16 and UTF-32 alike."""
    return piece.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b"")


def _is_xml(name: str, head: bytes) -> bool:
    """By its name, or by its beginning whatever it is called: a relationship may name any part as XML."""
    return name.lower().endswith(_XML) or head.startswith(_EBCDIC) or _plain(head[:_HEAD]).lstrip()[:1] == b"<"


def open_archive(content: bytes) -> Archive:
    """Check a ZIP's directory. Raises ParserLimit for a bomb, EncryptedDocument, DocumentUnreadable."""
    try:
        archive = ZipFile(io.BytesIO(content))
    except (BadZipFile, LargeZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise DocumentUnreadable(_BROKEN) from error
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ParserLimit(f"The file's archive has {len(members)} members, more than {MAX_MEMBERS}.")
    for member in members:
        _check(member)
    if len({m.filename for m in members}) < len(members):
        raise DocumentUnreadable("The file is damaged or hostile: two members of its archive have the same name.")
    if sum(m.file_size for m in members) > MAX_TOTAL:
        raise ParserLimit(f"The file unpacks to more than {MAX_TOTAL >> 20} MB. Split it.")
    if sum(m.compress_size for m in members) > len(content):
        raise ParserLimit("The file is hostile: members of its archive overlap.")
    return Archive(frozenset(m.filename for m in members), archive)


def _check(member: ZipInfo) -> None:
    if _UNSAFE.search(member.orig_filename):
        raise DocumentUnreadable("The file is damaged or hostile: a member of its archive has an unsafe name.")
    if member.flag_bits & 0x1:
        raise EncryptedDocument("The file needs a password. Save it without one.")
    large = member.file_size > RATIO_FROM and member.file_size > MAX_RATIO * max(member.compress_size, 1)
    if large or member.file_size > MAX_MEMBER:
        raise ParserLimit(f"The part {member.filename} unpacks to {member.file_size >> 20} MB. Split the file.")
