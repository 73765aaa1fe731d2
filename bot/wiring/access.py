"""What the access rules of the settings come to, over the documents that are known: for `explain` and `doctor`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.directory.file import Groups
from bot.settings.values import Settings
from bot.wiring.sources import find
from connectors.access import CLOSED, AccessDecision, AccessRules
from connectors.globs import normal
from connectors.state import DocumentState, StateStore, access_id
from connectors.sync import item_entries

UNWRITTEN = (
    "match no rule, so nobody may read them. If that is meant, write allow = [] in [[sources]]; "
    'else allow = ["everyone"], or a rule for them'
)

OVERLAPS = (
    "this folder was synced on its own, and has files of a source with access rules; nobody may read it. "
    "Sync that source instead"
)


@dataclass(frozen=True, slots=True)
class Deciding:
    """Who may read a document by the settings of now, and by which rule."""

    rules: AccessRules
    decision: AccessDecision

    @property
    def matching(self) -> list[str]:
        """The patterns that match, in the order of the settings: the last decides."""
        return [self.rules.rules[number].path for number in self.decision.matching]

    @property
    def described(self) -> str:
        """For people."""
        if self.matching:
            *earlier, last = [f'"{path}"' for path in self.matching]
            return f"rule {last}" + (f", the last that matches, after {', '.join(earlier)}" if earlier else "")
        if self.rules.default is not None:
            return "no rule matches; the default of the source"
        return "no rule matches, and no default is written down" if self.rules.rules else "the source has no rules"


def document(state: StateStore, name: str) -> DocumentState | None:
    """The document of that id; accents may be typed in either of their forms, where that leaves one document."""
    exact = state.entry(name)
    alike = [] if exact else [e for e in state.entries() if normal(e.document.id) == normal(name)]
    return exact or (alike[0] if len(alike) == 1 else None)


def deciding(settings: Settings, state: StateStore, entry: DocumentState) -> Deciding | None:
    """None: the source is not in the settings any more, or knows its readers itself."""
    while entry.parent is not None:  # an attachment has the readers of what it is attached to
        carrier = state.entry(entry.parent)
        if carrier is None:
            return None
        entry = carrier
    for source in find(settings, state, None):
        if source.name == entry.document.source and source.access is not None:
            paths = {e.document.id: path for path, e in item_entries(state, source.name).items()}
            return Deciding(source.access, source.access.decide(paths[entry.document.id]))
    return None


def problems(settings: Settings, state: StateStore) -> dict[str, list[str]]:
    """What is wrong with the access rules, by source: for those that have rules, and have been synced."""
    found = {}
    for source in find(settings, state, None):
        entries = item_entries(state, source.name)
        if source.access == CLOSED:
            found[source.name] = [OVERLAPS]
        elif source.access is not None and source.access.rules and entries:
            found[source.name] = _problems(source.access, entries)
    return found


def _problems(rules: AccessRules, entries: dict[str, DocumentState]) -> list[str]:
    decisions = {path: rules.decide(path) for path in entries}
    coverage = rules.coverage(decisions.values())
    found = rules.mistakes(coverage, list(entries))
    if coverage.unmatched and rules.default is None:
        found.append(f"{coverage.unmatched} of {len(entries)} documents {UNWRITTEN}")
    moved = [path for path, d in decisions.items() if access_id(d.access) != entries[path].document.acl_id]
    if moved:
        shown = f'"{moved[0]}": {decisions[moved[0]].access.described}'
        found.append(
            f"{len(moved)} documents have other readers by these settings than at the last sync, such as {shown}; "
            "`footnote sync` applies it"
        )
    return found


async def unknown_groups(settings: Settings, directory: Groups) -> tuple[list[str], list[str]]:
    """Errors and warnings: groups that access lists deny or allow, and that no directory knows.

    Raises DirectoryUnavailable.
    """
    groups = settings.named_groups
    nowhere = {n.group for n in settings.groups_of_nobody}
    nowhere |= await directory.unknown(frozenset(n.group for n in groups) - nowhere)
    told = [(n.denies, n.told(settings.groups)) for n in groups if n.group in nowhere]
    return [text for denies, text in told if denies], [text for denies, text in told if not denies]
