"""The service's own keys (Tier 1), read once from files that only the service may read. It holds no key of a case or an identity."""

import os
import secrets
from pathlib import Path
from uuid import UUID

from app.crypto import fields

KEY_BYTES = 32
_OTHERS_MAY = 0o077


class KeyFilesUnsafe(Exception):
    """A key file is missing, of the wrong size, or readable by others."""


def read_private(path: Path) -> bytes:
    """Return the bytes of a key file.

    Raises:
        KeyFilesUnsafe: it is missing, or its mode lets anyone but its owner read or write it.

    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        message = f"key file {path.name} is missing"
        raise KeyFilesUnsafe(message) from error
    if mode & _OTHERS_MAY:
        message = f"key file {path.name} is open to others: make it 0400"
        raise KeyFilesUnsafe(message)
    return path.read_bytes()


def write_private(path: Path, content: bytes) -> None:
    """Make a new file with mode 0400 that holds `content`, on the disk when this returns. Never overwrites."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class ServiceKeys:
    """Versioned service keys and the pepper. Versions are never reused; the highest seals, all open."""

    def __init__(self, versions: dict[int, bytes], pepper: bytes) -> None:
        """Hold the keys.

        Raises:
            KeyFilesUnsafe: there is no version, or a key is not 32 bytes.

        """
        if not versions or any(len(key) != KEY_BYTES for key in (*versions.values(), pepper)):
            message = "service keys and pepper are 32 bytes each, and there is at least one version"
            raise KeyFilesUnsafe(message)
        self._versions = versions
        self._derived: dict[tuple[int, UUID], bytes] = {}
        self._peppered: dict[str, bytes] = {}
        self.active = max(versions)
        self.pepper = pepper

    @classmethod
    def from_folder(cls, folder: Path) -> "ServiceKeys":
        """Return the keys in `folder` (service-<version>.key and pepper.key).

        Raises:
            KeyFilesUnsafe: as above.

        """
        versions = {
            int(path.stem.removeprefix("service-")): read_private(path) for path in folder.glob("service-*.key")
        }
        return cls(versions, read_private(folder / "pepper.key"))

    @staticmethod
    def create(folder: Path) -> None:
        """Make the first service key and the pepper in `folder`, where they are missing. Only for an empty database."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("service-1.key", "pepper.key"):
            if not (folder / name).exists():
                write_private(folder / name, secrets.token_bytes(KEY_BYTES))

    def for_organisation(self, organisation_id: UUID, version: int | None = None) -> tuple[int, bytes]:
        """Return (version, key) that seals an organisation's Tier 1 columns; the active version unless one is named.

        Raises:
            KeyError: there is no such version.

        """
        chosen = self.active if version is None else version
        known = self._derived.get((chosen, organisation_id))
        if known is None:
            known = fields.derive(self._versions[chosen], "service-key", organisation_id)
            self._derived[chosen, organisation_id] = known
        return chosen, known

    def peppered(self, label: str) -> bytes:
        """Return the key for one use of the pepper, named by `label`."""
        if label not in self._peppered:
            self._peppered[label] = fields.derive(self.pepper, label)
        return self._peppered[label]
