"""Is the log what was recorded? Nothing is believed but a public key.

A verifier alone cannot see that a log was rolled back to an older signed state, or that it was
founded anew with the same key: for that, keep checkpoints outside and hand one in as `since`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from audit.check import Finding, check_record
from audit.errors import AuditCorrupt
from audit.log import TransparencyLog
from audit.note import Checkpoint
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
        rows: Iterator[Stored | tuple[int, bytes]] = view.leaves(0, 2**62)
        if disclosures:
            rows = view.everything()
        while batch := list(islice(rows, TILE)):
            if not _check_batch(report, view, batch, edge, old):
                return report
            if progress is not None:
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


def _check_batch(
    report: Report, view: Reader, batch: Sequence[Stored | tuple[int, bytes]], edge: Edge, old: Checkpoint | None
) -> bool:
    """The records of one tile: in their places, as the tile says, and each as its leaf says. False: give up."""
    hashed: list[bytes] = []
    for position, row in enumerate(batch, edge.size):
        index, leaf = (row.index, row.leaf) if isinstance(row, Stored) else row
        if index != position:
            report.say(f"position {position} of the log is missing")
            return False
        hashed.append(leaf_hash(leaf))
    if old is not None and edge.size < old.size <= edge.size + len(hashed):
        earlier = edge.copy()
        for item in hashed[: old.size - edge.size]:
            earlier.add(item)
        if earlier.root() != old.root:
            report.say(f"the first {old.size} records are not those that the earlier checkpoint covers")
    if len(hashed) == TILE:
        edge.add_tile(hashed)
        if view.tile(0, edge.size // TILE - 1) != b"".join(hashed):
            report.say(f"the stored tile before position {edge.size} differs from the records")
    else:
        for item in hashed:
            edge.add(item)
    for row in batch:
        if isinstance(row, Stored):
            _check_stored(report, view, row)
    return True


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
