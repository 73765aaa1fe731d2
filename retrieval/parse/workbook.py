"""A workbook made ready for openpyxl, which knows neither strict names nor rich text in rows it streams.

Strict Open XML (ISO/IEC 29500-1) is renamed to its transitional twin; in texts of several looks, raised and
lowered runs are wrapped and struck-out ones emptied, so that a cell's value says what its reader sees.
"""

from __future__ import annotations

import io
import re
from zipfile import ZIP_STORED, ZipFile

from lxml import etree

from retrieval.errors import DocumentUnreadable
from retrieval.parse.archive import Archive, open_archive
from retrieval.parse.raised import lowered, raised

STRUCK = "\ufdd4"  # stands where struck-out text stood
NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = (
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main", b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/",
        b"http://schemas.openxmlformats.org/officeDocument/2006/",
    ),
)
_LOOKS = re.compile(rb"<(?:\w+:)?(?:strike|vertAlign)\b")
_ALIGNED = {"superscript": raised, "subscript": lowered}


def prepared(content: bytes, archive: Archive) -> tuple[bytes, Archive]:
    """The workbook's bytes and archive, changed where they must be. Raises DocumentUnreadable, ParserLimit."""
    changed: dict[str, bytes] = {}
    for name in archive.names:
        if name.endswith((".xml", ".rels")):
            data = archive.read(name)
            made = _transitional(data)
            if name.endswith("sharedStrings.xml") or ("/worksheets/" in name and b"inlineStr" in made):
                made = _worded(made) if _LOOKS.search(made) else made
            if made is not data:
                changed[name] = made
    if not changed:
        return content, archive
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as packed:
        for name in sorted(archive.names):
            packed.writestr(name, changed[name] if name in changed else archive.read(name))
    return out.getvalue(), open_archive(out.getvalue())


def _transitional(data: bytes) -> bytes:
    if b"http://purl.oclc.org/ooxml/" not in data:
        return data
    for strict, twin in _STRICT:
        data = data.replace(strict, twin)
    return data


def _worded(data: bytes) -> bytes:
    """Texts of several looks with their runs wrapped or emptied."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise DocumentUnreadable("The file is damaged: its texts cannot be read.") from error
    for run in root.iter(f"{NS}r"):
        look, text = run.find(f"{NS}rPr"), run.find(f"{NS}t")
        if look is None or text is None or not text.text:
            continue
        strike, aligned = look.find(f"{NS}strike"), look.find(f"{NS}vertAlign")
        if strike is not None and strike.get("val", "1") not in ("0", "false"):
            text.text = STRUCK
        elif aligned is not None and (wrap := _ALIGNED.get(aligned.get("val", ""))):
            text.text = wrap(text.text)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
