"""Is the log what was recorded? Nothing is believed but a public key.

A verifier alone cannot see that a log was rolled back to an older signed state, or that it was
founded anew with the same key: for that, keep checkpoints outside and hand one in as `since`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from audit.check import Finding
from audit.database import FORMAT
from audit.errors import AuditCorrupt
from audit.keyring import public_keys, signers
from audit.log import TransparencyLog
from audit.look import Looked, LookedRows, WholeRecords, look_at_leaves, look_at_records
from audit.note import Checkpoint, PublicKey
from audit.processes import MANY, in_order
from audit.reading import Reader, taken_from
from audit.register import GOVERNANCE, Register, Ruled, Taken
from audit.report import Clock, Report, check_now, read_earlier, read_head, rotation, trusted_keys
from audit.tree import TILE, Edge, root_of, tile_widths

Progress = Callable[[int, int], None]
"""(records done, records in all)"""

_NAMES = frozenset({"format", "origin", "scrub"})
"""What the table `meta` may hold; "scrub" while an erasure is being finished."""


async def verify_log(
    log: TransparencyLog,
    *,
    keys: Sequence[str] = (),
    since: str | None = None,
    disclosures: bool = True,
    progress: Progress | None = None,
    elsewhere: int = MANY,
) -> Report:
    """Check everything that is stored. `keys` pin the public key (else: those that the home knows count).

    `since` is an earlier checkpoint (a signed note): nothing it covers may have changed. Without
    `disclosures` only the tree is checked. From `elsewhere` records on, several processes check them.
    """
    wanted = WantedChecks(
        keys,
        [str(key) for key in signers(log.paths)],
        public_keys(log.paths),
        [since] if since else [],
        disclosures,
        progress,
        elsewhere,
    )
    reader = log.reader()
    try:
        return await reader.call(lambda view: verify_stored(view, wanted))
    except AuditCorrupt as error:
        return Report(findings=[Finding(None, str(error))])
    finally:
        await reader.close()


@dataclass(frozen=True, slots=True)
class WantedChecks:
    """What a verification believes and looks at: pinned keys, else the home's; who may sign the head now."""

    pinned: Sequence[str]
    signers: Sequence[str]
    known: Sequence[PublicKey]
    since: Sequence[str] = ()
    disclosures: bool = True
    progress: Progress | None = None
    elsewhere: int = MANY


def verify_stored(view: Reader, wanted: WantedChecks) -> Report:
    """Blocking. Raises AuditCorrupt, AuditUnavailable."""
    report = Report()
    with view.snapshot():
        claimed = view.keys()
        anchors = wanted.pinned or [str(key) for key in wanted.known]
        rotations = [found for s in view.rows_of("key") if (found := rotation(s.record.fields, s.index))]
        trusted = trusted_keys(claimed, anchors, rotations, backward=True)
        head = read_head(report, view.checkpoint(), trusted)
        if head is None:
            return report
        if not wanted.pinned and wanted.signers and report.key not in wanted.signers:
            report.say(f"the log is signed by {report.key}, which is not the newest key of this home")
        first = rotations[0].old if rotations else report.key
        if claimed != [first, *(one.new for one in rotations)]:
            report.say("the keys that the log's database lists are not those that its records hand over to")
        check_now(report, head)
        earlier = [old for note in wanted.since if (old := read_earlier(report, note, head, trusted))]
        walk = _Walk(report, view, head, earlier)
        work = look_at_records if wanted.disclosures else look_at_leaves
        rows = view.rows(head.size, whole=wanted.disclosures)
        for batch in in_order(work, rows, elsewhere=wanted.disclosures and head.size >= wanted.elsewhere):
            if not walk.check_batch(batch):
                break
            if wanted.progress is not None:
                wanted.progress(walk.edge.size, head.size)
        walk.finish()
        edge = walk.edge
        if (view.stored_size(), view.edge()) != (edge.size, b"".join(edge.hashes)):
            report.say("the stored state of the log differs from its records")
        _check_upper(report, view, edge.size)
        _check_rows(report, view, edge.size, whole=wanted.disclosures)
    return report


class _Walk:
    """The records in their order, each as its leaf says, and what governs them by the rules."""

    def __init__(self, report: Report, view: Reader, head: Checkpoint, earlier: Sequence[Checkpoint]) -> None:
        self.edge = Edge()
        self._report = report
        self._view = view
        self._head = head
        self._earlier = earlier
        self._clock = Clock(head)
        self._register = Register()
        self._taken: list[Taken] = []
        self._form = 0

    def check_batch(self, batch: LookedRows) -> bool:
        """The records of one tile: in their places, as the tile says, and each as its leaf says. False: give up."""
        report, edge, hashed = self._report, self.edge, batch.hashes
        start = edge.size
        for position, index in enumerate(batch.indexes, start):
            if index != position:
                report.say(f"position {position} of the log is missing or stands twice")
                return False
        for old in self._earlier:
            if start < old.size <= start + len(hashed):
                before = edge.copy()
                for item in hashed[: old.size - start]:
                    before.add(item)
                if before.root() != old.root:
                    report.say(f"the first {old.size} records are not those that the earlier checkpoint covers")
        if len(hashed) == TILE:
            edge.add_tile(hashed)
            if self._view.stored_tile(0, edge.size // TILE - 1) != b"".join(hashed):
                report.say(f"the stored tile before position {edge.size} differs from the records")
        else:
            for item in hashed:
                edge.add(item)
        records = batch.records
        if isinstance(records, WholeRecords):
            if records.form >= self._form and self._clock.passes(records.times, records.form):
                self._form = records.form
                return True
            records = records.records()
        for looked in records:
            self._check(looked)
        return True

    def _check(self, looked: Looked) -> None:
        report, stored = self._report, looked.stored
        report.erased += looked.erased
        report.add(*looked.findings)
        if looked.form < self._form:
            report.say("it has the form of an earlier version, after records of a later one", looked.id)
        self._form = max(looked.form, self._form)
        before = self._clock.latest
        report.add(*self._clock.check(looked.id, looked.time, looked.form))
        if looked.findings or stored is None:
            return
        record = stored.record
        if stored.erased:
            self._taken.append(taken_from(stored, self._clock.latest))
        if record.event in GOVERNANCE:
            report.add(*self._register.add(Ruled(stored.index, record, looked.form, before)))

    def finish(self) -> None:
        """What only the whole log can say."""
        report, edge, head = self._report, self.edge, self._head
        report.records = edge.size
        if edge.size != head.size:
            report.say(f"the log holds {edge.size} records, its checkpoint says {head.size}")
        elif edge.root() != head.root:
            report.say("the records do not give the root that was signed")
        for taken in self._taken:
            report.add(*self._register.check_taken(taken))


def _check_upper(report: Report, view: Reader, size: int) -> None:
    """Stored tiles above level 0 hold the roots of the tiles below."""
    for level, full, partial in tile_widths(size)[1:]:
        for n in range(full + bool(partial)):
            width = TILE if n < full else partial
            row = view.stored_tile(level, n)
            for position in range(width):
                below = view.tile(level - 1, n * TILE + position)
                root = root_of(below[i : i + 32] for i in range(0, len(below), 32))
                if row[position * 32 : position * 32 + 32] != root or len(row) != 32 * width:
                    report.say(f"tile {level}/{n} differs from the tiles below it")
                    break


def _check_rows(report: Report, view: Reader, size: int, *, whole: bool) -> None:
    """Nothing lies beside the tree: no row at another position, none twice, none of a table that reads consult."""
    # 1. One row a record in each of these tables. The walk saw positions 0 to size - 1, so more rows lie elsewhere.
    for table, what in (("entry", "leaves"), ("disclosure", "rows of fields")):
        rows = view.count(table)
        if rows != size:
            report.say(f"there are {rows} {what} for {size} records: some lie outside the tree or are missing")
    if whole and (rows := view.count("erased")) != report.erased:
        report.say(f"{rows} fields are listed as erased, {report.erased} of them in the records of the tree")
    # 2. The tiles are those of a tree of this size.
    tiles = sum(full + bool(partial and level) for level, full, partial in tile_widths(size))
    if (rows := view.count("tile")) != tiles:
        report.say(f"{rows} tiles are stored, a tree of {size} records has {tiles}")
    # 3. One head, of this log.
    if view.count("state") != 1:
        report.say("the log has more than one head, or none")
    names = view.names()
    if names.get("origin") != report.origin or names.get("format") != FORMAT or set(names) - _NAMES:
        report.say("the log's name or format in its database is not that of its checkpoint")
