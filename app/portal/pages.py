"""Makes pages out of templates and plain values, each filled up to one of a few lengths. Pure."""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from app.intake.status import BUCKET_STEP, SMALLEST_BUCKET
from app.portal import words
from app.portal.languages import Language

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content security policy of the pages: a stylesheet and forms of their own, and nothing else."""
STYLE = "/portal/style.css"
_ENVIRONMENT = Environment(
    loader=PackageLoader("app.portal"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def page(template: str, language: Language, **values: object) -> str:
    """Return a whole page, followed by blanks up to one of a few lengths.

    `t` is what its template takes texts by, `day` what writes a date. A template that needs more names it in `values`.
    """
    texts = words.of(language)
    html = _ENVIRONMENT.get_template(template).render(
        {"elsewhere": None, "problem": None, "errors": {}, "unsent": None} | values,
        t=texts,
        day=texts.day,
        language=language.value,
        other=language.other.value,
        home=f"/{language.value}",
        style=STYLE,
    )
    return filled(html)


def filled(text: str) -> str:
    """Return the text with blanks after it, so that in UTF-8 it takes 8, 32, 128 KiB and so on: its length tells no more."""
    length, bucket = len(text.encode()), SMALLEST_BUCKET
    while bucket < length:
        bucket *= BUCKET_STEP
    return text + " " * (bucket - length)


@cache
def style() -> bytes:
    """Return the stylesheet."""
    return (files("app.portal") / "static" / "portal.css").read_bytes()
