"""What a "Show the passage" button opens: the cited section, if this person may read it now.

All quotes of a source are marked in it, such as a table's head and the row below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from audit.errors import AuditError
from audit.log import TransparencyLog
from audit.question import restore
from audit.record import AuditRecord, new_record_id
from bot.answering.render import deep_link, source_place, sources
from bot.errors import DirectoryUnavailable
from bot.ports import Directory
from bot.types import PassageView
from retrieval.people import Principal
from retrieval.ports import Library
from retrieval.types import Citation, Document

MOST = 6_000  # characters on each side of the quotes; a modal holds little more
NEAR = 400  # characters kept at each end of what stands between two quotes of one source


@dataclass(frozen=True, slots=True)
class RecordViewer:
    """Implements `Viewer` over the audit log and the state store."""

    audit: TransparencyLog
    library: Library
    directory: Directory

    async def passage(self, record_id: str, n: int, reader: Principal) -> PassageView | None:
        try:
            record = await self.audit.get(record_id)
            answer = restore(record).answer if record is not None else None
            found = sources(answer.citations) if answer is not None else []
            source = next((source for source in found if any(c.n == n for c in source)), None)
            view = await self._view(source, reader, record_id) if source is not None else None
            await self.audit.append(_access(record_id, n, reader, shown=view is not None))
        except AuditError:
            return None
        return view

    async def _view(self, source: Sequence[Citation], reader: Principal, record_id: str) -> PassageView | None:
        cited = source[0].document
        current = (await self.library.current([cited.id])).get(cited.id)
        if current is None or current.version != cited.version:
            return None
        try:
            person = replace(reader, groups=await self.directory.groups(reader))
        except DirectoryUnavailable:
            return None
        access = (await self.library.access_lists()).get(current.acl_id)
        if access is None or not access.permits(person.entries):
            return None
        section, spans = source[0].section, _spans(source)
        first, last = spans[0], spans[-1]
        before = await self._text(current, max(section.start, first.start - MOST), first.start)
        after = await self._text(current, last.end, min(section.end, last.end + MOST))
        quotes = [await self._text(current, *span) for span in spans]
        between = [await self._between(current, one.end, two.start) for one, two in pairwise(spans)]
        place = source_place([replace(c, document=current) for c in source])
        url = deep_link(current, section, source[-1].page)
        more = tuple(zip(between, quotes[1:], strict=True))
        return PassageView(current.title, place, before, quotes[0], after, url, more, record_id)

    async def _between(self, document: Document, start: int, end: int) -> str:
        """The text between two quotes; its ends, when they stand far apart."""
        if end - start <= 2 * NEAR:
            return await self._text(document, start, end)
        head, tail = await self._text(document, start, start + NEAR), await self._text(document, end - NEAR, end)
        return f"{head} … {tail}"

    async def _text(self, document: Document, start: int, end: int) -> str:
        return await self.library.text(document.id, document.version, start, end) if start < end else ""


class _Span(NamedTuple):
    start: int
    end: int


def _spans(source: Sequence[Citation]) -> list[_Span]:
    """Where the quotes stand, in the document's order; what overlaps or touches is one."""
    spans: list[_Span] = []
    for start, end in sorted((c.start, c.end) for c in source):
        if spans and start <= spans[-1].end:
            spans[-1] = _Span(spans[-1].start, max(spans[-1].end, end))
        else:
            spans.append(_Span(start, end))
    return spans


def _access(record_id: str, n: int, reader: Principal, *, shown: bool) -> AuditRecord:
    return AuditRecord(
        new_record_id(),
        "access",
        datetime.now(UTC),
        "shown" if shown else "refused",
        {
            "what": "passage",
            "citation": n,
            "platform": reader.platform,
            "tenant": reader.tenant,
            "user": reader.user,
        },
        refers_to=record_id,
    )
