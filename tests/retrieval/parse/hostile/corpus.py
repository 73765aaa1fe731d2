"""Hostile files, made here so that no virus scanner has to like this repository."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from email.message import EmailMessage

from openpyxl import Workbook
from pptx import Presentation
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from tests.retrieval.parse.formats.compound import compound

MEGABYTE = 1024 * 1024
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 20}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)
XXE = '<!DOCTYPE x [<!ENTITY i SYSTEM "file:///etc/passwd">]>'


def archive(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return out.getvalue()


def docx(
    body: str = "<w:p><w:r><w:t>Hotels: 180 EUR a night.</w:t></w:r></w:p>", *, dtd: str = "", kind: str = TYPE
) -> dict[str, bytes]:
    """The members of a small document."""
    return {
        "[Content_Types].xml": (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
        ).encode(),
        "_rels/.rels": (
            f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{RELATION}/officeDocument" '
            'Target="word/document.xml"/></Relationships>'
        ).encode(),
        "word/document.xml": f'{dtd}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'.encode(),
    }


def zeros(megabytes: int) -> bytes:
    """A raw deflate stream of so many megabytes of zeros: one block, repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * megabytes + b"\x03\x00"


def bomb(megabytes: int, members: Mapping[str, bytes], name: str, *, says: int | None = None) -> bytes:
    """An archive with one more member, of zeros. `says` is the size its directory tells."""
    data, crc = zeros(megabytes), 0  # no reader gets far enough to miss the right sum
    size = megabytes * MEGABYTE if says is None else says
    whole = archive(members)
    end = whole.rindex(b"PK\x05\x06")
    count, length, start = struct.unpack("<HII", whole[end + 10 : end + 20])
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, len(data), size, len(name), 0)
    local = b"PK\x03\x04" + fields + name.encode() + data
    central = b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, start) + name.encode()
    directory = whole[start : start + length] + central
    tail = struct.pack("<HHHHIIH", 0, 0, count + 1, count + 1, len(directory), start + len(local), 0)
    return whole[:start] + local + directory + b"PK\x05\x06" + tail


def overlapping() -> bytes:
    """Many members that share their bytes (D. Fifield, "A better zip bomb", 2019)."""
    whole = archive({**docx(), "x": bytes(MEGABYTE)})
    end = whole.rindex(b"PK\x05\x06")
    start = struct.unpack("<I", whole[end + 16 : end + 20])[0]
    entry = whole.rindex(b"PK\x01\x02")
    copies = b"".join(whole[entry : end - 1] + bytes((n,)) for n in range(33, 127) if n != ord("x"))
    directory = whole[start:end] + copies
    count = directory.count(b"PK\x01\x02")
    return (
        whole[:start]
        + directory
        + b"PK\x05\x06"
        + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), start, 0)
    )


def pdf(objects: list[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    out = b"%PDF-1.7\n"
    offsets = []
    for number, data in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, data)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(out))
    )


def flate_bomb(megabytes: int = 3000) -> bytes:
    """A page whose content unpacks to gigabytes, by way of two filters."""
    twice = zlib.compress(b"\x78\xda" + zeros(megabytes), 9)
    stream = b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream" % (len(twice), twice)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>"
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, stream])


def page_tree_loop() -> bytes:
    tree = b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 1000000/Parent 3 0 R>>"
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", tree, b"<</Type/Pages/Kids[2 0 R]/Count 1000000/Parent 2 0 R>>"])


def good_pdf(words: str = "Hotels: 180 EUR a night.") -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawString(72, 720, words)
    canvas.save()
    return out.getvalue()


def encrypted_pdf(user: str, owner: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(good_pdf())))
    writer.encrypt(user, owner, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def workbook(*cells: str) -> bytes:
    made = Workbook()
    assert made.active is not None
    for cell in cells:
        made.active[cell] = cell
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def deck() -> bytes:
    made = Presentation()
    made.slides.add_slide(made.slide_layouts[5]).shapes.title.text = "Hotels"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def changed(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """An Office file with one part rewritten."""
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    members[part] = change(members[part])
    return archive(members)


def with_dtd(content: bytes, part: str, dtd: str, entity: str, before: str) -> bytes:
    """The part with a document type, and an entity used before the first `before`."""

    def change(data: bytes) -> bytes:
        head, sep, rest = data.decode().partition("?>") if data.startswith(b"<?xml") else ("", "", data.decode())
        return (head + sep + dtd + rest.replace(before, entity + before, 1)).encode()

    return changed(content, part, change)


def locked_zip() -> bytes:
    """A document whose members say that they are encrypted."""
    whole = bytearray(archive(docx()))
    at = 0
    while (at := whole.find(b"PK\x01\x02", at)) >= 0:
        whole[at + 8] |= 1
        at += 4
    return bytes(whole)


def locked_office() -> bytes:
    return compound({"EncryptionInfo": b"x" * 200, "EncryptedPackage": b"y" * 5000})


def deep_mail() -> bytes:
    part = EmailMessage()
    part.set_content("text")
    lines = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(3000))
    return b"Subject: deep\n" + lines.encode() + part.as_bytes()
