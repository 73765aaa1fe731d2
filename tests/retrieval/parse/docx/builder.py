"""A small builder of DOCX files from compact, hand-written WordprocessingML."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NAMES = (
    f'xmlns:w="{_W}" xmlns:r="{_R}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
)
_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_HEADINGS = "".join(
    f'<w:style w:type="paragraph" w:styleId="Heading{n}"><w:name w:val="heading {n}"/><w:basedOn w:val="Normal"/>'
    f'<w:pPr><w:outlineLvl w:val="{n - 1}"/></w:pPr><w:rPr><w:b/></w:rPr></w:style>'
    for n in range(1, 5)
)
STYLES = (
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/></w:style>'
    '<w:style w:type="character" w:styleId="Secret"><w:name w:val="Secret"/><w:rPr><w:vanish/></w:rPr></w:style>'
)


def t(text: str, props: str = "") -> str:
    """A run: `props` are run properties, e.g. "<w:b/>"."""
    rpr = f"<w:rPr>{props}</w:rPr>" if props else ""
    return f'<w:r>{rpr}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def b(text: str) -> str:
    """A bold run."""
    return t(text, "<w:b/>")


def p(content: str = "", style: str = "", num: tuple[int, int] | None = None, props: str = "") -> str:
    """A paragraph. `content` is text, or runs when it begins with "<"; `num` is (numId, ilvl)."""
    runs = content if content.startswith("<") else (t(content) if content else "")
    pstyle = f'<w:pStyle w:val="{style}"/>' if style else ""
    numpr = f'<w:numPr><w:ilvl w:val="{num[1]}"/><w:numId w:val="{num[0]}"/></w:numPr>' if num else ""
    inner = pstyle + numpr + props
    return f"<w:p>{f'<w:pPr>{inner}</w:pPr>' if inner else ''}{runs}</w:p>"


def ins(content: str) -> str:
    return f'<w:ins w:id="1" w:author="A">{content}</w:ins>'


def gone(text: str) -> str:
    """A deleted run."""
    return f'<w:del w:id="2" w:author="A"><w:r><w:delText xml:space="preserve">{escape(text)}</w:delText></w:r></w:del>'


MARK_GONE = '<w:rPr><w:del w:id="3" w:author="A"/></w:rPr>'
MARK_HIDDEN = "<w:rPr><w:vanish/><w:specVanish/></w:rPr>"


def lvl(depth: int, fmt: str, text: str, extra: str = "", *, start: int | None = 1, indent: int = 0) -> str:
    """A w:lvl. `extra` are further elements, e.g. "<w:isLgl/>"."""
    first = f'<w:start w:val="{start}"/>' if start is not None else ""
    ind = f'<w:pPr><w:ind w:left="{indent}"/></w:pPr>' if indent else ""
    return (
        f'<w:lvl w:ilvl="{depth}">{first}<w:numFmt w:val="{fmt}"/>{extra}'
        f'<w:lvlText w:val="{escape(text)}"/>{ind}</w:lvl>'
    )


def abstract(number: int, *levels: str, link: str = "") -> str:
    """A w:abstractNum. `link` is a w:styleLink or w:numStyleLink."""
    return (
        f'<w:abstractNum w:abstractNumId="{number}"><w:multiLevelType w:val="multilevel"/>'
        f"{link}{''.join(levels)}</w:abstractNum>"
    )


def num(number: int, of: int, overrides: str = "") -> str:
    return f'<w:num w:numId="{number}"><w:abstractNumId w:val="{of}"/>{overrides}</w:num>'


def restart(depth: int, start: int = 1) -> str:
    """A w:lvlOverride that starts a level anew."""
    return f'<w:lvlOverride w:ilvl="{depth}"><w:startOverride w:val="{start}"/></w:lvlOverride>'


def style(style_id: str, ppr: str = "", *, based: str = "Normal", rpr: str = "", name: str = "") -> str:
    return (
        f'<w:style w:type="paragraph" w:styleId="{style_id}"><w:name w:val="{name or style_id}"/>'
        f'<w:basedOn w:val="{based}"/><w:pPr>{ppr}</w:pPr><w:rPr>{rpr}</w:rPr></w:style>'
    )


def heading(level: int, num_id: int | None = None, depth: int | None = None) -> str:
    """A heading style, numbered when `num_id` is given."""
    ilvl = f'<w:ilvl w:val="{depth}"/>' if depth else ""
    numpr = f'<w:numPr>{ilvl}<w:numId w:val="{num_id}"/></w:numPr>' if num_id is not None else ""
    return style(
        f"Heading{level}", f'{numpr}<w:outlineLvl w:val="{level - 1}"/>', rpr="<w:b/>", name=f"heading {level}"
    )


def row(*cells: str, props: str = "") -> str:
    """A table row; a cell is text, or block content when it begins with "<"."""
    made = "".join(f"<w:tc>{c if c.startswith('<') else p(c)}</w:tc>" for c in cells)
    return f"<w:tr>{f'<w:trPr>{props}</w:trPr>' if props else ''}{made}</w:tr>"


def tbl(*rows: str) -> str:
    return f"<w:tbl><w:tblPr/>{''.join(rows)}</w:tbl>"


def part(tag: str, content: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:{tag} {_NAMES}>{content}</w:{tag}>'


def docx(
    body: str,
    numbering: str = "",
    styles: str = "",
    *,
    parts: Mapping[str, str] | None = None,
    extra: Mapping[str, str | bytes] | None = None,
    relations: str = "",
    title: str = "",
    headings: bool = True,
) -> bytes:
    """The bytes of a DOCX file.

    `parts` are further related parts by kind ("footnotes", "settings", ...): the whole XML. `extra`
    are further members by name. `relations` are Relationship elements of the main part.
    """
    related = {"styles": part("styles", STYLES + (_HEADINGS if headings else "") + styles)}
    if numbering:
        related["numbering"] = part("numbering", numbering)
    related |= parts or {}
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_TYPE}/{kind}" Target="{kind}.xml"/>' for n, kind in enumerate(related, 1)
    )
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{_MAIN}"/>{_overrides(related)}</Types>'
        ),
        "_rels/.rels": _rels(
            f'<Relationship Id="rId1" Type="{_TYPE}/officeDocument" Target="word/document.xml"/>'
            '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/'
            'core-properties" Target="docProps/core.xml"/>'
        ),
        "docProps/core.xml": (
            '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></cp:coreProperties>'
        ),
        "word/_rels/document.xml.rels": _rels(links + relations),
        "word/document.xml": part("document", f"<w:body>{body}<w:sectPr/></w:body>"),
    }
    members |= {f"word/{kind}.xml": content for kind, content in related.items()}
    return archive(members | dict(extra or {}))


def archive(members: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return out.getvalue()


def _rels(content: str) -> str:
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{content}</Relationships>'
    )


def _overrides(kinds: Mapping[str, str]) -> str:
    base = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    return "".join(f'<Override PartName="/word/{k}.xml" ContentType="{base}.{k}+xml"/>' for k in kinds)
