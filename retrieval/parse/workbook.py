"""A workbook made ready for openpyxl, which knows neither strict names nor rich text in rows it streams.

Strict names are replaced (`strict.py`); in texts of several looks, raised and
lowered runs are wrapped and struck-out ones emptied, so that a cell's value says what its reader sees.
"""

from __future__ import annotations

import re

from lxml import etree

from retrieval.errors import DocumentUnreadable
from retrieval.parse.archive import Archive
from retrieval.parse.deleted import is_kept, struck
from retrieval.parse.raised import lowered, raised
from retrieval.parse.strict import rewritten, transitional

STRUCK = "\ufdd4"  # stands where struck-out text stood
NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LOOKS = re.compile(rb"<(?:\w+:)?(?:strike|vertAlign)\b")
_ALIGNED = {"superscript": raised, "subscript": lowered}


def prepared(content: bytes, archive: Archive) -> tuple[bytes, Archive]:
    """The workbook's bytes and archive, changed where they must be. Raises DocumentUnreadable, ParserLimit."""
    return rewritten(content, archive, _change)


def _change(name: str, data: bytes) -> bytes:
    made = transitional(name, data)
    texts = name.endswith("sharedStrings.xml") or ("/worksheets/" in name and b"inlineStr" in made)
    return _worded(made) if texts and _LOOKS.search(made) else made


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
        gone = strike is not None and strike.get("val", "1") not in ("0", "false")
        if gone and not is_kept():
            text.text = STRUCK
        elif aligned is not None and (wrap := _ALIGNED.get(aligned.get("val", ""))):
            text.text = wrap(text.text)
        if gone and is_kept():
            text.text = struck(text.text)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
