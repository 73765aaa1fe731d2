"""Is the log what was recorded? Nothing is believed but a public key.

A verifier alone cannot see that a log was rolled back to an older signed state, or that it was
founded anew with the same key: for that, keep checkpoints outside and hand one in as `since`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from audit.check import Finding, check_record
from audit.errors import AuditCorrupt
from audit.log import TransparencyLog
from audit.reading import Reader, Stored
from audit.report import Report, covers, read_earlier, read_head, rotation, trusted_keys
from audit.tree import TILE, Edge, leaf_hash, root_of, tile_widths


async def verify_log(
    log: TransparencyLog,
    *,
    keys: Sequence[str] = (),
    since: str | None = None,
    disclosures: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Check everything that is stored. `keys` pin the public key (else: the log's first one counts).

    `since` is an earlier checkpoint (a signed note): nothing it covers may have changed. Without
    `disclosures` only the tree is checked.
    """
    reader = Reader(log.database)
    try:
        return await reader.call(lambda view: _verify_stored(view, keys, since, disclosures, progress))
    except AuditCorrupt as error:
        return Report(findings=[Finding(None, str(error))])
    finally:
        await reader.close()


def _verify_stored(
    view: Reader,
    pinned: Sequence[str],
    since: str | None,
    disclosures: bool,
    progress: Callable[[int, int], None] | None,
) -> Report:
    report = Report()
    with view.snapshot():
        rotations = [found for stored in view.of_event("key") if (found := rotation(stored.record.fields))]
        trusted = trusted_keys(view.keys(), pinned, rotations)
        head = read_head(report, view.checkpoint(), trusted)
        if head is None:
            return report
        old = read_earlier(report, since, head, trusted)
        edge = Edge()
        tile: list[bytes] = []
        rows = view.everything() if disclosures else view.leaves(0, 2**62)
        for row in rows:
            index, leaf = (row.index, row.leaf) if isinstance(row, Stored) else row
            if index != edge.size:
                report.say(f"position {edge.size} of the log is missing")
                return report
            hashed = leaf_hash(leaf)
            edge.add(hashed)
            tile.append(hashed)
            if len(tile) == TILE:
                if view.tile(0, edge.size // TILE - 1) != b"".join(tile):
                    report.say(f"the stored tile before position {edge.size} differs from the records")
                tile.clear()
            if old is not None and old.size == edge.size and edge.root() != old.root:
                report.say(f"the first {old.size} records are not those that the earlier checkpoint covers")
            if isinstance(row, Stored):
                _check_stored(report, view, row)
            if progress is not None and edge.size % 1000 == 0:
                progress(edge.size, head.size)
        report.records = edge.size
        if edge.size != head.size:
            report.say(f"the log holds {edge.size} records, its checkpoint says {head.size}")
        elif edge.root() != head.root:
            report.say("the records do not give the root that was signed")
        if (view.size(), view.edge()) != (edge.size, b"".join(edge.hashes)):
            report.say("the stored state of the log differs from its records")
        _check_upper(report, view, edge.size)
    return report


def _check_stored(report: Report, view: Reader, stored: Stored) -> None:
    record = stored.record
    report.erased += len(stored.erased)
    report.add(*check_record(stored.claimed()))
    for name, by in stored.erased.items():
        grounds = view.stored(by)
        if grounds is None or not covers(
            grounds.record.event, grounds.record.outcome, grounds.record.fields, record.id, name
        ):
            report.say(f"field {name} is gone, and no approved erasure names it", record.id)


def _check_upper(report: Report, view: Reader, size: int) -> None:
    """Stored tiles above level 0 hold the roots of the tiles below."""
    for level, full, partial in tile_widths(size)[1:]:
        for n in range(full + bool(partial)):
            width = TILE if n < full else partial
            row = view.tile(level, n, width)
            for position in range(width):
                below = view.tile(level - 1, n * TILE + position)
                root = root_of(below[i : i + 32] for i in range(0, len(below), 32))
                if row[position * 32 : position * 32 + 32] != root:
                    report.say(f"tile {level}/{n} differs from the tiles below it")
                    break
