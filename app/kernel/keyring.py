"""The service's own keys (Tier 1), in files that only the service may read. It holds no key of a case or an identity.

What a file holds is for a provider to say: the key itself, or the key as somebody else's service wrapped it.
"""

import os
import secrets
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

from app.crypto import fields

KEY_BYTES = 32
LOG_KEY = "log.key"
LOG_PUBLIC_KEY = "log.pub"
"""The public half of `log.key`: a process that serves reporters alone has this file, and not the other."""
PEPPER, SERVICE = "pepper", "service"
"""The kinds of keys. A pepper has no versions: its version is 0."""
_OTHERS_MAY = 0o077


class KeyFilesUnsafe(Exception):
    """A key file is missing, readable by others, or does not open. The message names it, and repeats nothing of it."""


class KeyNotHeld(Exception):
    """This process serves reporters alone, and holds no such key: what asked for it belongs to the staff's side."""


class Provider(Protocol):
    """What turns keys into the content of their files and back."""

    name: str

    def wrap(self, key: bytes, kind: str, version: int) -> bytes:
        """Return the content of the file of a key.

        Raises:
            KeyFilesUnsafe: the provider refuses, or does not answer.

        """

    def unwrap(self, content: bytes, kind: str, version: int) -> bytes:
        """Return the key that a file holds.

        Raises:
            KeyFilesUnsafe: it is not of this provider, of another kind or version, damaged, or the provider refuses or does
                not answer.

        """


class FileProvider:
    """The files hold the keys themselves."""

    name = "file"

    def wrap(self, key: bytes, kind: str, version: int) -> bytes:  # noqa: ARG002 the interface
        """Return the key."""
        return key

    def unwrap(self, content: bytes, kind: str, version: int) -> bytes:  # noqa: ARG002 the interface
        """Return the key.

        Raises:
            KeyFilesUnsafe: it has another size.

        """
        if len(content) != KEY_BYTES:
            message = f"it does not hold {KEY_BYTES} bytes: it was damaged, or is wrapped by another key provider"
            raise KeyFilesUnsafe(message)
        return content


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
    _keep(path.parent)


def _keep(folder: Path) -> None:
    """The names in the folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class KeyFiles:
    """The folder of the service's keys: service-<version>.key and pepper.key."""

    def __init__(self, folder: Path, provider: Provider) -> None:
        """Hold the folder; nothing is read yet."""
        self.folder = folder
        self.provider = provider

    def versions(self) -> list[int]:
        """Return the versions of the service key that have a file, rising.

        Raises:
            KeyFilesUnsafe: a file of the folder is named like a service key and has no version.

        """
        stems = [path.stem.removeprefix("service-") for path in self.folder.glob("service-*.key")]
        if not all(stem.isascii() and stem.isdigit() and str(int(stem)) == stem for stem in stems):
            message = "a service key is a file service-<version>.key"
            raise KeyFilesUnsafe(message)
        return sorted(int(stem) for stem in stems)

    def path(self, kind: str, version: int) -> Path:
        """Return where a key is."""
        return self.folder / ("pepper.key" if kind == PEPPER else f"service-{version}.key")

    def read(self, kind: str, version: int, provider: Provider | None = None) -> bytes:
        """Return a key, by the folder's provider unless another is given.

        Raises:
            KeyFilesUnsafe: the file is missing, open to others, or does not open. The file is named.

        """
        path = self.path(kind, version)
        content = read_private(path)
        try:
            return (provider or self.provider).unwrap(content, kind, version)
        except KeyFilesUnsafe as unsafe:
            message = f"key file {path.name}: {unsafe}"
            raise KeyFilesUnsafe(message) from unsafe

    def add(self, kind: str, version: int, key: bytes) -> None:
        """The key has a file, whole from the moment that it has its name, and proven to open again. Never overwrites.

        Raises:
            KeyFilesUnsafe: the provider refuses, or does not answer.
            FileExistsError: there is such a key.

        """
        path = self.path(kind, version)
        written = self._write_beside(path, key, kind, version)
        try:
            os.link(written, path)
        finally:
            written.unlink()
        _keep(self.folder)

    def replace(self, kind: str, version: int, key: bytes) -> None:
        """The file of a key holds it as the provider wraps it today; at every moment it is whole, the old or the new.

        Raises:
            KeyFilesUnsafe: the provider refuses, or does not answer; the file is as it was.

        """
        path = self.path(kind, version)
        self._write_beside(path, key, kind, version).replace(path)
        _keep(self.folder)

    def remove(self, version: int) -> None:
        """There is no such version of the service key any more, nor what a killed process left of making its file."""
        path = self.path(SERVICE, version)
        for one in (path, *self.folder.glob(f".{path.name}.*")):
            one.unlink(missing_ok=True)
        _keep(self.folder)

    def _write_beside(self, path: Path, key: bytes, kind: str, version: int) -> Path:
        content = self.provider.wrap(key, kind, version)
        if self.provider.unwrap(content, kind, version) != key:
            message = f"the key provider {self.provider.name} does not open what it wrapped"
            raise KeyFilesUnsafe(message)
        beside = path.with_name(f".{path.name}.{uuid4().hex}")
        write_private(beside, content)
        return beside


def read_log_seed(folder: Path) -> bytes:
    """Return the seed that signs the checkpoints of the proof log, from `log.key`.

    Raises:
        KeyFilesUnsafe: the file is missing, open to others, or not 32 bytes.

    """
    return _read_whole(folder / LOG_KEY)


def read_log_public_key(folder: Path) -> bytes:
    """Return the public key of the proof log, from `log.pub`.

    Raises:
        KeyFilesUnsafe: the file is missing, open to others, or not 32 bytes.

    """
    return _read_whole(folder / LOG_PUBLIC_KEY)


def _read_whole(path: Path) -> bytes:
    content = read_private(path)
    if len(content) != KEY_BYTES:
        message = f"key file {path.name} is not 32 bytes"
        raise KeyFilesUnsafe(message)
    return content


class ServiceKeys:
    """Versioned service keys and the pepper. Versions are never reused; the highest seals, all open.

    A version that is added to the folder while the process runs seals from then on, and opens. A process that serves reporters
    alone holds the pepper, and no version at all.
    """

    def __init__(self, versions: dict[int, bytes] | None, pepper: bytes, files: KeyFiles | None = None) -> None:
        """Hold the keys, and look for new versions in `files`. None instead of versions: this process holds none.

        Raises:
            KeyFilesUnsafe: there is no version, or a key is not 32 bytes.

        """
        held = (pepper,) if versions is None else (*versions.values(), pepper)
        if versions == {} or any(len(key) != KEY_BYTES for key in held):
            message = "service keys and pepper are 32 bytes each, and there is at least one version"
            raise KeyFilesUnsafe(message)
        self._holds_versions = versions is not None
        self._versions = versions or {}
        self._derived: dict[tuple[int, UUID], bytes] = {}
        self._peppered: dict[str, bytes] = {}
        self.pepper = pepper
        self.files = files

    @classmethod
    def from_files(cls, files: KeyFiles) -> "ServiceKeys":
        """Return the keys of a folder.

        Raises:
            KeyFilesUnsafe: one is missing, open to others, or does not open.

        """
        return cls(
            {version: files.read(SERVICE, version) for version in files.versions()}, files.read(PEPPER, 0), files
        )

    @classmethod
    def for_reporters(cls, files: KeyFiles) -> "ServiceKeys":
        """Return what the reporters' side needs of a folder: the pepper. No file of a service key is read, now or later.

        Raises:
            KeyFilesUnsafe: it is missing, open to others, or does not open.

        """
        return cls(None, files.read(PEPPER, 0))

    @staticmethod
    def create(files: KeyFiles) -> None:
        """Make the first service key and the pepper, where they are missing. Only for an empty database.

        Raises:
            KeyFilesUnsafe: the provider refuses, or does not answer.

        """
        files.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for kind, version in ((SERVICE, 1), (PEPPER, 0)):
            if not files.path(kind, version).exists():
                files.add(kind, version, secrets.token_bytes(KEY_BYTES))

    @property
    def active(self) -> int:
        """The version that seals now, also if its file was added a moment ago.

        Raises:
            KeyFilesUnsafe: a file was added that cannot be read: nothing is sealed under a version that may be on its way out.
            KeyNotHeld: this process serves reporters alone.

        """
        self._look_again()
        return max(self._held())

    def for_organisation(self, organisation_id: UUID, version: int | None = None) -> tuple[int, bytes]:
        """Return (version, key) that seals an organisation's Tier 1 columns; the active version unless one is named.

        Raises:
            KeyError: there is no such version.
            KeyFilesUnsafe: a file was added that cannot be read.
            KeyNotHeld: this process serves reporters alone.

        """
        if version is not None and version not in self._held():
            self._look_again()
        chosen = self.active if version is None else version
        known = self._derived.get((chosen, organisation_id))
        if known is None:
            known = fields.derive(self._held()[chosen], "service-key", organisation_id)
            self._derived[chosen, organisation_id] = known
        return chosen, known

    @property
    def opens_names(self) -> bool:
        """Whether this process opens what only the service's own key opens, as names are; one for reporters alone does not."""
        return self._holds_versions

    def peppered(self, label: str) -> bytes:
        """Return the key for one use of the pepper, named by `label`."""
        if label not in self._peppered:
            self._peppered[label] = fields.derive(self.pepper, label)
        return self._peppered[label]

    def _held(self) -> dict[int, bytes]:
        if not self._holds_versions:
            raise KeyNotHeld
        return self._versions

    def _look_again(self) -> None:
        """The versions of files that were added are known. A version whose file was removed stays, and opens what it sealed."""
        if self.files is not None:
            held = self._held()
            added = [version for version in self.files.versions() if version not in held]
            held.update({version: self.files.read(SERVICE, version) for version in added})
