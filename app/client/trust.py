"""Whose keys count: the manifests of a channel, checked against a pinned root, and never older than what was seen before."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.client import keys, places, signed_files
from app.client.server import Answer, Server
from app.client.terminal import Alarm, Failure
from app.crypto import documents, fingerprints, manifests, signing
from app.crypto.documents import Signed, spell
from app.crypto.errors import DocumentInvalid, NotAuthentic
from app.crypto.keyfiles import Kind
from app.crypto.manifests import Manifest

PINS = "pins"


@dataclass(frozen=True)
class Trusted:
    """The manifests of a channel, oldest first, all under the pinned root, none of them withdrawn since it was last asked."""

    chain: tuple[Signed, ...]
    manifests: tuple[Manifest, ...]

    @property
    def newest(self) -> Manifest:
        """Return the manifest in force."""
        return self.manifests[-1]

    @property
    def digest(self) -> bytes:
        """Return its name."""
        return manifests.digest(self.chain[-1])

    def named(self, digest: bytes) -> Manifest:
        """Return the manifest of that name.

        Raises:
            Alarm: the root signed none of that name.

        """
        for signed, manifest in zip(self.chain, self.manifests, strict=True):
            if manifests.digest(signed) == digest:
                return manifest
        raise Alarm(
            "The request names a manifest that the root never signed: do not answer it, and tell the root's holder."
        )


def check(server: Server, slug: str, root_words_or_file: str | None) -> Trusted:
    """Return the manifests of a channel that the root signed, and remember the newest.

    The root is known by what is given, its words or a file with its public key; else by what was pinned here before.

    Raises:
        Failure: there is no manifest, or no root is known here for the channel.
        Alarm: the manifests are of another root, or not those that the service showed before.

    """
    pin = _Pin.of(server.address, slug)
    chain = [signed_files.signed_in(one) for one in server.get(f"/v1/channels/{slug}/manifests").each("items")]
    if not chain and pin.is_set:
        raise Alarm("The service shows no manifest any more, though it did before: it was rolled back.")
    if not chain:
        raise Failure("The channel has no manifest: nobody vouches for its keys.")
    if root_words_or_file is None and not pin.is_set:
        raise Failure("No root is pinned for this channel: use manifest check with --root-key first.")
    root = _root_of(chain[0]) if root_words_or_file is None else _require_named(chain[0], root_words_or_file)
    if pin.is_set and pin.root != root:
        raise Alarm("The manifests are signed by another root than the one pinned here: ask the root's holder.")
    try:
        found = manifests.read_chain(chain, root)
    except (NotAuthentic, DocumentInvalid):
        raise Alarm(
            "The manifests are not a chain that the root signed: do not trust the keys of this service."
        ) from None
    if found[-1].slug != slug:
        raise Alarm("The service shows the manifests of another channel.")
    trusted = Trusted(tuple(chain), tuple(found))
    pin.move_to(trusted)
    return trusted


def _root_of(first: Signed) -> bytes:
    try:
        return manifests.read(first).root
    except (NotAuthentic, DocumentInvalid):
        raise Alarm("The first manifest is not signed by the root that it names.") from None


def _require_named(first: Signed, words_or_file: str) -> bytes:
    """Return the root that is named by its words or by a file, if the manifests are its."""
    root, path = _root_of(first), Path(words_or_file)
    is_named = _key_in(path) == root if path.is_file() else fingerprints.are_of(words_or_file, root)
    if not is_named:
        raise Alarm("The manifests are not signed by the root that you named: do not trust the keys of this service.")
    return root


def _key_in(path: Path) -> bytes:
    """Return the public key in a file: base64 alone, or the key file of a root."""
    content = path.read_bytes()
    try:
        return documents.octets(signing.PUBLIC_KEY_BYTES)(content.decode().strip())
    except ValueError:
        public = keys.public_of(path)
    if public.kind is not Kind.ROOT:
        raise Failure(f"{path} is not the key of a root.")
    return public.signing_key


@dataclass
class _Pin:
    """What is remembered of the manifests of one channel of one service."""

    path: Path
    root: bytes = b""
    epoch: int = 0
    digest: bytes = b""

    @property
    def is_set(self) -> bool:
        return self.epoch > 0

    @classmethod
    def of(cls, address: str, slug: str) -> "_Pin":
        """Return what is remembered; nothing at first."""
        folder = places.folder() / PINS
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{sha256(f'{address} {slug}'.encode()).hexdigest()[:32]}.json"
        if not path.exists():
            return cls(path)
        kept: Answer = signed_files.parsed(path)
        return cls(path, kept.octets("root"), kept.number("epoch"), kept.octets("digest"))

    def move_to(self, trusted: Trusted) -> None:
        """Remember the newest manifest.

        Raises:
            Alarm: it is older than the one remembered, or that one is not in the chain.

        """
        if trusted.newest.epoch < self.epoch:
            raise Alarm(
                f"The service shows manifests up to epoch {trusted.newest.epoch}, but showed epoch {self.epoch} before: "
                "it was rolled back."
            )
        if self.is_set and manifests.digest(trusted.chain[self.epoch - 1]) != self.digest:
            raise Alarm(
                f"Manifest {self.epoch} is not the one that the service showed before: the root signed two, or the "
                "service shows each person another."
            )
        content: dict[str, Any] = {
            "root": spell(trusted.newest.root),
            "epoch": trusted.newest.epoch,
            "digest": spell(trusted.digest),
        }
        places.write(self.path, json.dumps(content).encode())
