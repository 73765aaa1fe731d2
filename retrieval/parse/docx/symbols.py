"""Characters of symbol fonts (w:sym, ECMA-376 Part 1, 17.3.3.30) that stand in contracts."""

from __future__ import annotations

_SYMBOL = dict(
    zip(
        (0xA3, 0xB0, 0xB1, 0xB3, 0xB4, 0xB7, 0xB9, 0xBB, 0xA5, 0xAE, 0xAB, 0xAC, 0xAD, 0xAF, 0xB8, 0xD6),
        "≤°±≥×•≠≈∞→↔←↑↓÷√",
        strict=True,
    )
) | dict(
    zip(
        (0x61, 0x62, 0x67, 0x64, 0x65, 0x6C, 0x6D, 0x70, 0x72, 0x73, 0x74, 0x44, 0x53, 0x57),
        "αβγδελμπρστΔΣΩ",
        strict=True,
    )
)
_WINGDINGS = dict(
    zip(
        (0x6C, 0x6E, 0x6F, 0xA7, 0xA8, 0xD8, 0xE0, 0xDF, 0xF0, 0xFB, 0xFC, 0xFD, 0xFE, 0x71, 0x76, 0x9F, 0x28, 0x2A),
        "●■☐▪◻➢→←⇨✗✓☒☑❑❖•☎✉",
        strict=True,
    )
)
_FONTS = {
    "symbol": _SYMBOL,
    "wingdings": _WINGDINGS,
    "wingdings 2": {0x50: "✓", 0x4F: "✗", 0x51: "☒", 0x52: "☑", 0xA3: "☐", 0x53: "☒"},
}


def symbol(font: str, code: str) -> str | None:
    """The character that `code` (hexadecimal) shows in a font; None when we do not know it."""
    try:
        point = int(code, 16)
    except ValueError:
        return None
    known = _FONTS.get(font.lower())
    if known is not None:
        return known.get(point & 0xFF)
    if 0xE000 <= point <= 0xF8FF or not 0x20 <= point <= 0x10FFFF or 0xD800 <= point <= 0xDFFF:
        return None
    return chr(point)
