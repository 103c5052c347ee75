"""The way to hold a reporter's open inbox on a page: the cookie, and for what acts in it a token that our page alone has."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from fastapi import Depends, Request, Response

from app.intake import inbox
from app.intake.inbox import InboxClosed, Visit
from app.kernel.db import DbSession
from app.kernel.sealed import open_keys
from app.policy.guard import Guard
from app.portal.routing import NotFromOurPage

TOKEN_FIELD = "token"  # noqa: S105 the name of a field
CLEARED = '"cache", "cookies", "storage"'


@dataclass(frozen=True)
class PageVisit:
    """A reporter in their open inbox, in a browser."""

    visit: Visit
    form_token: str


class AsVisitor(Guard):
    """The door of an inbox in a browser: whoever has its cookie; and for a form, a page of that very session."""

    relation = "reporter"

    async def __call__(self, request: Request, session: DbSession) -> PageVisit:
        """Return the visit, its conversation's key open for this request.

        Raises:
            InboxClosed: the cookie opens no inbox, or no longer.
            NotFromOurPage: a form came without the token of the session.

        """
        cookie = request.cookies.get(cookie_name(request), "")
        visit, key = await inbox.enter(session, cookie)
        if key is None:  # a client opened it that reads on its own machine: no page could show its texts
            raise InboxClosed
        form_token = form_token_of(cookie)
        if request.method != "GET" and not hmac.compare_digest(
            request.state.form.one(TOKEN_FIELD).encode(), form_token.encode()
        ):
            raise NotFromOurPage
        open_keys.get().add(visit.grievance.id, visit.grievance.key_version, key)
        await self.admit(request, session, f"reporter {visit.reporter.grievance_id}")
        return PageVisit(visit, form_token)


as_visitor: Any = Depends(AsVisitor())
"""The dependency that yields a reporter's visit to their inbox in a browser."""


def form_token_of(cookie: str) -> str:
    """Return what a page of this session knows and no other site does. It is stored nowhere, so that it is no format."""
    return hmac.digest(cookie.encode(), b"a form of this inbox", sha256).hex()


def is_secure(request: Request) -> bool:
    """Whether people reach the service over TLS. An onion service over plain HTTP is encrypted by Tor instead."""
    return bool(request.app.state.runtime.settings.public_url.scheme == "https")


def cookie_name(request: Request) -> str:
    """Return the name of the cookie. Browsers keep the prefix for cookies that no other host and no plain answer can set."""
    return "__Host-inbox" if is_secure(request) else "inbox"


def remember(request: Request, response: Response, token: str) -> None:
    """The browser has the token of the inbox until it is closed, where no script can read it."""
    _set(request, response, token)


def forget(request: Request, response: Response) -> None:
    """The browser has the cookie no more, nor anything else of this site. The answer names no hour, as others would."""
    _set(request, response, "", max_age=0)
    response.headers["Clear-Site-Data"] = CLEARED


def _set(request: Request, response: Response, value: str, max_age: int | None = None) -> None:
    response.set_cookie(
        cookie_name(request), value, max_age, path="/", secure=is_secure(request), httponly=True, samesite="strict"
    )
