"""What is shared among custodians, as somebody finds it who took rows and keys: identities and case keys, requests, re-sharings.

Written from docs/formats.md: "Identity", "Case key", "Re-sharing" and "Opening".
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from uuid import UUID

from tests.crypto import reference
from tests.threats.primitives import Row, Tables, number, public_key
from tests.threats.primitives import received as opened_by

Pieces = dict[int, bytes]
SubPieces = dict[tuple[int, int], bytes]
"""By old and new piece."""
Seeds = Sequence[bytes]


def always(context: bytes) -> Callable[[bytes], bytes]:
    """Return a context that is the same for every public key."""
    return lambda _: context


@dataclass(frozen=True)
class Shared:
    """An identity, or one version of a case key, with the share that each custodian holds of its key."""

    row: Row
    bound_to: bytes
    """Its reference."""
    shares: Mapping[UUID, bytes]

    @property
    def id(self) -> UUID:
        """Which it is."""
        found: UUID = self.row["id"]
        return found

    @cached_property
    def sharing(self) -> bytes:
        """S."""
        return sharing(self.bound_to, self.row["threshold"], self.shares)

    def has_all(self, pieces: Pieces) -> bool:
        """Whether these are all pieces of the key."""
        return len(pieces) == len(reference.groups(self.row["threshold"], self.row["holders"]))

    def content(self, whole: bytes, shred_key: bytes) -> bytes | None:
        """Return what is sealed, if this is the key, and the shred key the one it was sealed with."""
        info = reference.context("identity-key", self.bound_to)
        okm = reference.hkdf_expand(reference.hkdf_extract(shred_key, whole), info, 48)
        if okm[32:] != self.row["check_value"]:
            return None
        padded = reference.open_field(okm[:32], reference.context("identity", self.bound_to), self.row["ciphertext"])
        return padded[4 : 4 + int.from_bytes(padded[:4], "big")]


def sharing(bound_to: bytes, threshold: int, custodians: Mapping[UUID, object]) -> bytes:
    """Return S of a sharing among these custodians."""
    ids = (one.bytes for one in sorted(custodians))
    return reference.context("sharing", bound_to, number(threshold), number(len(custodians)), *ids)


def all_shared(tables: Tables) -> Iterator[Shared]:
    """Yield everything that custodians hold shares of."""
    for kind, shares, name, label, version in (
        ("sealed_identities", "identity_shares", "identity_id", "identity-reference", None),
        ("case_key_escrows", "case_key_shares", "escrow_id", "case-key-reference", "key_version"),
    ):
        held: dict[UUID, dict[UUID, bytes]] = defaultdict(dict)
        for share in tables.get(shares, []):
            held[share[name]][share["custodian_id"]] = share["share"]
        for row in tables.get(kind, []):
            last = row["id"].bytes if version is None else number(row[version])
            bound_to = reference.context(label, row["organisation_id"].bytes, row["case_id"].bytes, last)
            yield Shared(row, bound_to, held[row["id"]])


class Custody:
    """Somebody with private seeds, each of which is tried on whatever was sealed to anybody."""

    def __init__(self, tables: Tables, seeds: Seeds) -> None:
        """Hold private seeds, of custodians, accounts or requests."""
        self.tables, self.seeds = tables, seeds

    def rows(self, table: str) -> list[Row]:
        """Return the rows of a table."""
        return self.tables.get(table, [])

    def received(self, context: Callable[[bytes], bytes], sealed: bytes | None) -> bytes | None:
        """Return what was sealed to any of the keys, for a context that may name the public key."""
        for seed in self.seeds:
            if (content := opened_by(seed, context(public_key(seed)), sealed)) is not None:
                return content
        return None

    def share(self, bound_to: bytes, custodian: UUID, commitments: bytes, share: bytes | None) -> Pieces:
        """Return the pieces in a share that opens."""
        digest = sha256(commitments).digest()
        context = partial(reference.context, "share", bound_to, custodian.bytes)
        return reference.decode_pieces(self.received(lambda public: context(public, digest), share) or b"")

    def shares(self, of: Shared) -> Pieces:
        """Return the pieces in the shares that open."""
        found: Pieces = {}
        for custodian, share in of.shares.items():
            found |= self.share(of.sharing, custodian, of.row["commitments"], share)
        return found

    def releases(self, of: Shared) -> Pieces:
        """Return the pieces in what custodians released to a request whose key is held."""
        found: Pieces = {}
        for request in self.rows("openings"):
            if request["subject_id"] == of.id:
                for answer in self._answers(request, "approval"):
                    parts = of.sharing, request["digest"], answer["custodian_id"].bytes
                    content = self.received(always(reference.context("release", *parts)), answer["content"])
                    found |= reference.decode_pieces(content or b"")
        return found

    def _answers(self, request: Row, kind: str) -> list[Row]:
        return [
            one for one in self.rows("opening_answers") if one["opening_id"] == request["id"] and one["kind"] == kind
        ]

    def pieces(self, of: Shared) -> Pieces:
        """Return the pieces of a key that its shares give, and what custodians released."""
        return self.shares(of) | self.releases(of)

    def secret(self, of: Shared) -> bytes | None:
        """Return the shared key, if it can be put together from its pieces, or from those of a sharing that is under way."""
        pieces = self.pieces(of)
        ways: list[bytes | None] = [reference.xor(*pieces.values())] if of.has_all(pieces) else []
        ways += [Resharing(self, of, manifest).secret(pieces) for manifest in self.rows("manifests")]
        return next((one for one in ways if one is not None), None)

    def reasons(self) -> Iterator[bytes]:
        """Yield what requests say that were sealed to one of the keys, and why custodians refused."""
        for paper in self.rows("opening_papers"):
            recipient = paper["custodian_id"] or paper["account_id"]
            context = reference.context("opening-paper", paper["opening_id"].bytes, recipient.bytes)
            if (content := self.received(always(context), paper["paper"])) is not None:
                yield content
        for request in self.rows("openings"):
            for answer in self._answers(request, "refusal"):
                context = reference.context("opening-refusal-reason", request["digest"], answer["custodian_id"].bytes)
                if (content := self.received(always(context), answer["content"])) is not None:
                    yield content


class Resharing:
    """One thing that is being shared anew for one manifest: what was dealt, and what new custodians handed in."""

    def __init__(self, holder: Custody, of: Shared, manifest: Row) -> None:
        """Find out who is to hold what."""
        self.holder, self.of, self.manifest = holder, of, manifest
        document = json.loads(manifest["document"])
        recipients = sorted(UUID(one["id"]) for one in document["custodians"])
        self.after = sharing(of.bound_to, document["threshold"], dict.fromkeys(recipients))
        self.groups = reference.groups(document["threshold"], len(recipients))
        self.held = {
            one: [j for j, group in enumerate(self.groups) if place not in group]
            for place, one in enumerate(recipients)
        }

    def _rows(self, table: str) -> list[Row]:
        mine = self.of.id, self.manifest["digest"]
        return [row for row in self.holder.rows(table) if (row["subject_id"], row["manifest_digest"]) == mine]

    def secret(self, old: Pieces) -> bytes | None:
        """Return the shared key, if old pieces, sub-pieces and new pieces make it up."""
        old, new, subs = dict(old), self._new(), self._dealt()
        before = -1
        while before != (before := len(old) + len(new) + len(subs)):
            self._by_rows(old, subs)
            self._by_columns(new, subs)
        for pieces, count in ((old, self.old_count), (new, len(self.groups))):
            if len(pieces) == count:
                return reference.xor(*pieces.values())
        return None

    @property
    def old_count(self) -> int:
        """How many pieces there are before."""
        return len(self.of.row["commitments"]) // 32

    def _by_rows(self, old: Pieces, subs: SubPieces) -> None:
        for k in range(self.old_count):
            places = [(k, j) for j in range(len(self.groups))]
            if k in old:
                parts = reference.cut(old[k], self.of.sharing, self.after, k, len(self.groups))
                subs |= zip(places, parts, strict=True)
            elif all(place in subs for place in places):
                old[k] = reference.xor(*(subs[place] for place in places))

    def _by_columns(self, new: Pieces, subs: SubPieces) -> None:
        for j in range(len(self.groups)):
            places = [(k, j) for k in range(self.old_count)]
            known = [subs[place] for place in places if place in subs]
            if len(known) == len(places):
                new[j] = reference.xor(*known)
            elif j in new and len(known) == len(places) - 1:
                [missing] = [place for place in places if place not in subs]
                subs[missing] = reference.xor(new[j], *known)

    def _dealt(self) -> SubPieces:
        """Return what is in the boxes that open."""
        found: SubPieces = {}
        for deal in self._rows("resharing_deals"):
            for box in self.holder.rows("resharing_boxes"):
                if box["deal_id"] == deal["id"]:
                    content = self.holder.received(self._box_context(deal, box["custodian_id"]), box["box"]) or b""
                    items = [content[start : start + 34] for start in range(0, len(content), 34)]
                    found |= {(item[0], item[1]): item[2:] for item in items}
        return found

    def _box_context(self, deal: Row, recipient: UUID) -> Callable[[bytes], bytes]:
        parts = self.of.sharing, self.after, self.manifest["digest"], deal["custodian_id"].bytes, recipient.bytes
        digest = sha256(deal["commitments"]).digest()
        return lambda public: reference.context("sub-pieces", *parts, public, digest)

    def _new(self) -> Pieces:
        """Return the pieces in the new shares that open."""
        commitments: Pieces = {}
        found: Pieces = {}
        for row in self._rows("resharing_acceptances"):
            parts = [row["commitments"][start : start + 32] for start in range(0, len(row["commitments"]), 32)]
            commitments |= dict(zip(self.held[row["custodian_id"]], parts, strict=True))
        all_of_them = b"".join(commitments[j] for j in sorted(commitments))
        for row in self._rows("resharing_acceptances"):
            found |= self.holder.share(self.after, row["custodian_id"], all_of_them, row["share"])
        return found
