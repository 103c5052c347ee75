"""Looks through a text that was not sent yet for what may tell who wrote it. Blocks for some milliseconds; keeps nothing."""

from collections.abc import Iterator

from app.detection import self_identification
from app.detection.self_identification import LANGUAGES
from app.intake.channel_settings import chosen
from app.intake.hints_schemas import HintOut, HintsIn, HintsOut

_MOST = 200
"""More places than anybody would go through."""
CAUTION = {
    "en": "A program found these places. What it does not find may still tell who you are: what you alone know, when you saw it, how you write.",
    "cy": "Rhaglen a ganfu'r mannau hyn. Gall yr hyn nad yw'n ei ganfod ddweud pwy ydych o hyd: yr hyn a wyddoch chi yn unig, pryd y'i gwelsoch, "
    "sut rydych yn ysgrifennu.",
}


def spoken(language: str | None, accepted: str | None) -> str:
    """Return the language of the advice."""
    return chosen(LANGUAGES, language, accepted)


def find(draft: HintsIn, language: str) -> HintsOut:
    """Return the places in the texts of a draft, text by text."""
    items = [
        HintOut(
            pointer=pointer,
            start=hint.start,
            end=hint.end,
            kind=hint.kind,
            advice=self_identification.advice(hint.kind, language),
        )
        for pointer, text in _texts(draft)
        for hint in self_identification.find(text, draft.own_names)
    ]
    return HintsOut(items=items[:_MOST], caution=CAUTION[language])


def _texts(draft: HintsIn) -> Iterator[tuple[str, str]]:
    yield "/headline", draft.headline
    yield "/narrative", draft.narrative
    yield "/capacity", draft.capacity
    for number, statement in enumerate(draft.statements):
        yield f"/statements/{number}", statement
