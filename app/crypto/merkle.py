"""The tree of RFC 6962 and RFC 9162, section 2.1: leaves, roots, and proofs over a tree of which only some nodes are at hand.

A node is a complete subtree: `(level, index)` covers the leaves from index * 2**level on, 2**level of them. A range of leaves
is as `range` has it. Source: RFC 6962 section 2.1; RFC 9162 sections 2.1.3.2 and 2.1.4.2 for the verifiers.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""
Node = tuple[int, int]
Range = tuple[int, int]


class ProofWrong(Exception):
    """A proof does not show what it is said to show."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root of a range whose complete subtrees, from left to right, have these hashes.

    Raises:
        ValueError: there are none.

    """
    if not hashes:
        raise ValueError("a range has at least one leaf")
    *before, root = hashes
    for left in reversed(before):
        root = node_hash(left, root)
    return root


@dataclass(frozen=True)
class Frontier:
    """A whole tree as the roots of its complete subtrees, from left to right: all that appending needs."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    @classmethod
    def from_bytes(cls, size: int, content: bytes) -> "Frontier":
        """Return the frontier of a tree of `size` leaves whose hashes are joined in `content`.

        Raises:
            ValueError: that size has another number of complete subtrees.

        """
        if size < 0 or len(content) != size.bit_count() * HASH_BYTES:
            raise ValueError("not the frontier of a tree of that size")
        return cls(size, tuple(content[start : start + HASH_BYTES] for start in range(0, len(content), HASH_BYTES)))

    def to_bytes(self) -> bytes:
        """Return the hashes, joined."""
        return b"".join(self.hashes)

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        return fold(self.hashes) if self.hashes else EMPTY_ROOT

    def append(self, leaf: bytes) -> tuple["Frontier", list[tuple[Node, bytes]]]:
        """Return the tree with one more leaf hash, and every inner node that it completed, lowest first."""
        hashes, made = [*self.hashes, leaf], []
        index, level = self.size, 0
        while index % 2:
            right = hashes.pop()
            hashes[-1] = node_hash(hashes[-1], right)
            index, level = index // 2, level + 1
            made.append(((level, index), hashes[-1]))
        return Frontier(self.size + 1, tuple(hashes)), made


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root of a tree with these leaf hashes."""
    tree = Frontier()
    for leaf in leaves:
        tree, _ = tree.append(leaf)
    return tree.root


def _split(start: int, end: int) -> int:
    """Return where the left subtree of a range of more than one leaf ends: the largest power of two below its length."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def nodes_of(start: int, end: int) -> list[Node]:
    """Return the complete subtrees that a range of a tree consists of, from left to right."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the ranges whose roots are the inclusion proof of a leaf, from the leaf up.

    Raises:
        ValueError: the tree has no such leaf.

    """
    if not 0 <= index < size:
        raise ValueError("the tree has no such leaf")
    start, end, found = 0, size, []
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Return the ranges whose roots prove that the tree of `new` leaves begins with that of `old`.

    Raises:
        ValueError: not 0 < old <= new.

    """
    if not 0 < old <= new:
        raise ValueError("the older tree has at least one leaf and at most as many as the newer")
    start, end, found = 0, new, []
    while end != old:
        middle = _split(start, end)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return ([] if start == 0 else [(start, end)]) + found[::-1]


def prove(ranges: Iterable[Range], hash_of: Callable[[Node], bytes]) -> list[bytes]:
    """Return a proof: the root of each range, made of the hashes of complete subtrees."""
    return [fold([hash_of(node) for node in nodes_of(*one)]) for one in ranges]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Return if the tree of `size` leaves with that root has that leaf hash at `index`. Source: RFC 9162, 2.1.3.2.

    Raises:
        ProofWrong: it is not shown.

    """
    if not 0 <= index < size or any(len(one) != HASH_BYTES for one in proof):
        raise ProofWrong
    first, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0:
            raise ProofWrong
        if first % 2 or first == last:
            found = node_hash(one, found)
            while not first % 2 and first:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, one)
        first, last = first >> 1, last >> 1
    if last != 0 or found != root:
        raise ProofWrong


def _without_proof(old: int, old_root: bytes, new_root: bytes) -> None:
    if old_root != (new_root if old else EMPTY_ROOT):
        raise ProofWrong


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Return if the tree of `new` leaves begins with the tree of `old` leaves. Source: RFC 9162, 2.1.4.2.

    A tree without leaves is the beginning of every tree, and needs no proof.

    Raises:
        ProofWrong: it is not shown.

    """
    is_proof_needed = 0 < old < new
    if not 0 <= old <= new or bool(proof) != is_proof_needed or any(len(one) != HASH_BYTES for one in proof):
        raise ProofWrong
    if not is_proof_needed:
        _without_proof(old, old_root, new_root)
        return
    path = [*proof] if old & (old - 1) else [old_root, *proof]
    first, last = old - 1, new - 1
    while first % 2:
        first, last = first >> 1, last >> 1
    of_old = of_new = path[0]
    for one in path[1:]:
        if last == 0:
            raise ProofWrong
        if first % 2 or first == last:
            of_old, of_new = node_hash(one, of_old), node_hash(one, of_new)
            while not first % 2 and first:
                first, last = first >> 1, last >> 1
        else:
            of_new = node_hash(of_new, one)
        first, last = first >> 1, last >> 1
    if last != 0 or of_old != old_root or of_new != new_root:
        raise ProofWrong
