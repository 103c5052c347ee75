"""The tree of RFC 6962: published roots, every proof of every small tree, and no proof of what is not so."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import merkle
from app.crypto.merkle import Frontier, ProofWrong
from tests.crypto.vector_files import read

PUBLISHED = read("published/rfc6962")
LEAVES = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in PUBLISHED["leaves"]]
MOST = 70
MANY = [merkle.leaf_hash(number.to_bytes(2)) for number in range(MOST)]


def tree_of(leaves: list[bytes]) -> tuple[Frontier, dict[tuple[int, int], bytes]]:
    """The tree, and the hash of each complete subtree."""
    tree, nodes = Frontier(), {(0, index): leaf for index, leaf in enumerate(leaves)}
    for leaf in leaves:
        tree, made = tree.append(leaf)
        nodes.update(made)
    return tree, nodes


TREE, NODES = tree_of(MANY)
ROOTS = [merkle.root_of(MANY[:size]) for size in range(MOST + 1)]


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, as it is written there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + by_definition(leaves[:half]) + by_definition(leaves[half:])).digest()


def included(index: int, size: int) -> list[bytes]:
    return merkle.prove(merkle.inclusion_ranges(index, size), NODES.__getitem__)


def consistent(old: int, new: int) -> list[bytes]:
    return merkle.prove(merkle.consistency_ranges(old, new), NODES.__getitem__)


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_leaves_have_the_published_roots(size: int) -> None:
    assert merkle.root_of(LEAVES[:size]).hex() == PUBLISHED["roots"][size - 1]


@pytest.mark.parametrize("index", PUBLISHED["inclusion_in_8"])
def test_a_published_leaf_has_the_published_path(index: str) -> None:
    _, nodes = tree_of(LEAVES)
    path = merkle.prove(merkle.inclusion_ranges(int(index), 8), nodes.__getitem__)
    assert [one.hex() for one in path] == PUBLISHED["inclusion_in_8"][index]


@pytest.mark.parametrize("old", PUBLISHED["consistency_with_8"])
def test_a_published_tree_has_the_published_consistency_proof(old: str) -> None:
    _, nodes = tree_of(LEAVES)
    proof = merkle.prove(merkle.consistency_ranges(int(old), 8), nodes.__getitem__)
    assert [one.hex() for one in proof] == PUBLISHED["consistency_with_8"][old]


@pytest.mark.parametrize("size", range(MOST + 1))
def test_appending_leaf_by_leaf_gives_the_root_of_the_definition(size: int) -> None:
    assert ROOTS[size] == by_definition(MANY[:size])


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_leaf_of_every_tree_is_shown_to_be_in_it_and_nowhere_else(size: int) -> None:
    for index in range(size):
        path = included(index, size)
        merkle.verify_inclusion(MANY[index], index, size, path, ROOTS[size])
        for wrong in ((index + 1) % size, index ^ 1):
            if wrong != index and wrong < size:
                with pytest.raises(ProofWrong):
                    merkle.verify_inclusion(MANY[index], wrong, size, path, ROOTS[size])
        for broken in (path[:-1], [*path, bytes(32)], [bytes(32), *path[1:]], [*path, b"short"]):
            if broken != path:
                with pytest.raises(ProofWrong):
                    merkle.verify_inclusion(MANY[index], index, size, broken, ROOTS[size])
        with pytest.raises(ProofWrong):
            merkle.verify_inclusion(MANY[index], index, size, path, ROOTS[size - 1])


@pytest.mark.parametrize("new", range(1, MOST + 1))
def test_every_tree_is_shown_to_begin_with_every_smaller_one_and_with_no_other(new: int) -> None:
    for old in range(1, new + 1):
        proof = consistent(old, new)
        merkle.verify_consistency(old, ROOTS[old], new, ROOTS[new], proof)
        for older, newer in ((ROOTS[old - 1], ROOTS[new]), (ROOTS[old], ROOTS[new - 1])):
            with pytest.raises(ProofWrong):
                merkle.verify_consistency(old, older, new, newer, proof)
        for broken in (proof[:-1], [*proof, bytes(32)], [bytes(32), *proof[1:]], [*proof[:-1], b""]):
            if broken != proof:
                with pytest.raises(ProofWrong):
                    merkle.verify_consistency(old, ROOTS[old], new, ROOTS[new], broken)
        if old > 1:
            with pytest.raises(ProofWrong):
                merkle.verify_consistency(old - 1, ROOTS[old], new, ROOTS[new], proof)


def test_a_tree_without_leaves_is_the_beginning_of_every_tree() -> None:
    merkle.verify_consistency(0, merkle.EMPTY_ROOT, 5, ROOTS[5], [])
    for root, proof in ((ROOTS[1], []), (merkle.EMPTY_ROOT, [bytes(32)])):
        with pytest.raises(ProofWrong):
            merkle.verify_consistency(0, root, 5, ROOTS[5], proof)


@pytest.mark.parametrize(("old", "new"), [(3, 2), (-1, 2)])
def test_a_tree_does_not_begin_with_a_larger_one(old: int, new: int) -> None:
    with pytest.raises(ProofWrong):
        merkle.verify_consistency(old, ROOTS[3], new, ROOTS[2], [])
    with pytest.raises(ValueError, match="older"):
        merkle.consistency_ranges(old, new)


@pytest.mark.parametrize("index", [-1, 5])
def test_a_leaf_that_a_tree_does_not_have_is_not_shown(index: int) -> None:
    with pytest.raises(ProofWrong):
        merkle.verify_inclusion(MANY[0], index, 5, included(0, 5), ROOTS[5])
    with pytest.raises(ValueError, match="no such leaf"):
        merkle.inclusion_ranges(index, 5)


@given(st.integers(0, MOST), st.integers(0, MOST))
def test_a_tree_can_be_put_aside_and_grow_on(first: int, then: int) -> None:
    tree, _ = tree_of(MANY[:first])
    again = Frontier.from_bytes(first, tree.to_bytes())
    for leaf in MANY[first : first + then]:
        again, _ = again.append(leaf)
    assert again.root == ROOTS[min(first + then, MOST)]
    assert len(again.hashes) == again.size.bit_count()


def test_a_frontier_of_another_size_is_none() -> None:
    with pytest.raises(ValueError, match="not the frontier"):
        Frontier.from_bytes(3, bytes(32))
    with pytest.raises(ValueError, match="at least one leaf"):
        merkle.fold([])
