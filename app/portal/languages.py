"""The languages of the pages, and which of them a browser asks for. Pure."""

from enum import StrEnum


class Language(StrEnum):
    """A language that every sentence of the pages exists in. Its value stands in addresses and in `<html lang>`."""

    ENGLISH = "en"
    WELSH = "cy"

    @property
    def other(self) -> "Language":
        """The other of the two."""
        return Language.WELSH if self is Language.ENGLISH else Language.ENGLISH


def preferred(accept_language: str) -> Language:
    """Return the language that a header Accept-Language prefers among ours; English where it names none, or cannot be read."""
    best, best_weight = Language.ENGLISH, 0.0
    for part in accept_language.split(","):
        tag, _, parameter = part.strip().partition(";")
        name = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter.strip())
        if name in set(Language) and weight > best_weight:
            best, best_weight = Language(name), weight
    return best


def _weight(parameter: str) -> float:
    if not parameter:
        return 1.0
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0


LANGUAGE_NAMES = {
    "ar": "العربية", "bn": "বাংলা", "cy": "Cymraeg", "de": "Deutsch", "en": "English", "es": "Español", "fa": "فارسی",
    "fr": "Français", "ga": "Gaeilge", "gd": "Gàidhlig", "gu": "ગુજરાતી", "hi": "हिन्दी", "it": "Italiano", "lt": "Lietuvių",
    "pa": "ਪੰਜਾਬੀ", "pl": "Polski", "pt": "Português", "ro": "Română", "so": "Soomaali", "ta": "தமிழ்", "tr": "Türkçe",
    "uk": "Українська", "ur": "اردو", "zh": "中文",
}  # fmt: skip
"""Languages that the texts of a channel may be in, each by its own name. Another is shown by its code."""
