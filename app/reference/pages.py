"""Small HTML pages out of plain values. No script, no style from elsewhere."""

from html import escape
from inspect import cleandoc

from app.kernel.problems import Problem

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""Content security policy of these pages: nothing but their own style."""
DOCUMENTATION_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'"
)
"""The same for the documentation page, which runs a script served from this package."""
_STYLE = (
    "body{font:1.1rem/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
    "a{color:#0b4f8a}code{background:#f0f0f0;padding:.1em .3em}dt{font-weight:600;margin-top:1em}"
)


def page(title: str, body: str) -> str:
    """Return a whole page. `title` is escaped; `body` is HTML of our own."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html><html lang="en"><head>{head}<style>{_STYLE}</style></head><body><main>{body}</main></body></html>'


def problem_page(kind: type[Problem]) -> str:
    """Return the page of a problem type: its title, status and docstring."""
    text = escape(cleandoc(kind.__doc__ or ""))
    body = f"<h1>{escape(kind.title)}</h1><p>{text}</p><p>Status {kind.status}, type <code>{kind.slug()}</code>.</p>"
    return page(kind.title, body + '<p><a href="/problems">All problems</a></p>')


def problem_index() -> str:
    """Return the page that lists every problem type."""
    rows = "".join(
        f'<dt><a href="/problems/{kind.slug()}">{escape(kind.title)}</a> ({kind.status})</dt><dd>{escape(cleandoc(kind.__doc__ or ""))}</dd>'
        for kind in Problem.all()
    )
    return page(
        "Problems", f"<h1>Problems</h1><p>Every refusal names its type. These are all of them.</p><dl>{rows}</dl>"
    )


def documentation() -> str:
    """Return the page that shows the API by Swagger UI, from files of this service alone."""
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Candour API</title>'
    assets = '<link rel="stylesheet" href="/docs/assets/swagger-ui.css"><link rel="icon" href="data:,">'
    scripts = '<script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/assets/start.js"></script>'
    return f'<!doctype html><html lang="en"><head>{head}{assets}</head><body><div id="swagger-ui"></div>{scripts}</body></html>'
