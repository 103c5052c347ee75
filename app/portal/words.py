"""Every sentence of the pages in every language: one catalogue of named texts a language, in words/*.toml. Pure."""

import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from app.portal.languages import Language


class Words:
    """The texts of one language. A text is plain: what stands in it is escaped where it is shown."""

    def __init__(self, language: Language, texts: dict[str, str]) -> None:
        """Hold the texts by their names."""
        self.language = language
        self._texts = texts

    def __call__(self, name: str, **values: object) -> str:
        """Return a text with its places filled in.

        Raises:
            KeyError: there is no such text, or a place of it is not given.

        """
        return self._texts[name].format_map(values)

    def __contains__(self, name: str) -> bool:
        return name in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def raw(self, name: str) -> str:
        """Return a text with its places still open."""
        return self._texts[name]

    def day(self, day: date) -> str:
        """Return a day as people write it."""
        return f"{day.day} {self(f'month.{day.month}')} {day.year}"


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


@cache
def of(language: Language) -> Words:
    """Return the texts of a language."""
    content = (files("app.portal") / "words" / f"{language.value}.toml").read_text("utf-8")
    return Words(language, dict(_flat(tomllib.loads(content))))
