"""Which access lists an audience passes. The ids go into the query; nothing is filtered afterwards alone."""

from __future__ import annotations

from collections.abc import Mapping

from retrieval.people import MAIL_KNOWN, AccessList, Audience


def permitted_ids(audience: Audience, lists: Mapping[str, AccessList]) -> frozenset[str]:
    """Ids of the access lists that every reader of the audience passes; none for an empty audience.

    Readers are first reduced to the entries that some list mentions, so that a channel of thousands
    costs as much as its few kinds of readers.
    """
    mentioned = frozenset({MAIL_KNOWN}).union(*(a.allow | a.deny for a in lists.values()))
    kinds = Audience(audience.kind, frozenset(entries & mentioned for entries in audience.readers))
    return frozenset(i for i, access in lists.items() if kinds.permits(access))
