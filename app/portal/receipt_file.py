"""The receipt as a text file. Whatever the words are, it is of one length. Pure."""

from collections.abc import Sequence
from datetime import date

from app.crypto.receipts import WORDS
from app.portal import words
from app.portal.forms import Kept
from app.portal.languages import Language

_LONGEST_WORD = max(map(len, WORDS))


def text(kept: Kept, language: Language) -> str:
    """Return what is saved: each word with its number on a line of its own, then what the page said of it."""
    t = words.of(language)
    days = {
        name: t.day(date.fromisoformat(day)).ljust(len("30 September 2026"))
        for name, day in (("acknowledge_by", kept.acknowledge_by), ("feedback_by", kept.feedback_by))
    }
    lines = [
        t("receipt.title"),
        "",
        *_numbered(kept.words),
        "",
        f"{t('receipt.reference')}: {kept.reference}",
        f"{t('receipt.acknowledge_by')}: {days['acknowledge_by']}",
        f"{t('receipt.feedback_by')}: {days['feedback_by']}",
        "",
        t("receipt.only_way"),
        t("receipt.file_note"),
        "",
    ]
    return "\r\n".join(lines)


def text_of_supporter(receipt: Sequence[str], language: Language) -> str:
    """Return what a supporter saves: it tells neither what is supported nor of which grievance."""
    t = words.of(language)
    lines = [t("support.file_title"), "", *_numbered(receipt), "", t("support.only_way"), t("support.file_note"), ""]
    return "\r\n".join(lines)


def _numbered(receipt: Sequence[str]) -> list[str]:
    return [f"{number}. {word.ljust(_LONGEST_WORD)}" for number, word in enumerate(receipt, 1)]
