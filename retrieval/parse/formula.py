"""Equations in one line: Word's (ECMA-376 Part 1, 22.1) and MathML's (MathML Core), fraction and power kept.

"150/120" stays a fraction and "1.05^2" a power; what has more than one part stands in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from lxml import etree

_DEEPEST = 60  # parts inside one another
_ATOM = re.compile(r"[+−–-]?[\w.,'’%]+|\([^()]*\)|\S")
_NOT_SHOWN = {"annotation", "annotation-xml", "del", "moveFrom", "mphantom"}


def linear(element: etree._Element) -> str:
    """The text of an m:oMath or m:math element, e.g. "Old rent × 150/120"."""
    return " ".join(_part(element, 0).split())


def _part(element: etree._Element, depth: int) -> str:
    name = _local(element)
    if depth > _DEEPEST or not name or name in _NOT_SHOWN or name.endswith("Pr"):
        return ""
    if name in ("t", "mi", "mn", "mtext", "ms", "mo"):
        text = "".join(str(piece) for piece in element.itertext())
        return f" {text} " if name == "mo" and text.strip() in ("=", "×", "·", "+", "−", "-") else text
    children = [child for child in element if not _local(child).endswith("Pr")]
    if name in _WORD:
        return _WORD[name](element, lambda wanted: _named(children, wanted, depth))
    if name in _MATHML:
        return _MATHML[name]([_part(child, depth + 1) for child in children])
    if name in ("mspace", "br", "tab"):
        return " "
    return _joined(_part(child, depth + 1) for child in children)


def _named(children: Sequence[etree._Element], wanted: str, depth: int) -> list[str]:
    return [_part(child, depth + 1).strip() for child in children if _local(child) == wanted]


def _joined(parts: Iterable[str]) -> str:
    """Parts side by side; two figures that are not one number never touch."""
    text = ""
    built = False
    for part in parts:
        ours = bool(re.search(r"[/^_√]", part))
        if (built or ours) and text[-1:].isdigit() and part[:1].isdigit():
            text += " "
        text += part
        built = ours if part else built
    return text


def _held(text: str) -> str:
    """A part as one factor: in brackets unless it is a single name or number."""
    text = text.strip()
    return text if _ATOM.fullmatch(text) else f"({text})"


def _fraction(above: str, below: str) -> str:
    return f"{_held(above)}/{_held(below)}"


def _scripts(base: str, below: str, above: str) -> str:
    return _held(base) + (f"_{_held(below)}" if below.strip() else "") + (f"^{_held(above)}" if above.strip() else "")


def _root(inner: str, degree: str = "") -> str:
    return f"√{_held(inner)}" if not degree.strip() else f"{_held(inner)}^(1/{degree.strip()})"


_Named = Callable[[str], list[str]]


def _first(found: Sequence[str]) -> str:
    return found[0] if found else ""


def _said(element: etree._Element, name: str, default: str) -> str:
    """The m:val of a property of a part."""
    for child in element:
        if _local(child).endswith("Pr"):
            for item in child:
                if _local(item) == name:
                    return next((str(v) for k, v in item.attrib.items() if str(k).endswith("val")), "")
    return default


def _delimited(element: etree._Element, named: _Named) -> str:
    inside = _said(element, "sepChr", "|").join(named("e"))
    return f"{_said(element, 'begChr', '(')}{inside}{_said(element, 'endChr', ')')}"


def _nary(element: etree._Element, named: _Named) -> str:
    sign = _said(element, "chr", "∫")
    return f"{_scripts(sign, _first(named('sub')), _first(named('sup')))} {_held(_first(named('e')))}"


_WORD: dict[str, Callable[[etree._Element, _Named], str]] = {
    "f": lambda _, n: _fraction(_first(n("num")), _first(n("den"))),
    "sSup": lambda _, n: _scripts(_first(n("e")), "", _first(n("sup"))),
    "sSub": lambda _, n: _scripts(_first(n("e")), _first(n("sub")), ""),
    "sSubSup": lambda _, n: _scripts(_first(n("e")), _first(n("sub")), _first(n("sup"))),
    "sPre": lambda _, n: f" {_scripts('', _first(n('sub')), _first(n('sup')))} {_first(n('e'))}",
    "rad": lambda _, n: _root(_first(n("e")), _first(n("deg"))),
    "d": _delimited,
    "nary": _nary,
    "func": lambda _, n: f"{_first(n('fName'))}{'' if _first(n('e')).startswith('(') else ' '}{_first(n('e'))}",
    "limLow": lambda _, n: _scripts(_first(n("e")), _first(n("lim")), ""),
    "limUpp": lambda _, n: _scripts(_first(n("e")), "", _first(n("lim"))),
    "mr": lambda _, n: ", ".join(n("e")),
    "m": lambda _, n: f"[{'; '.join(n('mr'))}]",
    "eqArr": lambda _, n: "; ".join(n("e")),
}


def _of(count: int, make: Callable[..., str]) -> Callable[[Sequence[str]], str]:
    """A part made of its children by position; without the right number of them they stand side by side."""
    return lambda parts: make(*parts) if len(parts) == count else " ".join(parts)


_MATHML: dict[str, Callable[[Sequence[str]], str]] = {
    "mfrac": _of(2, _fraction),
    "msup": _of(2, lambda base, up: _scripts(base, "", up)),
    "msub": _of(2, lambda base, low: _scripts(base, low, "")),
    "msubsup": _of(3, _scripts),
    "munder": _of(2, lambda base, low: _scripts(base, low, "")),
    "mover": _of(2, lambda base, up: _scripts(base, "", up)),
    "munderover": _of(3, _scripts),
    "msqrt": lambda parts: _root(_joined(parts)),
    "mroot": _of(2, _root),
    "mfenced": lambda parts: f"({', '.join(p.strip() for p in parts)})",
    "mtr": ", ".join,
    "mtable": lambda parts: f"[{'; '.join(parts)}]",
    "semantics": _first,
}


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
