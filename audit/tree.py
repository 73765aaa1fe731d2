"""The Merkle tree of RFC 6962, section 2.1, and its tiles (C2SP tlog-tiles). Pure, SHA-256 only.

Leaves hash as SHA-256(0x00 || leaf), inner nodes as SHA-256(0x01 || left || right). A tree of n
leaves splits at the largest power of two below n. All hashes are 32 bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
TILE = 256  # hashes a tile, 8 levels of the tree

Hashes = Callable[[int, int], bytes]
"""(level, n) -> hash of the perfect subtree over leaves [n * 2^level, (n + 1) * 2^level)."""


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Edge:
    """The right edge of a growing tree: one hash for each bit set in its size, largest subtree first.

    It is all that appending needs: about one hash operation a leaf, and log2(size) for the root.
    """

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise ValueError(f"an edge of {size} leaves has {size.bit_count()} hashes, not {len(self.hashes)}")

    def copy(self) -> Edge:
        return Edge(self.size, self.hashes)

    def add(self, hashed_leaf: bytes) -> None:
        """Append one leaf, given by its leaf hash."""
        node, size = hashed_leaf, self.size
        while size & 1:
            node, size = node_hash(self.hashes.pop(), node), size >> 1
        self.hashes.append(node)
        self.size += 1

    def add_tile(self, hashed_leaves: Sequence[bytes]) -> None:
        """Append 256 leaves where a tile begins: the same as one by one, in a third of the time.

        Raises ValueError anywhere else.
        """
        if len(hashed_leaves) != TILE or self.size % TILE:
            raise ValueError(f"{len(hashed_leaves)} leaves at {self.size} are no tile")
        sha256, nodes = hashlib.sha256, list(hashed_leaves)
        while len(nodes) > 1:
            nodes = [
                sha256(b"\x01" + left + right).digest() for left, right in zip(nodes[::2], nodes[1::2], strict=True)
            ]
        node, tiles = nodes[0], self.size // TILE
        while tiles & 1:
            node, tiles = node_hash(self.hashes.pop(), node), tiles >> 1
        self.hashes.append(node)
        self.size += TILE

    def root(self) -> bytes:
        if not self.hashes:
            return EMPTY_ROOT
        node = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            node = node_hash(left, node)
        return node


def root_of(hashed_leaves: Iterable[bytes]) -> bytes:
    edge = Edge()
    for item in hashed_leaves:
        edge.add(item)
    return edge.root()


# --- proofs: made ----------------------------------------------------------------------------


def range_root(start: int, end: int, hashes: Hashes) -> bytes:
    """MTH(D[start:end]) from perfect subtrees; `start` is where a subtree of that size may start."""
    nodes: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(hashes(level, start >> level))
        start += 1 << level
    if not nodes:
        return EMPTY_ROOT
    root = nodes.pop()
    while nodes:
        root = node_hash(nodes.pop(), root)
    return root


def prove_inclusion(index: int, size: int, hashes: Hashes) -> list[bytes]:
    """PATH(index, D[0:size]), RFC 6962 section 2.1.1: from the leaf's sibling up."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _split(end - start)
        if index < split:
            path.append(range_root(split, end, hashes))
            end = split
        else:
            path.append(range_root(start, split, hashes))
            start = split
    return path[::-1]


def prove_consistency(old: int, new: int, hashes: Hashes) -> list[bytes]:
    """PROOF(old, D[0:new]), RFC 6962 section 2.1.2. Empty for old = 0 and old = new."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} cannot extend one of {old}")
    path: list[bytes] = []
    start, end, whole = 0, new, True
    if old in (0, new):
        return path
    while old != end:
        split = start + _split(end - start)
        if old <= split:
            path.append(range_root(split, end, hashes))
            end = split
        else:
            path.append(range_root(start, split, hashes))
            start, whole = split, False
    if not whole:
        path.append(range_root(start, end, hashes))
    return path[::-1]


# --- proofs: checked -------------------------------------------------------------------------


def check_inclusion(proof: Sequence[bytes], index: int, size: int, hashed_leaf: bytes, root: bytes) -> bool:
    """RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    node, last, here = hashed_leaf, size - 1, index
    for step in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            node = node_hash(step, node)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            node = node_hash(node, step)
        here, last = here >> 1, last >> 1
    return last == 0 and node == root


def check_consistency(proof: Sequence[bytes], old: int, new: int, old_root: bytes, new_root: bytes) -> bool:
    """RFC 9162, section 2.1.4.2; an empty old tree is consistent with every tree."""
    if old > new or old < 0:
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if old == new:
        return not proof and old_root == new_root
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not steps:
        return False
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            second = node_hash(second, step)
        here, last = here >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


# --- tiles -----------------------------------------------------------------------------------


def tile_path(level: int | str, n: int, width: int = TILE) -> str:
    """Where C2SP tlog-tiles puts a tile: "tile/0/x001/x234/067", "tile/entries/000.p/17"."""
    parts = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        parts.append(f"x{n % 1000:03d}")
    suffix = "" if width == TILE else f".p/{width}"
    return f"tile/{level}/" + "/".join(reversed(parts)) + suffix


def tile_widths(size: int) -> list[tuple[int, int, int]]:
    """(level, full tiles, width of the partial tile or 0) of each level of a tree of `size` leaves."""
    levels = []
    level, hashes = 0, size
    while hashes:
        levels.append((level, hashes // TILE, hashes % TILE))
        level, hashes = level + 1, hashes // TILE
    return levels


def entry_bundle(leaves: Sequence[bytes]) -> bytes:
    """Leaves with their lengths as big-endian 16-bit numbers before them."""
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


def entries_of(bundle: bytes) -> list[bytes]:
    """The leaves of an entry bundle. Raises ValueError when it is cut short."""
    leaves, at = [], 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        leaf = bundle[at + 2 : at + 2 + length]
        if at + 2 > len(bundle) or len(leaf) != length:
            raise ValueError("an entry bundle is cut short")
        leaves.append(leaf)
        at += 2 + length
    return leaves
