"""The whole log of an organisation as one document, and how it is checked without the service. Format: docs/formats.md, "Bundle"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.crypto import events, logproofs, merkle
from app.crypto.notes import Checkpoint, Note, NoteMalformed, Verifier, open_checkpoint

FORMAT = "candour/1/log-bundle"
_MEMBERS = {"format", "organisation", "checkpoints", "leaves", "chains"}
_WAITS_DAYS = 1
"""How many days before the newest event of the log one may be dated that is not in it yet."""


class BundleMalformed(ValueError):
    """It is no bundle."""


@dataclass
class BundleChecked:
    """What was checked of a bundle, and what was found wrong. Faults name places, never content."""

    checkpoints: int = 0
    leaves: int = 0
    events: int = 0
    without_event: int = 0
    """Leaves that no event of the bundle stands behind: it was erased, or is kept back."""
    unchecked: int = 0
    """Events without a blind, so that nobody can say whether their leaf is theirs: their salt was erased, or is kept back."""
    waiting: int = 0
    """Events without a leaf: they came after the newest checkpoint, and nothing vouches for them yet."""
    cosigned_by: frozenset[str] = frozenset()
    """The witnesses, of those named, whose right signature some checkpoint bears."""
    faults: list[str] = field(default_factory=list)


def verify_bundle(
    document: Mapping[str, Any], log: Verifier, witnesses: Sequence[Verifier] = (), kept: Sequence[str] = (),
    erased: int = 0,
) -> BundleChecked:  # fmt: skip
    """Return what is wrong with a bundle. It asks nobody.

    Args:
        document: the bundle.
        log: the key of the organisation's log, from somewhere that the service does not write.
        witnesses: the keys of witnesses, of whom no wrong signature is suffered.
        kept: checkpoints of this log that were kept elsewhere: the log must contain each.
        erased: of how many events it is known that they, or their salts, were erased. More than so many leaves without an event and
            events without a blind are a fault.

    Raises:
        BundleMalformed: it is no bundle, or of another log.
        NoteMalformed: what was kept is no checkpoint of this log.

    """
    try:
        if set(document) != _MEMBERS or document["format"] != FORMAT:
            raise BundleMalformed
        organisation_id = UUID(document["organisation"])
        leaves = [bytes.fromhex(leaf) for leaf in document["leaves"]]
        chains = [(UUID(one["chain"]), list(one["events"])) for one in document["chains"]]
        notes = [str(note) for note in document["checkpoints"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleMalformed from error
    if log.name != logproofs.origin(organisation_id):
        raise BundleMalformed
    checked = BundleChecked(leaves=len(leaves))
    _check_checkpoints(checked, notes, kept, leaves, log, witnesses)
    _Chains(checked, organisation_id, leaves).check(chains)
    gone = checked.without_event + checked.unchecked
    if gone > erased:
        checked.faults.append(
            f"{checked.without_event} leaves have no event and {checked.unchecked} events no blind, where {erased} were erased"
        )
    return checked


def _check_checkpoints(
    checked: BundleChecked, notes: Sequence[str], kept: Sequence[str], leaves: Sequence[bytes], log: Verifier,
    witnesses: Sequence[Verifier],
) -> None:  # fmt: skip
    outside = [open_checkpoint(text, log)[0] for text in kept]
    found: list[Checkpoint] = []
    cosigned: set[str] = set()
    for text in notes:
        try:
            checkpoint, note = open_checkpoint(text, log)
        except NoteMalformed:
            checked.faults.append("a checkpoint is not signed by this log")
            continue
        found.append(checkpoint)
        cosigned |= {one.name for one in witnesses if one.has_signed(note)}
        if any(_is_forged(one, note) for one in witnesses):
            checked.faults.append(f"the checkpoint of {checkpoint.size} leaves bears a wrong signature of a witness")
    checked.checkpoints, checked.cosigned_by = len(found), frozenset(cosigned)
    if not found or found[-1].size != len(leaves):
        checked.faults.append("the newest checkpoint is not over all leaves")
    roots = roots_at({one.size for one in (*found, *outside)}, leaves)
    checked.faults.extend(
        f"the checkpoint of {one.size} leaves is not the root of these leaves"
        for one in found
        if roots.get(one.size) != one.root
    )
    checked.faults.extend(
        f"the log does not contain the checkpoint of {one.size} leaves that was kept"
        for one in outside
        if roots.get(one.size) != one.root
    )


def _is_forged(witness: Verifier, note: Note) -> bool:
    return any(line.key_id == witness.key_id for line in note.signatures) and not witness.has_signed(note)


def roots_at(sizes: set[int], leaves: Sequence[bytes]) -> dict[int, bytes]:
    """Return the root over the first leaves, for each of the sizes that there are so many leaves for."""
    tree, found = merkle.Frontier(), {0: merkle.EMPTY_ROOT}
    for leaf in leaves:
        tree, _ = tree.append(leaf)
        if tree.size in sizes:
            found[tree.size] = tree.root
    return found


@dataclass
class _Chains:
    """Events while they are read, and the leaves that they stand behind."""

    checked: BundleChecked
    organisation_id: UUID
    leaves: Sequence[bytes]
    taken: dict[int, datetime] = field(default_factory=dict)
    """When the event was that a leaf belongs to."""
    waiting: list[tuple[str, datetime]] = field(default_factory=list)
    """Where and when the events without a leaf were."""

    def check(self, chains: Sequence[tuple[UUID, Sequence[Mapping[str, Any]]]]) -> None:
        """All that is wrong with the chains is among the faults, and what could not be checked is counted."""
        if len({chain_id for chain_id, _ in chains}) != len(chains):
            self._fault("a chain stands there twice")
        for chain_id, chain in chains:
            self._check_chain(chain_id, chain)
        self.checked.without_event = len(self.leaves) - len(self.taken)
        self.checked.waiting = len(self.waiting)
        newest = max(self.taken.values(), default=None)
        for place, at in self.waiting:
            if newest is not None and (newest.date() - at.date()).days > _WAITS_DAYS:
                self._fault(f"{place} is not in the log, and later ones are")

    def _fault(self, what: str) -> None:
        self.checked.faults.append(what)

    def _check_chain(self, chain_id: UUID, chain: Sequence[Mapping[str, Any]]) -> None:
        previous, waiting_staff = events.GENESIS, []
        for sequence, one in enumerate(chain, start=1):
            self.checked.events += 1
            place = f"event {sequence} of chain {chain_id}"
            try:
                event = events.from_document(self.organisation_id, one["event"])
                blind = None if one["blind"] is None else bytes.fromhex(one["blind"])
                index = one["index"]
            except (KeyError, TypeError, ValueError):
                self._fault(f"{place} is no event")
                return
            if (event.chain_id, event.sequence) != (chain_id, sequence):
                self._fault(f"{place} is missing or of another chain")
                return
            previous = events.link(previous, event)
            self.checked.unchecked += blind is None
            if index is None:
                self.waiting.append((place, event.at))
                if event.actor_id is not None:
                    waiting_staff.append(place)
                continue
            for earlier in waiting_staff:  # only what has no actor waits until its day is over
                self._fault(f"{earlier} is not in the log, and what follows it is")
            waiting_staff = []
            if not isinstance(index, int) or not 0 <= index < len(self.leaves) or index in self.taken:
                self._fault(f"{place} has no leaf of its own")
            elif blind is not None and logproofs.leaf_of(blind, previous) != self.leaves[index]:
                self._fault(f"{place} is not what its leaf stands for")
            else:
                self.taken[index] = event.at
