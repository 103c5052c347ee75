"""Strings that must be found nowhere, and bodies that carry them through every field."""

from collections.abc import Iterator
from typing import Any

from tests.builders.canaries import fresh_letters

MARK = "Canary"


class Canaries:
    """Makes canaries and remembers which field each went through."""

    def __init__(self) -> None:
        """Start with none."""
        self.sent: dict[str, str] = {}

    def new(self, where: str, *, public: bool = False) -> str:
        """Return a fresh canary for a field. One of a public field is not looked for in the database."""
        canary = f"{MARK}{'P' if public else 'S'}{fresh_letters(10)}"
        self.sent[canary] = where
        return canary

    def in_text(self, text: str) -> list[str]:
        """Return where the canaries in a text were sent."""
        return [self.sent[canary] for canary in self.sent if canary in text] if MARK in text else []

    def in_bytes(self, content: bytes) -> list[str]:
        """Return where the secret canaries in some bytes were sent: as text, as UTF-16 and as hex of text."""
        return [
            where
            for canary, where in self.sent.items()
            if canary.startswith(f"{MARK}S")
            and any(
                form in content
                for form in (canary.encode(), canary.encode("utf-16-le"), canary.encode().hex().encode())
            )
        ]


class Filler:
    """Fills the request bodies of an OpenAPI document with canaries."""

    def __init__(self, document: dict[str, Any], canaries: Canaries) -> None:
        """Use the document's schemas."""
        self.schemas = document["components"]["schemas"]
        self.canaries = canaries

    def fill(self, schema: dict[str, Any], where: str, *, public: bool = False) -> Any:  # noqa: ANN401, PLR0911 any JSON
        """Return a value of the schema with a canary in each of its texts."""
        if "$ref" in schema:
            return self.fill(self.schemas[schema["$ref"].rpartition("/")[2]], where, public=public)
        if "anyOf" in schema:
            return self.fill(schema["anyOf"][0], where, public=public)
        if "enum" in schema:
            return schema["enum"][0]
        if "const" in schema:
            return schema["const"]
        kind = schema.get("type")
        if kind == "object":
            return {
                name: self.fill(part, f"{where}/{name}", public=public)
                for name, part in schema.get("properties", {}).items()
            }
        if kind == "array":
            return [self.fill(schema["items"], where, public=public)]
        if kind == "integer":
            return schema.get("minimum", 1)
        if kind == "boolean":
            return True
        known = {"date": "2026-01-05", "uuid": "0197a7a8-0000-7000-8000-000000000000"}.get(schema.get("format", ""))
        return known or self.canaries.new(where, public=public)

    def spoilt(self, body: Any, where: str) -> Iterator[Any]:  # noqa: ANN401 any JSON
        """Yield bodies that break a rule and hold a canary where they break it."""
        yield self.canaries.new(f"{where} as text")
        yield [self.canaries.new(f"{where} as list")]
        if not isinstance(body, dict):
            return
        yield {**body, self.canaries.new(f"{where} unknown name"): self.canaries.new(f"{where} unknown value")}
        for name in body:
            at = f"{where}/{name}"
            yield {**body, name: self.canaries.new(f"{at} too long") * 20_000}
            yield {**body, name: {self.canaries.new(f"{at} as name"): self.canaries.new(f"{at} as object")}}
            yield {**body, name: [self.canaries.new(f"{at} in list")] * 3}
            yield {**body, name: self.canaries.new(f"{at} with control") + "\u0000"}
