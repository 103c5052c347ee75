"""Bytes that come in from outside and go out again: standard base64 with its padding, in one spelling."""

import base64
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True)
class Base64:
    """Marks a field of bytes: `Annotated[bytes, Base64(64, 64, "what it is")]`. Lengths are in bytes."""

    least: int
    most: int
    what: str

    def read(self, text: object) -> bytes:
        """Return the bytes that a text spells.

        Raises:
            ValueError: it is no text, not in the one spelling, or has another length. The message is the rule.

        """
        try:
            content = base64.b64decode(text, validate=True) if isinstance(text, str) else None
        except ValueError:
            content = None
        if content is None or spell(content) != text:
            raise ValueError("must be standard base64 with its padding")
        if not self.least <= len(content) <= self.most:
            bounds = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
            raise ValueError(f"must be {bounds} bytes in standard base64")
        return content

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        """Read the text before pydantic sees bytes."""
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Say so in OpenAPI."""
        return {
            "type": "string",
            "contentEncoding": "base64",
            "minLength": 4 * -(-self.least // 3),
            "maxLength": 4 * -(-self.most // 3),
            "description": self.what,
        }


def spell(content: bytes) -> str:
    """Return bytes as the API shows them."""
    return base64.b64encode(content).decode()
