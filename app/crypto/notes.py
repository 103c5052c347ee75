"""Signed notes and checkpoints: a text, and under it a line for each who signs it. Format: docs/formats.md, "Checkpoint".

Source: C2SP signed-note v1.0.0, tlog-checkpoint v1.0.0 and tlog-cosignature v1.0.0. What is read is read strictly: a checkpoint has
no lines that these pages leave open.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SEED_BYTES = 32
ED25519, COSIGNATURE = 0x01, 0x04
"""Kinds of keys: of whoever keeps a log, and of its witnesses."""
MOST_BYTES = 64 * 1024
MOST_SIGNATURES = 100
_ID_BYTES, _PUBLIC_BYTES, _SIGNATURE_BYTES, _TIME_BYTES = 4, 32, 64, 8
_LINE = "\N{EM DASH} "
_NAME = re.compile(r"[^\s+\x00-\x20\x7f]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteMalformed(ValueError):
    """It is no signed note, no checkpoint or no key in the form that is demanded."""


def _decode(text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise NoteMalformed("not base64") from error
    if base64.b64encode(content).decode() != text:
        raise NoteMalformed("not the one form of its base64")
    return content


@dataclass(frozen=True)
class Verifier:
    """The public key of somebody who signs notes, with their name and the kind of the key."""

    name: str
    kind: int
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """What a signature names the key by: SHA-256(name || 0x0A || kind || public key)[:4]."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key).digest()[:_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as text: name, key id in hexadecimal, and kind and public key in base64."""
        key = base64.b64encode(bytes([self.kind]) + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"

    @classmethod
    def read(cls, vkey: str) -> "Verifier":
        """Return the key that a text names.

        Raises:
            NoteMalformed: it is not one of ours in kind, or its key id is not that of its key.

        """
        name, _, rest = vkey.partition("+")
        key_id, _, encoded = rest.partition("+")
        content = _decode(encoded)
        if not _NAME.fullmatch(name) or len(content) != 1 + _PUBLIC_BYTES or content[0] not in {ED25519, COSIGNATURE}:
            raise NoteMalformed("not a key")
        found = cls(name, content[0], content[1:])
        if found.key_id.hex() != key_id:
            raise NoteMalformed("not the id of its key")
        return found

    def has_signed(self, note: "Note") -> bool:
        """Whether the note bears a right signature of this key, and none of it that is wrong."""
        own = [line.content for line in note.signatures if (line.name, line.key_id) == (self.name, self.key_id)]
        return bool(own) and all(self._fits(note.text, content) for content in own)

    def _fits(self, text: str, content: bytes) -> bool:
        signed, signature = text.encode(), content
        if self.kind == COSIGNATURE:
            time, signature = int.from_bytes(content[:_TIME_BYTES]), content[_TIME_BYTES:]
            signed = _cosigned(text, time)
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, signed)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Signature:
    """One line under a note: who says to have signed it, and what they made."""

    name: str
    key_id: bytes
    content: bytes

    def line(self) -> str:
        """Return the line, with its end."""
        return f"{_LINE}{self.name} {base64.b64encode(self.key_id + self.content).decode()}\n"


@dataclass(frozen=True)
class Signer:
    """The private key of somebody who signs notes."""

    name: str
    kind: int
    seed: bytes = field(repr=False)

    @property
    def verifier(self) -> Verifier:
        """The public key."""
        return Verifier(self.name, self.kind, public_key(self.seed))

    def sign(self, text: str, *, time: int = 0) -> Signature:
        """Return the signature of a text that ends in a line feed. `time` is that of a witness, in seconds since 1970, UTC."""
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        if self.kind == COSIGNATURE:
            content = time.to_bytes(_TIME_BYTES) + private.sign(_cosigned(text, time))
        else:
            content = private.sign(text.encode())
        return Signature(self.name, self.verifier.key_id, content)


def public_key(seed: bytes) -> bytes:
    """Return the public key of a seed, 32 bytes each."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


@dataclass(frozen=True)
class Note:
    """A text that ends in a line feed, and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def to_text(self) -> str:
        """Return the note as it is handed around."""
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)

    def with_(self, signatures: Sequence[Signature]) -> "Note":
        """Return the note with these signatures under those that it has, each once."""
        return Note(self.text, tuple(dict.fromkeys((*self.signatures, *signatures))))

    @classmethod
    def read(cls, text: str) -> "Note":
        """Return the note that a text is.

        Raises:
            NoteMalformed: it is none.

        """
        if len(text) > MOST_BYTES or any(sign < " " and sign != "\n" for sign in text):
            raise NoteMalformed("too long, or with signs of control")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise NoteMalformed("not Unicode") from error
        body, parted, below = text.rpartition("\n\n")
        lines = below.split("\n")
        if not parted or lines.pop() or not 0 < len(lines) <= MOST_SIGNATURES:
            raise NoteMalformed("no signatures")
        return cls(body + "\n", tuple(_read_line(line) for line in lines))


def _read_line(line: str) -> Signature:
    if not line.startswith(_LINE):
        raise NoteMalformed("not a signature")
    name, _, encoded = line.removeprefix(_LINE).partition(" ")
    content = _decode(encoded)
    if not _NAME.fullmatch(name) or len(content) <= _ID_BYTES:
        raise NoteMalformed("not a signature")
    return Signature(name, content[:_ID_BYTES], content[_ID_BYTES:])


@dataclass(frozen=True)
class Checkpoint:
    """The state of a log: which log, how many leaves, the root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, signer: Signer) -> Note:
        """Return the checkpoint as a note of whoever keeps the log."""
        return Note(self.text(), (signer.sign(self.text()),))

    @classmethod
    def read(cls, note: Note) -> "Checkpoint":
        """Return the checkpoint that a note holds. Signatures are not looked at.

        Raises:
            NoteMalformed: it holds none, or more than one.

        """
        lines = note.text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0] or not _SIZE.fullmatch(lines[1]):  # noqa: PLR2004 three lines
            raise NoteMalformed("not a checkpoint")
        root = _decode(lines[2])
        if len(root) != sha256().digest_size:
            raise NoteMalformed("not a checkpoint")
        return cls(lines[0], int(lines[1]), root)


def open_checkpoint(text: str, log: Verifier) -> tuple[Checkpoint, Note]:
    """Return the checkpoint that `log` signed, and the note with whatever other signatures it has.

    Raises:
        NoteMalformed: it is no checkpoint, of another log, or not signed by this one.

    """
    note = Note.read(text)
    found = Checkpoint.read(note)
    if found.origin != log.name or not log.has_signed(note):
        raise NoteMalformed("not a checkpoint of this log")
    return found, note
