"""Who keeps the key that the service's key files are wrapped under. Format of such a file: docs/formats.md, "Wrapped key file".

The keys are unwrapped once, at the start, and then held in memory: no request waits for a provider, but the first that seals
after a new version was made.
"""

import importlib
from typing import Protocol

from app.crypto import contexts
from app.kernel.keyring import KEY_BYTES, FileProvider, KeyFiles, KeyFilesUnsafe, Provider
from app.kernel.settings import Settings

FORMAT = 1
AWS_KMS, VAULT_TRANSIT = "aws-kms", "vault-transit"
CODES = {AWS_KMS: 1, VAULT_TRANSIT: 2}
"""The byte that stands for each provider in a file."""
CONNECT_SECONDS, ANSWER_SECONDS = 3, 5
"""How long a provider may take, each time it is asked. An operator who starts the service is told within seconds."""


class Keeper(Protocol):
    """A service elsewhere that encrypts under a key which it does not give away."""

    key_id: str

    def encrypt(self, key: bytes, kind: str, version: int) -> bytes:
        """Return the ciphertext of a key, bound to its kind and version.

        Raises:
            KeyFilesUnsafe: it refuses, or does not answer.

        """

    def decrypt(self, ciphertext: bytes, kind: str, version: int) -> bytes:
        """Return the key.

        Raises:
            KeyFilesUnsafe: it refuses, does not answer, or the ciphertext is of another kind or version, or damaged.

        """


def binding(kind: str, version: int) -> bytes:
    """Return what a ciphertext of a key is bound to, where a keeper takes bytes."""
    return contexts.encode("wrapped-key", kind, version)


class WrappingProvider:
    """The files hold the keys as a keeper encrypted them."""

    def __init__(self, name: str, keeper: Keeper) -> None:
        """Wrap by `keeper`, known as `name`."""
        self.name = name
        self._keeper = keeper

    def wrap(self, key: bytes, kind: str, version: int) -> bytes:
        """Return the content of the file of a key.

        Raises:
            KeyFilesUnsafe: the keeper refuses, or does not answer.

        """
        ciphertext = self._keeper.encrypt(key, kind, version)
        return bytes((FORMAT, CODES[self.name])) + _item(self._keeper.key_id.encode()) + _item(ciphertext)

    def unwrap(self, content: bytes, kind: str, version: int) -> bytes:
        """Return the key that a file holds.

        Raises:
            KeyFilesUnsafe: it is not wrapped, or not by this keeper under this key; of another kind or version; damaged; or
                the keeper refuses or does not answer.

        """
        key = self._keeper.decrypt(self._ciphertext(content), kind, version)
        if len(key) != KEY_BYTES:
            message = f"{self.name} answered with a key of another size"
            raise KeyFilesUnsafe(message)
        return key

    def _ciphertext(self, content: bytes) -> bytes:
        if len(content) == KEY_BYTES:
            message = f"it is not wrapped, or damaged: `keys rewrap --from file` wraps it by {self.name}"
            raise KeyFilesUnsafe(message)
        if content[:1] != bytes((FORMAT,)):
            message = "it has a format that is not known here"
            raise KeyFilesUnsafe(message)
        if content[1:2] != bytes((CODES[self.name],)):
            message = f"it was not wrapped by {self.name}"
            raise KeyFilesUnsafe(message)
        key_id, rest = _split_item(content[2:])
        ciphertext, rest = _split_item(rest)
        if rest or not ciphertext:
            raise KeyFilesUnsafe(_DAMAGED)
        if key_id != self._keeper.key_id.encode():
            message = f"it was wrapped by {self.name} under another key than the settings name"
            raise KeyFilesUnsafe(message)
        return ciphertext


_DAMAGED = "it is damaged"


def _item(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def _split_item(content: bytes) -> tuple[bytes, bytes]:
    """Return the first item, and what follows it.

    Raises:
        KeyFilesUnsafe: there is no whole item.

    """
    end = 4 + int.from_bytes(content[:4], "big")
    if len(content) < max(end, 4):
        raise KeyFilesUnsafe(_DAMAGED)
    return content[4:end], content[end:]


def provider_of(settings: Settings, name: str | None = None) -> Provider:
    """Return the provider that the settings name, or the one of that name with their settings for it. Nothing connects yet.

    Raises:
        KeyFilesUnsafe: a setting that it needs is missing, or it was not installed.

    """
    chosen = name or settings.key_provider
    if chosen == FileProvider.name:
        return FileProvider()
    module, extra = {AWS_KMS: ("key_aws", "aws"), VAULT_TRANSIT: ("key_vault", "vault")}[chosen]
    try:
        keeper: Keeper = importlib.import_module(f"app.kernel.{module}").keeper_of(settings)
    except ModuleNotFoundError as missing:
        message = f"the key provider {chosen} is not installed: pip install 'candour[{extra}]'"
        raise KeyFilesUnsafe(message) from missing
    return WrappingProvider(chosen, keeper)


def key_files(settings: Settings) -> KeyFiles:
    """Return the folder of keys with the provider that the settings name.

    Raises:
        KeyFilesUnsafe: a setting that the provider needs is missing, or it was not installed.

    """
    return KeyFiles(settings.keys_folder, provider_of(settings))
