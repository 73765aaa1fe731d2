"""Bytes to letters: by what the file declares, by what the bytes are, and by charset-normalizer where both fail.

The only module that imports charset-normalizer, and only when neither a declaration nor UTF-8 fits.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

WESTERN = "cp1252"
UNTOLD = "letters that could not be decoded"

_SAMPLE = 200_000  # bytes that are looked at to tell a character set
_FEW = 12  # bytes beyond ASCII: fewer tell nothing of a character set
_ASCII_LETTERS = re.compile(rb"[A-Za-z]")
_BEYOND = re.compile(rb"[\x80-\xff]")
# Windows reads these names as a larger set of its own (WHATWG Encoding, 4.2).
_LARGER = {
    **dict.fromkeys(("ascii", "iso8859-1", "latin-1"), WESTERN),
    **{"gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "ks_c_5601-1987": "cp949"},
    **{"shift_jis": "cp932", "big5": "cp950", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874"},
}
# Code pages by number whose codec has another name than "cp" and the number ([MS-UCODEREF] 2.2.1).
_CODE_PAGES = {
    **{65001: "utf-8", 65000: "utf-7", 1200: "utf-16-le", 1201: "utf-16-be", 20127: WESTERN, 936: "gb18030"},
    **{20866: "koi8-r", 21866: "koi8-u", 10000: "mac-roman", 10006: "mac-greek", 10007: "mac-cyrillic"},
    **{10029: "mac-latin2", 10079: "mac-iceland", 10081: "mac-turkish", 20932: "euc_jp", 51932: "euc_jp"},
    **{20936: "gb18030", 51936: "gb18030", 54936: "gb18030", 52936: "hz", 20949: "cp949", 51949: "cp949"},
    **{50220: "iso2022_jp", 50221: "iso2022_jp_ext", 50222: "iso2022_jp_ext", 50225: "iso2022_kr"},
    **{28590 + n: f"iso8859-{n}" for n in range(1, 17)},
    **{708: "iso8859-6", 38596: "iso8859-6", 38598: "iso8859-8", 12000: "utf-32-le", 12001: "utf-32-be"},
    **{10001: "cp932", 10002: "cp950", 10003: "cp949", 10004: "mac-arabic", 10005: "cp1255", 10008: "gb18030"},
    **{10010: "mac-romanian", 10017: "mac-cyrillic", 10082: "mac-croatian", 20000: "big5hkscs", 50227: "gb18030"},
    **dict.fromkeys(range(20105, 20109), WESTERN),
}
# Names of the web (WHATWG Encoding, 4.2) and of mail that Python does not know, in small letters without punctuation.
_OTHER_NAMES = {
    **dict.fromkeys(("unicode11utf8", "xunicode20utf8"), "utf-8"),
    **dict.fromkeys(("unicode", "unicodefeff", "iso10646ucs2", "csunicode", "ucs2"), "utf-16-le"),
    **dict.fromkeys(("csiso88596e", "csiso88596i", "iso88596e", "iso88596i"), "iso8859-6"),
    **dict.fromkeys(("csiso88598e", "csiso88598i", "iso88598e", "iso88598i", "logical", "visual"), "iso8859-8"),
    **{"unicodefffe": "utf-16-be", "iso88592": "iso8859-2", "suneugreek": "iso8859-7", "csisolatin9": "iso8859-15"},
    **{"koi": "koi8-r", "koi8": "koi8-r", "koi8ru": "koi8-u", "mac": "mac-roman", "csmacintosh": "mac-roman"},
    **dict.fromkeys(("csgb2312", "gb2312", "gb231280"), "gb18030"),
    **dict.fromkeys(("cnbig5", "xbig5"), "cp950"),
    **dict.fromkeys(("cseuckr", "csksc56011987", "isoir149", "ksc56011989", "ksc5601"), "cp949"),
    **{"cseucpkdfmtjapanese": "euc_jp", "windows31j": "cp932", "macukrainian": "mac-cyrillic"},
}
_NAMES = re.compile(r"(?:windows|ibm|cp|x-cp|ms|dos|cspc|codepage)[-_ ]?(\d{2,5})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Letters:
    """Decoded text. `guessed` is the character set, where neither the file nor the bytes say it."""

    text: str
    guessed: str = ""


def letters(content: bytes, declared: str = "") -> Letters:
    """The text of `content`; what no character set can read becomes U+FFFD.

    A declaration counts where it fits, but bytes beyond ASCII that are valid UTF-8 are UTF-8: text of a
    one-byte set is hardly ever so by chance, while such declarations often are wrong.
    """
    named = codec_of(declared)
    for encoding in (named, "utf-8") if _many_bytes(named) else ("utf-8", named):
        try:
            if encoding:
                return Letters(_read(content, encoding, "strict"))
        except (UnicodeDecodeError, LookupError):
            continue
    if _mostly(content, named or "utf-8"):
        return Letters(content.decode(named or "utf-8", "replace"))
    guessed = _detected(content)
    return Letters(_read(content, guessed, "replace"), guessed)


def codec_of(name: str) -> str:
    """Python's codec for a character set as mail and web pages name it ("windows-950", "x-sjis"); "" for none."""
    bare = name.strip().strip("\"'").lower()
    if found := _NAMES.fullmatch(bare):
        return code_page(int(found[1]))
    try:
        known = codecs.lookup(bare.removeprefix("x-")) if bare else None
    except (LookupError, ValueError):
        return _OTHER_NAMES.get(re.sub(r"[^a-z0-9]", "", bare.removeprefix("x-")), "")
    if known is None or not getattr(known, "_is_text_encoding", True):
        return ""
    return _LARGER.get(known.name, known.name)


def code_page(number: int) -> str:
    """Python's codec for a code page of Windows; "" for none."""
    name = _CODE_PAGES.get(number, f"cp{number}")
    try:
        known = codecs.lookup(name).name
    except LookupError:
        return ""
    return _LARGER.get(known, known)


@cache
def _many_bytes(codec: str) -> bool:
    """Whether a character set itself tells whether bytes are written in it: not where any byte is a letter."""
    if not codec:
        return False
    for byte in range(256):
        try:
            if not codecs.getincrementaldecoder(codec)().decode(bytes((byte,))):
                return True  # it waits for the next byte
        except UnicodeDecodeError:
            continue
    return False


def _mostly(content: bytes, codec: str) -> bool:
    """Whether a text is in a character set but for a few broken letters, as where it was cut."""
    beyond = len(_BEYOND.findall(content))
    broken = content.decode(codec, "replace").count("\ufffd")
    return beyond > 40 and broken * 50 < beyond


def _detected(content: bytes) -> str:
    """The character set that the bytes look like; Windows-1252 where Latin text may be that as well."""
    sample = content[:_SAMPLE]
    beyond, ascii_letters = len(_BEYOND.findall(sample)), len(_ASCII_LETTERS.findall(sample))
    if ascii_letters and beyond < _FEW:
        return WESTERN
    library: Any = import_module("charset_normalizer")
    matches = list(library.from_bytes(sample))
    best = matches[0] if matches else None
    if best is None:
        return WESTERN
    if ascii_letters > 2 * beyond and not codecs.lookup(best.encoding).name.startswith("utf"):
        western = next((m for m in matches if m.encoding == WESTERN or WESTERN in m.could_be_from_charset), None)
        if western is None or western.chaos <= best.chaos + 0.01 or _many_bytes(str(best.encoding)):
            return WESTERN
    return str(best.encoding)


def _read(content: bytes, codec: str, errors: str) -> str:
    if codec != WESTERN:
        return content.decode(codec, errors)
    # Windows-1252 leaves five bytes undefined; WHATWG Encoding reads them as control characters.
    return content.decode("ascii") if content.isascii() else "".join([_WESTERN[b] for b in content])


_WESTERN = [bytes((b,)).decode(WESTERN, "ignore") or chr(b) for b in range(256)]
