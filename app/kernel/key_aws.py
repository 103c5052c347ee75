"""Keys wrapped by AWS KMS. Loaded only where the settings choose it; credentials come from where boto3 looks for them."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.kernel.key_providers import ANSWER_SECONDS, CONNECT_SECONDS
from app.kernel.keyring import KeyFilesUnsafe
from app.kernel.settings import Settings


class AwsKms:
    """A symmetric key of AWS KMS."""

    def __init__(self, key_id: str, region: str, endpoint: str | None) -> None:
        """Use the key of that id, ARN or alias."""
        self.key_id = key_id
        self._kms: Any = boto3.client(
            "kms",
            region_name=region,
            endpoint_url=endpoint,
            config=Config(
                connect_timeout=CONNECT_SECONDS, read_timeout=ANSWER_SECONDS, retries={"total_max_attempts": 2}
            ),
        )

    def encrypt(self, key: bytes, kind: str, version: int) -> bytes:
        """Return the ciphertext of a key, bound to its kind and version.

        Raises:
            KeyFilesUnsafe: KMS refuses, or does not answer.

        """
        return self._ask(self._kms.encrypt, kind, version, "CiphertextBlob", Plaintext=key)

    def decrypt(self, ciphertext: bytes, kind: str, version: int) -> bytes:
        """Return the key.

        Raises:
            KeyFilesUnsafe: KMS refuses, does not answer, or the ciphertext is of another kind or version, or damaged.

        """
        return self._ask(self._kms.decrypt, kind, version, "Plaintext", CiphertextBlob=ciphertext)

    def _ask(self, operation: Callable[..., Any], kind: str, version: int, answer: str, **content: bytes) -> bytes:
        context = {"candour-key": kind, "candour-version": str(version)}
        try:
            found: bytes = operation(KeyId=self.key_id, EncryptionContext=context, **content)[answer]
        except ClientError as refused:
            message = f"AWS KMS refuses: {refused.response['Error']['Code']}"
            raise KeyFilesUnsafe(message) from None
        except BotoCoreError as failed:
            message = f"AWS KMS cannot be asked: {type(failed).__name__}"
            raise KeyFilesUnsafe(message) from None
        return found


def keeper_of(settings: Settings) -> AwsKms:
    """Return the key that the settings name.

    Raises:
        KeyFilesUnsafe: they do not name one, or its region.

    """
    if settings.aws_kms_key is None or settings.aws_region is None:
        message = "the key provider aws-kms needs CANDOUR_AWS_KMS_KEY and CANDOUR_AWS_REGION"
        raise KeyFilesUnsafe(message)
    endpoint = settings.aws_kms_endpoint
    return AwsKms(settings.aws_kms_key, settings.aws_region, None if endpoint is None else str(endpoint))
