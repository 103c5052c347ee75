"""Signing in and out. Tokens and unlock secret are in one file of the client's folder, until the session ends.

The file has mode 0600 and no passphrase of its own: a session ends by itself, and whoever could read the file as its owner could
as well watch the owner type. What opens an identity is in the key file, which has one.
"""

import json
import time
from typing import Annotated, Any
from uuid import UUID

import typer

from app.client import places, terminal
from app.client.server import Answer, Server, ServerRefused
from app.client.terminal import Failure

FILE = "session.json"
_SOON = 30
"""Seconds before its end at which an access token is exchanged."""


class Session(Server):
    """A service, asked as whoever signed in."""

    account: UUID

    @classmethod
    def standing(cls) -> "Session":
        """Return the session of the last `login`.

        Raises:
            Failure: nobody is signed in, or the session is over.

        """
        path = places.folder() / FILE
        try:
            kept = Answer(json.loads(places.read_private(path)))
        except FileNotFoundError:
            raise Failure("Nobody is signed in: use login first.") from None
        except places.OpenToOthers as error:
            raise Failure(f"{error}. Sign in again.") from error
        except ValueError:
            raise Failure("The file of the session is damaged: sign in again.") from None
        session = cls(kept.text("server"))
        session.account = kept.uuid("account")
        session.take(kept)
        if kept.number("ends_at") - _SOON < time.time():
            session.renew(kept.text("refresh_token"))
        return session

    def renew(self, refresh_token: str) -> None:
        """The session goes on with new tokens.

        Raises:
            Failure: it is over.

        """
        try:
            tokens = self.post("/v1/auth/refresh", {"refresh_token": refresh_token})
        except ServerRefused as refused:
            raise Failure("The session is over: sign in again.") from refused
        self.keep(tokens)

    def take(self, tokens: Answer) -> None:
        """Ask with these tokens from now on."""
        self.use({"Authorization": f"Bearer {tokens.text('access_token')}", "X-Unlock": tokens.text("unlock_secret")})

    def keep(self, tokens: Answer) -> None:
        """Ask with these tokens from now on, and in later commands."""
        self.take(tokens)
        kept: dict[str, Any] = {
            "server": self.address,
            "account": str(self.account),
            "access_token": tokens.text("access_token"),
            "ends_at": int(time.time()) + tokens.number("expires_in"),
            "refresh_token": tokens.text("refresh_token"),
            "unlock_secret": tokens.text("unlock_secret"),
        }
        places.write(places.folder() / FILE, json.dumps(kept).encode())


def login(server: Annotated[str, typer.Option(help="Address of the service.")]) -> None:
    """Sign in with username, password and the code of your authenticator, each asked for."""
    session = Session(server)
    username = terminal.ask("Username")
    password = terminal.ask_secret("Password")
    code = terminal.ask_secret("Code of the authenticator")
    tokens = session.post("/v1/auth/token", {"username": username, "password": password, "totp_code": code})
    session.take(tokens)
    me = session.get("/v1/me")
    session.account = me.uuid("id")
    session.keep(tokens)
    terminal.say(f"Signed in as {me.text('display_name')}, account {session.account}.")


def logout() -> None:
    """End the session, and forget it here."""
    path = places.folder() / FILE
    try:
        Session.standing().post("/v1/auth/revoke")
    finally:
        path.unlink(missing_ok=True)
    terminal.say("Signed out.")
