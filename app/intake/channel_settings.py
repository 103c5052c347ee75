"""What an administrator settles of a channel besides whom it seals to: languages, files, holidays, own categories. Pure.

A channel that was opened before a setting existed has none stored; the value that stands here counts then.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DEFAULT_LANGUAGE = "en"
LANGUAGE_PATTERN = "^[a-z]{2,3}$"
"""ISO 639 codes: which country speaks it makes no difference to a procedure."""
LANGUAGE_LENGTH = 3
LARGEST_FILE_BYTES = 1 << 30
MOST_FILES = 100
_MOST_HEADER = 200
_RANGE = re.compile(r"\s*([a-zA-Z]{1,8}|\*)(?:-[a-zA-Z0-9-]{1,20})?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?")


class FileKind(StrEnum):
    """Groups of kinds of files that a channel may take."""

    DOCUMENTS = "documents"
    IMAGES = "images"
    AUDIO = "audio"
    VIDEO = "video"


@dataclass(frozen=True)
class FileRules:
    """What files a channel takes."""

    largest_bytes: int = LARGEST_FILE_BYTES
    most_files: int = 20
    kinds: frozenset[FileKind] = frozenset(FileKind)


def file_rules(channel: Any) -> FileRules:  # noqa: ANN401 a row or an entity that has the column file_rules
    """Return what files a channel takes: for whoever stores them."""
    stored: Mapping[str, Any] | None = channel.file_rules
    if stored is None:
        return FileRules()
    kinds = frozenset(FileKind(kind) for kind in stored["kinds"])
    return FileRules(stored["largest_bytes"], stored["most_files"], kinds)


def languages_of(channel: Any) -> list[str]:  # noqa: ANN401 a row or an entity
    """Return the languages that a channel speaks, its default first."""
    return [channel.default_language or DEFAULT_LANGUAGE, *sorted(channel.translations or {})]


def chosen(languages: Sequence[str], asked: str | None, accepted: str | None) -> str:
    """Return the language to answer in: the one asked for, else the best of the Accept-Language header, else the first.

    Source: RFC 9110, section 12.5.4. A header that is longer than people's or that cannot be read says nothing.
    """
    if asked is not None and asked in languages:
        return asked
    for language in _accepted(accepted or ""):
        if language == "*":
            break
        if language in languages:
            return language
    return languages[0]


def _accepted(header: str) -> list[str]:
    weighted: list[tuple[float, int, str]] = []
    for part in header.split(",") if len(header) <= _MOST_HEADER else []:
        found = _RANGE.fullmatch(part)
        if found is not None and (weight := float(found[2] or 1)) > 0:
            weighted.append((-weight, len(weighted), found[1].lower()))
    return [language for _, _, language in sorted(weighted)]


@dataclass(frozen=True)
class Texts:
    """The texts of a channel in one language."""

    name: str
    procedure_text: str
    elsewhere: str | None


def texts_of(channel: Any, language: str) -> Texts:  # noqa: ANN401 a row or an entity
    """Return the texts of a channel in a language that it speaks; `elsewhere` of its default where that lacks one."""
    found = (channel.translations or {}).get(language)
    if found is None:
        return Texts(channel.name, channel.procedure_text, channel.elsewhere)
    return Texts(found["name"], found["procedure_text"], found.get("elsewhere") or channel.elsewhere)


@dataclass(frozen=True)
class OwnCategory:
    """A category of the organisation's own: a grievance that no law calls a disclosure."""

    code: str
    names: Mapping[str, str]
    """By language; of the channel's default language there always is one."""


def own_categories_of(channel: Any) -> list[OwnCategory]:  # noqa: ANN401 a row or an entity
    """Return the organisation's own categories of a channel, in its order."""
    return [OwnCategory(one["code"], one["names"]) for one in channel.own_categories or []]


def named_in(names: Mapping[str, str], language: str, default: str) -> str:
    """Return a name in a language, or else in the default, or else in English, or else any."""
    for one in (language, default, DEFAULT_LANGUAGE):
        if one in names:
            return names[one]
    return next(iter(names.values()))
