"""What goes over the wire about accounts, signing in and oneself."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from app.accounts.models import AccountState
from app.accounts.secrets import LONGEST_PASSWORD, SHORTEST_PASSWORD
from app.crypto.texts import tidy_line
from app.kernel.texts import Line
from app.policy.actors import Role

USERNAME_LENGTH = 100
_SECRET_LENGTH = 43
"""Characters of 256 bits in base64url."""


def _without_blanks(text: str) -> str:
    """Return the username in the form that is kept."""
    tidied = tidy_line(text, USERNAME_LENGTH)
    if any(character.isspace() for character in tidied):
        raise ValueError("must not hold blanks")
    return tidied


Username = Annotated[
    str,
    Field(
        min_length=1,
        max_length=USERNAME_LENGTH,
        description="What one signs in with. Capitals and small letters are the same.",
        examples=["d.okafor"],
        json_schema_extra={"pattern": r"^[^\s\u0000-\u001f\u007f-\u009f]+$"},
    ),
    AfterValidator(_without_blanks),
]
Roles = Annotated[
    set[Role],
    Field(min_length=1, max_length=len(Role), description="What the account is for.", examples=[["investigator"]]),
]


class _In(BaseModel):
    """What comes in has no field that is not known here."""

    model_config = ConfigDict(extra="forbid")


class AccountIn(_In):
    """Somebody to invite."""

    username: Username
    display_name: Line = Field(description="How others see the account.", examples=["Dora Okafor"])
    roles: Roles


class RolesIn(_In):
    """All the roles the account is to have."""

    roles: Roles


class AccountOut(BaseModel):
    """An account."""

    id: UUID
    username: str
    display_name: str
    roles: list[Role]
    state: AccountState
    version: int = Field(description="Counts changes; the ETag.")


class ColleagueOut(BaseModel):
    """Somebody who can be appointed to a case, or walled off from it."""

    id: UUID
    display_name: str
    roles: list[Role]


class InvitedOut(AccountOut):
    """An account that was just invited."""

    one_time_password: str = Field(
        description="Shown this once. Give it to the person by a way you trust; it chooses the real password.",
        examples=["7K2QD-9XWMB-0RTFA-H4C3N"],
    )
    valid_until: date = Field(description="Last day of the invitation.")


class ActivationIn(_In):
    """The first thing an invited person does."""

    username: Username
    one_time_password: SecretStr = Field(
        min_length=1, max_length=40, description="From the invitation.", examples=["7K2QD-9XWMB-0RTFA-H4C3N"]
    )
    password: SecretStr = Field(
        min_length=SHORTEST_PASSWORD,
        max_length=LONGEST_PASSWORD,
        description="The password from now on. If it is lost, so is what only it opens: a reset gives another key pair.",
        examples=["blue tram over the Itchen"],
    )


class ActivationOut(BaseModel):
    """What an authenticator app needs. Shown once."""

    totp_secret: str = Field(examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])
    totp_uri: str = Field(
        description="Make a QR code of it, on this machine.",
        examples=["otpauth://totp/Candour:d.okafor?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Candour"],
    )


class CredentialsIn(_In):
    """What proves who one is."""

    username: Username
    password: SecretStr = Field(
        min_length=1, max_length=LONGEST_PASSWORD, description="Your password.", examples=["blue tram over the Itchen"]
    )
    totp_code: str = Field(pattern="^[0-9]{6}$", description="Six digits from the authenticator.", examples=["492039"])


class RefreshIn(_In):
    """What is swapped for the next pair of tokens."""

    refresh_token: str = Field(
        min_length=_SECRET_LENGTH,
        max_length=_SECRET_LENGTH,
        pattern="^[A-Za-z0-9_-]+$",
        description="From the last answer of this kind. It works once; used twice, it ends the session.",
        examples=["q2Xf0oJ5m3rVxk6mJ3uS0cQm1b9sQyT8rXW4ZbP7d1E"],
    )


class TokensOut(BaseModel):
    """A session: what to send with each request, and how to go on afterwards."""

    access_token: str = Field(description="Send as Authorization: Bearer …")
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 the name of a scheme
    expires_in: int = Field(description="Seconds until the access token ends.", examples=[600])
    refresh_token: str = Field(description="Good for one refresh.")
    unlock_secret: str | None = Field(
        description="Send as X-Unlock. The service keeps no copy: sealed content opens with it alone. None if the account "
        "has a vault passphrase and this session was not unlocked by it yet."
    )


class UnlockIn(_In):
    """What opens an account that has a vault passphrase."""

    passphrase: SecretStr = Field(min_length=1, max_length=LONGEST_PASSWORD, examples=["seven kites above the quay"])


class UnlockOut(BaseModel):
    """The power to open, for this session."""

    unlock_secret: str = Field(
        description="Send as X-Unlock. The service keeps no copy: sealed content opens with it alone."
    )


class MeOut(BaseModel):
    """Oneself."""

    id: UUID
    username: str
    display_name: str
    roles: list[Role]
    public_key: str = Field(
        description="What case keys are granted to: X-Wing (MLKEM768-X25519), 1216 bytes in base64."
    )


class SessionOut(BaseModel):
    """One sign-in that has not ended."""

    id: UUID
    is_current: bool = Field(description="Whether it is the one that asks.")
    is_unlocked: bool = Field(description="Whether it was given an unlock secret.")
    expires_at: datetime = Field(description="When it ends if it is not used.")


class VaultPassphraseIn(_In):
    """A passphrase that opens, apart from the password that signs in."""

    current_password: SecretStr = Field(
        min_length=1, max_length=LONGEST_PASSWORD, examples=["blue tram over the Itchen"]
    )
    passphrase: SecretStr = Field(
        min_length=SHORTEST_PASSWORD,
        max_length=LONGEST_PASSWORD,
        description="Another one than the password. If it is lost, so is what only it opens.",
        examples=["seven kites above the quay"],
    )


class VaultPassphraseRemovalIn(_In):
    """What opens again from now on."""

    current_password: SecretStr = Field(
        min_length=1, max_length=LONGEST_PASSWORD, examples=["blue tram over the Itchen"]
    )


class PasswordIn(_In):
    """A change of one's password."""

    current_password: SecretStr = Field(
        min_length=1, max_length=LONGEST_PASSWORD, examples=["blue tram over the Itchen"]
    )
    new_password: SecretStr = Field(
        min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD, examples=["nine herons on a wet roof"]
    )
