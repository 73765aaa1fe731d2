"""What a "Show the passage" button opens: the cited section, if this person may read it now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from audit.errors import AuditError
from audit.log import TransparencyLog
from audit.question import restore
from audit.record import AuditRecord, new_record_id
from bot.errors import DirectoryUnavailable
from bot.ports import Directory
from bot.render import deep_link, where
from bot.types import PassageView
from retrieval.ports import Library
from retrieval.types import Citation, Principal

MOST = 6_000  # characters on each side of the quote; a modal holds little more


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
            citation = next((c for c in answer.citations if c.n == n), None) if answer is not None else None
            view = await self._view(citation, reader) if citation is not None else None
            await self.audit.append(_access(record_id, n, reader, shown=view is not None))
        except AuditError:
            return None
        return view

    async def _view(self, citation: Citation, reader: Principal) -> PassageView | None:
        current = (await self.library.current([citation.document.id])).get(citation.document.id)
        if current is None or current.version != citation.document.version:
            return None
        try:
            person = replace(reader, groups=await self.directory.groups(reader))
        except DirectoryUnavailable:
            return None
        access = (await self.library.access_lists()).get(current.acl_id)
        if access is None or not access.permits(person.entries):
            return None
        section, version = citation.section, current.version
        start, end = max(section.start, citation.start - MOST), min(section.end, citation.end + MOST)
        before = await self.library.text(current.id, version, start, citation.start)
        after = await self.library.text(current.id, version, citation.end, max(end, citation.end))
        spot = where(section, citation.page, citation.locator, current.title)
        place = ", ".join(filter(None, (spot, f"version {version}")))
        url = deep_link(current, section, citation.page)
        return PassageView(current.title, place, before, citation.quote, after, url)


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
