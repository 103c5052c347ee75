"""Keys wrapped by the Transit engine of Vault. Loaded only where the settings choose it."""

import base64
from collections.abc import Callable
from typing import Any

import hvac
from hvac.exceptions import VaultError
from requests import RequestException

from app.kernel.key_providers import ANSWER_SECONDS, CONNECT_SECONDS, binding
from app.kernel.keyring import KeyFilesUnsafe, read_private
from app.kernel.settings import Settings


class VaultTransit:
    """A symmetric key of the Transit engine, of a kind that takes associated data: aes256-gcm96 or chacha20-poly1305."""

    def __init__(self, settings: Settings) -> None:
        """Use the address, the mount, the key and the token of the settings; a file of the token is read at each use."""
        self._settings = settings
        self.key_id = f"{settings.vault_mount}/{settings.vault_key}"

    def encrypt(self, key: bytes, kind: str, version: int) -> bytes:
        """Return the ciphertext of a key, bound to its kind and version.

        Raises:
            KeyFilesUnsafe: Vault refuses, or does not answer.

        """
        plaintext = base64.b64encode(key).decode()
        return self._ask("encrypt_data", "ciphertext", kind, version, plaintext=plaintext).encode()

    def decrypt(self, ciphertext: bytes, kind: str, version: int) -> bytes:
        """Return the key.

        Raises:
            KeyFilesUnsafe: Vault refuses, does not answer, or the ciphertext is of another kind or version, or damaged.

        """
        text = ciphertext.decode("ascii", "replace")
        return base64.b64decode(self._ask("decrypt_data", "plaintext", kind, version, ciphertext=text))

    def _ask(self, operation: str, answer: str, kind: str, version: int, **content: str) -> str:
        associated_data = base64.b64encode(binding(kind, version)).decode()
        client = hvac.Client(
            url=str(self._settings.vault_url).rstrip("/"),
            token=_token(self._settings),
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            allow_redirects=False,
        )
        ask: Callable[..., Any] = getattr(client.secrets.transit, operation)
        try:
            found = ask(
                name=self._settings.vault_key,
                mount_point=self._settings.vault_mount,
                associated_data=associated_data,
                **content,
            )
            text: str = found["data"][answer]
        except VaultError as refused:
            message = f"Vault refuses: {type(refused).__name__}"
            raise KeyFilesUnsafe(message) from None
        except (RequestException, KeyError, TypeError, ValueError) as failed:
            message = f"Vault cannot be asked: {type(failed).__name__}"
            raise KeyFilesUnsafe(message) from None
        return text


def _token(settings: Settings) -> str:
    if settings.vault_token is not None:
        return settings.vault_token.get_secret_value()
    assert settings.vault_token_file is not None  # noqa: S101 keeper_of asked for one of the two
    return read_private(settings.vault_token_file).decode().strip()


def keeper_of(settings: Settings) -> VaultTransit:
    """Return the key that the settings name.

    Raises:
        KeyFilesUnsafe: they do not name one, its address, or a token.

    """
    has_token = settings.vault_token is not None or settings.vault_token_file is not None
    if settings.vault_url is None or settings.vault_key is None or not has_token:
        message = (
            "the key provider vault-transit needs CANDOUR_VAULT_URL, CANDOUR_VAULT_KEY, "
            "and CANDOUR_VAULT_TOKEN_FILE or CANDOUR_VAULT_TOKEN"
        )
        raise KeyFilesUnsafe(message)
    return VaultTransit(settings)
