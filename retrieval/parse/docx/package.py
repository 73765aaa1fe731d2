"""The parts of a DOCX file (ECMA-376 Part 2, Open Packaging Conventions), read within bounds.

Nothing is followed: no external relationship, no DTD, no entity. A part is inflated only when it
is asked for, behind the guard of `retrieval.parse.archive`.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from lxml import etree

from retrieval.errors import DocumentUnreadable, EncryptedDocument, ParserLimit, UnsupportedFormat
from retrieval.parse.archive import open_archive

MAX_PART = 64 * 1024 * 1024  # bytes of one XML part; lxml needs about ten times as much

W_URI = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R_URI = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
W = f"{{{W_URI}}}"
R = f"{{{R_URI}}}"

_STRICT = {  # ECMA-376 Part 1 (strict) names, read as their Part 4 (transitional) twins
    "http://purl.oclc.org/ooxml/wordprocessingml/main": W_URI,
    "http://purl.oclc.org/ooxml/officeDocument/relationships": R_URI,
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DAMAGED = "The Word file is damaged or cut short; save it again and upload it."


@dataclass(frozen=True, slots=True)
class Relation:
    """One relationship of a part: its kind is the last word of its type, e.g. "footnotes"."""

    id: str
    kind: str
    target: str  # a member's name; the address as it stands when `external`
    external: bool


class Package:
    """An opened DOCX file.

    Raises, here or when a part is read: EncryptedDocument, UnsupportedFormat (not a DOCX),
    ParserLimit (too large), DocumentUnreadable (damaged).
    """

    def __init__(self, content: bytes) -> None:
        _refuse_foreign(content)
        self._archive = open_archive(content)
        self._archive.refuse_entities()
        self._members = _by_name(self._archive.names)
        self.main = self._find_main()

    @property
    def names(self) -> list[str]:
        """Names of the members, as they are written in the archive."""
        return list(self._members.values())

    def xml(self, name: str) -> etree._Element | None:
        """The root of an XML part; None when there is no such part."""
        member = self._members.get(name.lower())
        if member is None:
            return None
        data = self._archive.read(member)
        if len(data) > MAX_PART:
            raise ParserLimit(f"The part {member} unpacks to more than {MAX_PART >> 20} MB. Split the file.")
        return _parse(data)

    def relations(self, part: str) -> list[Relation]:
        """The relationships of a part, "" for those of the package itself."""
        folder, base = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", f"{base}.rels"))
        found = []
        for item in root if root is not None else ():
            external = item.get("TargetMode") == "External"
            target = item.get("Target") or ""
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = (item.get("Type") or "").rpartition("/")[2]
            found.append(Relation(item.get("Id") or "", kind, target, external))
        return found

    def related(self, kind: str) -> etree._Element | None:
        """The root of the main part's first related part of this kind, e.g. "numbering"."""
        name = next((r.target for r in self.relations(self.main) if r.kind == kind and not r.external), None)
        return self.xml(name) if name else None

    def _find_main(self) -> str:
        if "[content_types].xml" not in self._members:
            raise UnsupportedFormat("The file is a ZIP archive, not a Word document.")
        for relation in self.relations(""):
            if relation.kind == "officeDocument" and not relation.external:
                if relation.target.lower() not in self._members:
                    raise DocumentUnreadable("The Word file is damaged: its main part is missing.")
                return relation.target
        if "word/document.xml" in self._members:
            return "word/document.xml"
        raise DocumentUnreadable("The Word file is damaged: its main part is missing.")


def _refuse_foreign(content: bytes) -> None:
    if not content:
        raise DocumentUnreadable("The file is empty.")
    if content.startswith(_OLE):
        # [MS-OFFCRYPTO] 2.3.4.4: an encrypted OOXML file is a compound file with this stream
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise EncryptedDocument("The Word file is protected by a password; remove it and upload the file again.")
        raise UnsupportedFormat("The file is in an old Office format; save it as .docx and upload it again.")
    if not content.startswith(b"PK"):
        raise UnsupportedFormat("The file is not a Word document (.docx).")


def _by_name(names: frozenset[str]) -> dict[str, str]:
    """Members by lower-cased name (Part 2, 6.2.2.3: part names are equal without regard to case)."""
    members = {name.lower(): name for name in sorted(names)}
    if len(members) < len(names):
        raise DocumentUnreadable("The Word file holds two parts of one name; save it again and upload it.")
    return members


def _parse(data: bytes) -> etree._Element:
    """An XML part. A DTD is refused: Part 2, 6.1.4 forbids it, and entity bombs need one."""
    if b"<!DOCTYPE" in data[:65536] or b"<!ENTITY" in data[:65536]:
        raise DocumentUnreadable("The Word file declares XML entities, which no Word document does; it was not read.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise DocumentUnreadable(_DAMAGED) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise DocumentUnreadable("The Word file declares XML entities, which no Word document does; it was not read.")
    if any(uri in _STRICT for uri in root.nsmap.values()):
        _loosen(root)
    return root


def _loosen(root: etree._Element) -> None:
    """Rename strict names to transitional ones, so that the rest knows one vocabulary."""
    for element in root.iter():
        element.tag = _renamed(str(element.tag))
        for key, value in list(element.attrib.items()):
            name = _renamed(str(key))
            if name != key:
                del element.attrib[key]
                element.set(name, str(value))


def _renamed(name: str) -> str:
    uri, brace, local = name.rpartition("}")
    return f"{{{_STRICT[uri[1:]]}}}{local}" if brace and uri[1:] in _STRICT else name
