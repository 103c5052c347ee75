"""What a reporter, a union or an auditor can check without the service, and what they are not made to believe."""

import hmac
import json
from copy import deepcopy
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from app.crypto import bundles, events, logproofs, merkle, notes
from app.crypto.bundles import BundleMalformed
from app.crypto.logproofs import CheckpointsDisagree, NotInTheLogYet, verify_receipt_proof
from app.crypto.merkle import ProofWrong
from app.crypto.notes import Checkpoint, NoteMalformed, Signer, Verifier
from tests.crypto import reference
from tests.crypto.vector_files import read, unhex

VECTOR = read("proof_log")
LOG, WITNESS = Verifier.read(VECTOR["log_key"]), Verifier.read(VECTOR["witness_key"])
SIGNER = Signer(LOG.name, notes.ED25519, bytes.fromhex(VECTOR["log_seed"]))
ORGANISATION, GRIEVANCE = UUID(VECTOR["organisation"]), UUID(VECTOR["grievance"])
STATEMENT_SALT = bytes.fromhex(VECTOR["statement_salt"])


def test_a_statement_is_committed_to_as_the_document_says() -> None:
    text = json.dumps(VECTOR["statement"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    context = reference.context("statement", ORGANISATION.bytes, GRIEVANCE.bytes, text)
    expected = hmac.digest(STATEMENT_SALT, context, "sha256").hex()
    made = logproofs.commit_to_statement(STATEMENT_SALT, ORGANISATION, GRIEVANCE, VECTOR["statement"])
    assert (made.table, made.row, made.commitment) == ("statement", GRIEVANCE, expected)
    assert expected == VECTOR["statement_commitment"]


def test_a_leaf_stands_for_an_event_as_the_document_says() -> None:
    salt, link, blind, leaf = unhex(VECTOR, "salt", "link", "blind", "leaf")
    assert hmac.digest(salt, reference.context("log-entry", ORGANISATION.bytes), "sha256") == blind
    assert sha256(b"\x00" + hmac.digest(blind, link, "sha256")).digest() == leaf
    assert logproofs.blind_of(salt, ORGANISATION) == blind
    assert logproofs.leaf_of(blind, link) == leaf


def test_a_receipt_shows_without_the_service_what_was_said_and_that_it_is_in_the_log() -> None:
    shown = verify_receipt_proof(VECTOR["proof"], STATEMENT_SALT, VECTOR["statement"], LOG)
    assert (shown.index, shown.checkpoint.size, shown.event.event) == (1, 3, "grievance.received")


def changed(*path: str | int, to: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
    """The proof with one member changed."""
    document: dict[str, Any] = deepcopy(VECTOR["proof"])
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return document


OTHER = "0197a000-0000-7000-8000-0000000000ff"
WRONG = {
    "nothing": {},
    "a list": {"event": []},
    "another organisation": changed("organisation", to=OTHER),
    "no organisation": changed("organisation", to="canary"),
    "another chain": changed("event", "chain", to=OTHER),
    "another place": changed("event", "sequence", to=4),
    "a place that is true": changed("event", "sequence", to=True),
    "another event": changed("event", "event", to="case.closed"),
    "an actor": changed("event", "actor", to=OTHER),
    "another day": changed("event", "at", to="2026-03-03T00:00:00+00:00"),
    "a day before all days": changed("event", "at", to="0001-01-01T00:00:00+05:00"),
    "a day in another form": changed("event", "at", to="2026-03-02"),
    "no statement": changed("event", "touched", to=VECTOR["proof"]["event"]["touched"][:1]),
    "two statements": changed("event", "touched", to=VECTOR["proof"]["event"]["touched"][1:] * 2),
    "another row": changed("event", "touched", 0, 2, to="13" * 32),
    "another grievance": changed("event", "touched", 1, 1, to=OTHER),
    "another previous link": changed("previous", to="00" * 32),
    "a short link": changed("previous", to="00"),
    "another blind": changed("blind", to="00" * 32),
    "another leaf": changed("index", to=2),
    "a leaf beyond the tree": changed("index", to=3),
    "a leaf before the tree": changed("index", to=-1),
    "an index that is true": changed("index", to=True),
    "no path": changed("path", to=[]),
    "another path": changed("path", 0, to="00" * 32),
    "no checkpoint": changed("checkpoint", to=None),
    "an altered checkpoint": changed("checkpoint", to=VECTOR["note"].replace("\n3\n", "\n4\n")),
    "a note that is none": changed("checkpoint", to="canary"),
    "something besides": VECTOR["proof"] | {"more": 1},
    "something besides in the event": changed("event", "more", to=1),
}


@pytest.mark.parametrize("document", WRONG.values(), ids=WRONG)
def test_a_proof_that_was_altered_shows_nothing(document: dict[str, Any]) -> None:
    with pytest.raises(ProofWrong):
        verify_receipt_proof(document, STATEMENT_SALT, VECTOR["statement"], LOG)


@pytest.mark.parametrize("member", VECTOR["statement"])
def test_a_statement_of_which_anything_was_altered_is_not_the_one_in_the_log(member: str) -> None:
    with pytest.raises(ProofWrong, match="statement"):
        verify_receipt_proof(VECTOR["proof"], STATEMENT_SALT, VECTOR["statement"] | {member: "altered"}, LOG)


def test_another_salt_or_another_key_shows_nothing() -> None:
    with pytest.raises(ProofWrong, match="statement"):
        verify_receipt_proof(VECTOR["proof"], bytes(32), VECTOR["statement"], LOG)
    forger = Signer(LOG.name, notes.ED25519, bytes(32)).verifier
    with pytest.raises(ProofWrong, match="checkpoint"):
        verify_receipt_proof(VECTOR["proof"], STATEMENT_SALT, VECTOR["statement"], forger)
    with pytest.raises(ProofWrong, match="another log"):
        verify_receipt_proof(VECTOR["proof"], STATEMENT_SALT, VECTOR["statement"], WITNESS)


def test_before_the_log_has_it_a_receipt_says_from_which_day_it_may() -> None:
    pending = VECTOR["proof"] | {"index": None, "path": [], "checkpoint": None, "not_before": "2026-03-03"}
    with pytest.raises(NotInTheLogYet) as told:
        verify_receipt_proof(pending, STATEMENT_SALT, VECTOR["statement"], LOG)
    assert told.value.not_before == date(2026, 3, 3)
    with pytest.raises(ProofWrong):
        verify_receipt_proof(pending, STATEMENT_SALT, {}, LOG)


def test_two_checkpoints_that_cannot_both_be_true_disagree() -> None:
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(5)]
    three, five = (Checkpoint(LOG.name, size, merkle.root_of(leaves[:size])) for size in (3, 5))
    nodes = {(0, 2): leaves[2], (0, 3): leaves[3], (0, 4): leaves[4]}
    nodes[1, 0] = merkle.node_hash(leaves[0], leaves[1])
    proof = merkle.prove(merkle.consistency_ranges(3, 5), nodes.__getitem__)
    logproofs.require_agreement(five, three, proof)
    logproofs.require_agreement(three, three)
    for one, other, shown in [
        (three, Checkpoint(LOG.name, 3, bytes(32)), []),
        (three, five, []),
        (Checkpoint(LOG.name, 3, bytes(32)), five, proof),
        (three, five, proof[::-1]),
    ]:
        with pytest.raises(CheckpointsDisagree):
            logproofs.require_agreement(one, other, shown)
    with pytest.raises(ValueError, match="two logs"):
        logproofs.require_agreement(three, Checkpoint("candour/other", 3, three.root))


def a_bundle() -> tuple[dict[str, Any], list[Checkpoint]]:
    """A log of four acts of staff in two chains, with a checkpoint at two leaves and at four."""
    leaves: list[bytes] = []
    chains: list[dict[str, Any]] = []
    for chain_id, length in ((UUID(int=7), 3), (UUID(int=8), 1)):
        previous, acts = events.GENESIS, []
        for sequence in range(1, length + 1):
            at = datetime(2026, 3, 2, 9, sequence, tzinfo=UTC)
            event = events.Event(ORGANISATION, chain_id, sequence, "case.opened", UUID(int=9), at, ())
            previous = events.link(previous, event)
            blind = bytes([len(leaves)]) * 32
            acts.append({"event": events.to_document(event), "blind": blind.hex(), "index": len(leaves)})
            leaves.append(logproofs.leaf_of(blind, previous))
        chains.append({"chain": str(chain_id), "events": acts})
    checkpoints = [Checkpoint(LOG.name, size, merkle.root_of(leaves[:size])) for size in (2, 4)]
    document = {
        "format": bundles.FORMAT,
        "organisation": str(ORGANISATION),
        "checkpoints": [one.signed(SIGNER).to_text() for one in checkpoints],
        "leaves": [leaf.hex() for leaf in leaves],
        "chains": chains,
    }
    return document, checkpoints


def all_events(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """Every event of a bundle, to be altered."""
    return [event for chain in bundle["chains"] for event in chain["events"]]


def test_a_bundle_is_checked_without_the_service() -> None:
    document, checkpoints = a_bundle()
    witness = Signer(WITNESS.name, notes.COSIGNATURE, bytes.fromhex(VECTOR["witness_seed"]))
    note = checkpoints[1].signed(SIGNER)
    document["checkpoints"][1] = note.with_([witness.sign(note.text, time=1)]).to_text()
    kept = [checkpoints[0].signed(SIGNER).to_text()]
    checked = bundles.verify_bundle(document, LOG, [WITNESS], kept)
    assert checked.faults == []
    assert (checked.checkpoints, checked.leaves, checked.events) == (2, 4, 4)
    assert (checked.without_event, checked.unchecked, checked.waiting) == (0, 0, 0)
    assert checked.cosigned_by == {WITNESS.name}


def _drop_leaf(bundle: dict[str, Any]) -> None:
    del bundle["leaves"][1]


def _exchange_leaves(bundle: dict[str, Any]) -> None:
    bundle["leaves"][0], bundle["leaves"][1] = bundle["leaves"][1], bundle["leaves"][0]


def _put_back(bundle: dict[str, Any]) -> None:
    del bundle["leaves"][2:], bundle["checkpoints"][1], bundle["chains"][0]["events"][2], bundle["chains"][1]


def _drop_event(bundle: dict[str, Any]) -> None:
    del bundle["chains"][0]["events"][1]


def _edit_event(bundle: dict[str, Any]) -> None:
    bundle["chains"][0]["events"][1]["event"]["event"] = "case.closed"


def _spoil_event(bundle: dict[str, Any]) -> None:
    bundle["chains"][0]["events"][1]["event"]["at"] = "yesterday"


def _share_leaf(bundle: dict[str, Any]) -> None:
    bundle["chains"][0]["events"][1]["index"] = 0


def _point_beyond(bundle: dict[str, Any]) -> None:
    bundle["chains"][0]["events"][1]["index"] = 9


def _forge_checkpoint(bundle: dict[str, Any]) -> None:
    forger = Signer(LOG.name, notes.ED25519, bytes(32))
    bundle["checkpoints"][1] = Checkpoint(LOG.name, 4, bytes(32)).signed(forger).to_text()


def _fork(bundle: dict[str, Any]) -> None:
    bundle["checkpoints"].insert(1, Checkpoint(LOG.name, 2, bytes(32)).signed(SIGNER).to_text())


def _forge_cosignature(bundle: dict[str, Any]) -> None:
    note = notes.Note.read(bundle["checkpoints"][1])
    wrong = notes.Signature(WITNESS.name, WITNESS.key_id, bytes(72))
    bundle["checkpoints"][1] = note.with_([wrong]).to_text()


def _edit_event_and_say_that_none_is_in_the_log_yet(bundle: dict[str, Any]) -> None:
    _edit_event(bundle)
    for event in all_events(bundle):
        event["index"] = None


def _edit_event_and_say_that_every_salt_was_erased(bundle: dict[str, Any]) -> None:
    _edit_event(bundle)
    for event in all_events(bundle):
        event["blind"] = None


def _edit_the_last_event_and_say_that_its_salt_was_erased(bundle: dict[str, Any]) -> None:
    bundle["chains"][0]["events"][2]["event"]["event"] = "case.closed"
    bundle["chains"][0]["events"][2]["blind"] = None


def _edit_the_last_event_and_say_that_it_is_not_in_the_log_yet(bundle: dict[str, Any]) -> None:
    bundle["chains"][0]["events"][2]["event"]["event"] = "case.closed"
    bundle["chains"][0]["events"][2]["index"] = None


def _cut_off_tail(bundle: dict[str, Any]) -> None:
    del bundle["chains"][0]["events"][2]


def _drop_chain(bundle: dict[str, Any]) -> None:
    del bundle["chains"][1]


def _drop_chains(bundle: dict[str, Any]) -> None:
    bundle["chains"] = []


def _tell_a_chain_twice(bundle: dict[str, Any]) -> None:
    bundle["chains"].append(deepcopy(bundle["chains"][1]))
    bundle["chains"][2]["events"][0] |= {"index": None, "blind": "00" * 32}


ATTACKS = (
    _drop_leaf, _exchange_leaves, _put_back, _drop_event, _edit_event, _spoil_event, _share_leaf, _point_beyond,
    _forge_checkpoint, _fork, _forge_cosignature, _edit_event_and_say_that_none_is_in_the_log_yet,
    _edit_event_and_say_that_every_salt_was_erased, _edit_the_last_event_and_say_that_its_salt_was_erased,
    _edit_the_last_event_and_say_that_it_is_not_in_the_log_yet, _cut_off_tail, _drop_chain, _drop_chains,
    _tell_a_chain_twice,
)  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_bundle_that_was_altered_is_found_out(attack: Any) -> None:  # noqa: ANN401 a function
    document, checkpoints = a_bundle()
    kept = [checkpoints[1].signed(SIGNER).to_text()]
    attack(document)
    assert bundles.verify_bundle(document, LOG, [WITNESS], kept).faults != []


def test_who_kept_nothing_is_not_told_of_a_log_put_back_as_a_whole() -> None:
    document, _ = a_bundle()
    _put_back(document)
    assert bundles.verify_bundle(document, LOG).faults == []


def test_what_was_erased_is_counted_and_a_fault_beyond_what_whoever_checks_knows_of() -> None:
    document, _ = a_bundle()
    document["chains"][0]["events"][2]["blind"] = None
    del document["chains"][1]
    for erased, is_fault in ((0, True), (1, True), (2, False), (3, False)):
        checked = bundles.verify_bundle(document, LOG, erased=erased)
        assert (checked.without_event, checked.unchecked, checked.faults != []) == (1, 1, is_fault)
    _edit_event(document)
    assert bundles.verify_bundle(document, LOG, erased=4).faults != []


def later(bundle: dict[str, Any], *, day: int, hour: int = 0, actor: UUID | None = None) -> None:
    """An event more, on a day of the month of the bundle, stands at the end of the first chain and has no leaf."""
    chain, at = bundle["chains"][0], datetime(2026, 3, day, hour, tzinfo=UTC)
    event = events.Event(ORGANISATION, UUID(int=7), len(chain["events"]) + 1, "case.closed", actor, at, ())
    chain["events"].append({"event": events.to_document(event), "blind": "aa" * 32, "index": None})


def then_indexed(bundle: dict[str, Any]) -> None:
    """An act of staff more follows in the first chain, has a leaf, and is under the newest checkpoint."""
    later(bundle, day=2, hour=10, actor=UUID(int=9))
    chain = bundle["chains"][0]["events"]
    previous = events.GENESIS
    for one in chain:
        previous = events.link(previous, events.from_document(ORGANISATION, one["event"]))
    chain[-1]["index"] = len(bundle["leaves"])
    bundle["leaves"].append(logproofs.leaf_of(bytes.fromhex(chain[-1]["blind"]), previous).hex())
    leaves = [bytes.fromhex(leaf) for leaf in bundle["leaves"]]
    newest = Checkpoint(LOG.name, len(leaves), merkle.root_of(leaves))
    bundle["checkpoints"].append(newest.signed(SIGNER).to_text())


def test_what_is_younger_than_the_newest_checkpoint_is_counted_and_no_fault() -> None:
    document, _ = a_bundle()
    later(document, day=1)  # of a reporter, stored as the day ended
    later(document, day=2, hour=10, actor=UUID(int=9))
    later(document, day=9)
    checked = bundles.verify_bundle(document, LOG)
    assert (checked.faults, checked.waiting, checked.without_event) == ([], 3, 0)


def test_what_should_be_in_the_log_for_more_than_a_day_is_a_fault() -> None:
    document, _ = a_bundle()
    later(document, day=1, hour=23, actor=UUID(int=9))
    assert bundles.verify_bundle(document, LOG).faults == []
    document["chains"][0]["events"][-1]["event"]["at"] = "2026-02-28T23:59:00+00:00"
    assert bundles.verify_bundle(document, LOG).faults != []


def test_an_act_of_staff_before_one_that_is_in_the_log_cannot_wait_and_one_of_a_reporter_can() -> None:
    for actor, is_fault in ((None, False), (UUID(int=9), True)):
        document, _ = a_bundle()
        later(document, day=2, actor=actor)
        then_indexed(document)
        checked = bundles.verify_bundle(document, LOG)
        assert (checked.waiting, checked.faults != []) == (1, is_fault)


@pytest.mark.parametrize(
    "change",
    [{"format": "other"}, {"more": 1}, {"organisation": "x"}, {"leaves": ["zz"]}, {"chains": [{}]}, {"leaves": None},
     {"chains": [{"chain": OTHER, "events": 1}]}, {"organisation": OTHER}],
)  # fmt: skip
def test_what_is_no_bundle_of_this_log_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BundleMalformed):
        bundles.verify_bundle(a_bundle()[0] | change, LOG)


def test_what_was_kept_must_be_a_checkpoint_of_this_log() -> None:
    with pytest.raises(NoteMalformed):
        bundles.verify_bundle(a_bundle()[0], LOG, kept=["canary"])
