"""Complex fields (ECMA-376 Part 1, 17.16.18): the result is shown, the instruction is not.

A field may span paragraphs. Fields are matched before reading, so that a begin without an end
hides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from retrieval.parse.docx.package import W
from retrieval.parse.docx.styles import number, on, value

CONTENTS = {"TOC": "table of contents", "TOA": "table of authorities", "INDEX": "index"}
UNCOUNTED = {"AUTONUM", "AUTONUMLGL", "AUTONUMOUT", "LISTNUM"}  # Word computes them; no result is stored
LINKED = {"INCLUDETEXT", "INCLUDEPICTURE", "INCLUDE", "LINK", "IMPORT", "DDE", "DDEAUTO"}


@dataclass(slots=True, eq=False)
class OpenField:
    """A field being read: its instruction so far, and whether its result has begun."""

    begin: etree._Element
    instruction: list[str] = field(default_factory=list)
    result: bool = False

    @property
    def name(self) -> str:
        return kind_of("".join(self.instruction))


def kind_of(instruction: str) -> str:
    """The first word of an instruction in capitals, e.g. "TOC"."""
    words = instruction.split()
    return words[0].upper() if words else ""


class Fields:
    """The fields of one part, and which of them are open where reading stands."""

    def __init__(self, root: etree._Element | None) -> None:
        self._of: dict[etree._Element, OpenField] = {}
        self._open: list[OpenField] = []
        stack: list[tuple[OpenField, list[etree._Element]]] = []
        for mark in root.iter(W + "fldChar") if root is not None else ():
            kind = mark.get(W + "fldCharType")
            if kind == "begin":
                stack.append((OpenField(mark), [mark]))
            elif stack and kind in {"separate", "end"}:
                stack[-1][1].append(mark)
                if kind == "end":
                    found, marks = stack.pop()
                    self._of.update(dict.fromkeys(marks, found))

    @property
    def showing(self) -> bool:
        """Whether text that stands here is shown: only in results, and not in a table of contents."""
        return all(item.result and item.name not in CONTENTS for item in self._open)

    def say(self, instruction: str) -> None:
        """Take in a piece of an instruction."""
        if self._open and not self._open[-1].result:
            self._open[-1].instruction.append(instruction)

    def mark(self, element: etree._Element) -> OpenField | None:
        """Pass a w:fldChar. Returns the field when its result begins, or when it ends without one."""
        found = self._of.get(element)
        kind = element.get(W + "fldCharType")
        if found is None:
            return None
        if kind == "begin":
            self._open.append(found)
            return None
        had_result = found.result
        if kind == "separate":
            found.result = True
        elif found in self._open:
            del self._open[self._open.index(found) :]
        return None if had_result else found


def form_text(item: OpenField) -> str:
    """What a legacy form field without a stored result shows: a tick box or the chosen entry."""
    data = item.begin.find(W + "ffData")
    if data is None:
        return ""
    box = data.find(W + "checkBox")
    if item.name == "FORMCHECKBOX" and box is not None:
        ticked = on(box, "checked")
        return "☒" if (ticked if ticked is not None else on(box, "default")) else "☐"
    entries = [e.get(W + "val") or "" for e in data.iterfind(f"{W}ddList/{W}listEntry")]
    if item.name == "FORMDROPDOWN" and entries:
        chosen = number(value(data, "ddList", "result")) or number(value(data, "ddList", "default")) or 0
        return entries[chosen] if 0 <= chosen < len(entries) else ""
    return ""
