"""RFC 6962 trees: the published vectors, and proofs against a tree built the slow way."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.tree import (
    EMPTY_ROOT,
    TILE,
    Edge,
    Hashes,
    check_consistency,
    check_inclusion,
    entries_of,
    entry_bundle,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root_of,
    tile_path,
    tile_widths,
)

# The leaves and roots that certificate-transparency's test data publishes for RFC 6962.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def mth(leaves: Sequence[bytes]) -> bytes:
    """MTH as section 2.1 of the RFC writes it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(mth(leaves[:split]), mth(leaves[split:]))


def hashes_of(leaves: Sequence[bytes]) -> Hashes:
    return lambda level, n: mth(leaves[n << level : (n + 1) << level])


def numbered(count: int) -> list[bytes]:
    return [str(n).encode() for n in range(count)]


@pytest.mark.parametrize("size", ROOTS)
def test_published_roots(size: int) -> None:
    assert root_of(map(leaf_hash, LEAVES[:size])).hex() == ROOTS[size]


@given(st.integers(0, 80))
def test_an_edge_gives_the_root_of_the_slow_way(size: int) -> None:
    edge = Edge()
    for leaf in numbered(size):
        edge.add(leaf_hash(leaf))
    assert edge.root() == mth(numbered(size))
    assert Edge(edge.size, edge.hashes).root() == edge.root()


@given(st.data())
def test_inclusion_proofs_hold_for_their_leaf_alone(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    leaves = numbered(size)
    proof, root = prove_inclusion(index, size, hashes_of(leaves)), mth(leaves)
    assert check_inclusion(proof, index, size, leaf_hash(leaves[index]), root)
    assert not check_inclusion(proof, index, size, leaf_hash(b"other"), root)
    assert not check_inclusion([*proof, root], index, size, leaf_hash(leaves[index]), root)
    other = data.draw(st.integers(-1, size))
    if other != index:
        assert not check_inclusion(proof, other, size, leaf_hash(leaves[index]), root)
    if proof:
        assert not check_inclusion(proof[:-1], index, size, leaf_hash(leaves[index]), root)


@given(st.data())
def test_consistency_proofs_hold_for_the_same_past_alone(data: st.DataObject) -> None:
    new = data.draw(st.integers(0, 70))
    old = data.draw(st.integers(0, new))
    leaves = numbered(new)
    proof = prove_consistency(old, new, hashes_of(leaves))
    before, after = mth(leaves[:old]), mth(leaves)
    assert check_consistency(proof, old, new, before, after)
    if old:
        forged = mth([b"forged", *leaves[1:old]])
        assert not check_consistency(proof, old, new, forged, after)
    assert not check_consistency([*proof, EMPTY_ROOT], old, new, before, after)
    assert not check_consistency(proof, new + 1, new, before, after)


@pytest.mark.parametrize(
    ("level", "n", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (2, 273, 112, "tile/2/273.p/112"),
        ("entries", 1000, 1, "tile/entries/x001/000.p/1"),
    ],
)
def test_tile_paths_are_those_of_the_specification(level: int | str, n: int, width: int, path: str) -> None:
    assert tile_path(level, n, width) == path


def test_tile_widths_are_those_of_the_specification() -> None:
    assert tile_widths(70_000) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert tile_widths(256) == [(0, 1, 0), (1, 0, 1)]
    assert tile_widths(0) == []


@given(st.lists(st.binary(max_size=400), max_size=9))
def test_entry_bundles_survive(leaves: list[bytes]) -> None:
    assert entries_of(entry_bundle(leaves)) == leaves
    if leaves:
        with pytest.raises(ValueError, match="cut short"):
            entries_of(entry_bundle([*leaves, b"xy"])[:-1])


@pytest.mark.parametrize("tiles", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("more", [0, 1, 255])
def test_a_tile_at_once_is_its_leaves_one_by_one(tiles: int, more: int) -> None:
    hashed = [leaf_hash(leaf) for leaf in numbered((tiles + 1) * TILE + more)]
    fast, slow = Edge(), Edge()
    for start in range(0, (tiles + 1) * TILE, TILE):
        fast.add_tile(hashed[start : start + TILE])
    for item in hashed[(tiles + 1) * TILE :]:
        fast.add(item)
    for item in hashed:
        slow.add(item)
    assert (fast.size, fast.hashes) == (slow.size, slow.hashes)


@pytest.mark.parametrize(("before", "leaves"), [(1, 256), (0, 255), (0, 257), (0, 0)])
def test_what_is_no_tile_is_refused(before: int, leaves: int) -> None:
    edge = Edge()
    for _ in range(before):
        edge.add(leaf_hash(b""))
    with pytest.raises(ValueError, match="no tile"):
        edge.add_tile([leaf_hash(b"")] * leaves)
