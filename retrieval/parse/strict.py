"""Strict Open XML (ISO/IEC 29500-1) under its transitional names (ISO/IEC 29500-4), the only ones that vendors read."""

from __future__ import annotations

import io
from collections.abc import Callable
from zipfile import ZIP_STORED, ZipFile

from retrieval.parse.archive import Archive, open_archive

_STRICT = b"http://purl.oclc.org/ooxml/"
_KINDS = (b"spreadsheetml", b"presentationml", b"drawingml", b"officeDocument")


def transitional(_name: str, data: bytes) -> bytes:
    """A part with strict names replaced; the part itself where it has none."""
    if _STRICT not in data:
        return data
    for kind in _KINDS:
        data = data.replace(_STRICT + kind + b"/", b"http://schemas.openxmlformats.org/" + kind + b"/2006/")
    return data


def rewritten(
    content: bytes, archive: Archive, change: Callable[[str, bytes], bytes] = transitional
) -> tuple[bytes, Archive]:
    """The package with its XML parts changed; itself where `change` returns every part as it is.

    Raises what `Archive.read` and `open_archive` raise.
    """
    changed: dict[str, bytes] = {}
    for name in archive.names:
        if name.endswith((".xml", ".rels")):
            data = archive.read(name)
            made = change(name, data)
            if made is not data:
                changed[name] = made
    if not changed:
        return content, archive
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as packed:
        for name in sorted(archive.names):
            packed.writestr(name, changed[name] if name in changed else archive.read(name))
    return out.getvalue(), open_archive(out.getvalue())
