"""Every setting of the service, with its bounds. docs/settings.md is generated from here."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, HttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ARGON2_LEAST_MEMORY_KIB = 19_456
"""Source: OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB of memory with two iterations is the least."""
ARGON2_LEAST_ITERATIONS = 2


class Settings(BaseSettings):
    """What an operator may set, by environment variables that start with CANDOUR_."""

    model_config = SettingsConfigDict(env_prefix="CANDOUR_", frozen=True, extra="ignore")

    data_folder: Annotated[
        Path, Field(description="Private folder of keys, the embedded database and the erasure keys.")
    ] = Path("data")
    database_url: Annotated[
        SecretStr | None,
        Field(
            description="SQLAlchemy address of PostgreSQL (postgresql+asyncpg://…); empty means SQLite in the data folder."
        ),
    ] = None
    database_connections: Annotated[
        int, Field(ge=1, le=200, description="Most PostgreSQL connections of one process.")
    ] = 20
    public_url: Annotated[
        HttpUrl, Field(description="Where people reach the service; it heads the type of every problem.")
    ] = HttpUrl("http://127.0.0.1:8000")
    organisation_name: Annotated[
        str, Field(min_length=1, max_length=200, description="Name of the organisation made at the first start.")
    ] = "Your organisation"
    faces: Annotated[
        frozenset[Literal["reporter", "staff"]],
        Field(min_length=1, description="Which sides this process serves: reporter, staff or both (a JSON list)."),
    ] = frozenset({"reporter", "staff"})
    password_memory_kib: Annotated[
        int, Field(ge=ARGON2_LEAST_MEMORY_KIB, le=1_048_576, description="Argon2id memory for passwords, in KiB.")
    ] = 65_536
    password_iterations: Annotated[
        int, Field(ge=ARGON2_LEAST_ITERATIONS, le=20, description="Argon2id iterations for passwords.")
    ] = 3
    slow_workers: Annotated[
        int,
        Field(
            ge=1,
            le=64,
            description="Threads for work that blocks, each for signing in, for reporting and for the rest.",
        ),
    ] = 2
    slow_queue: Annotated[
        int, Field(ge=0, le=1000, description="Callers that may wait for each of the three; one more gets 503.")
    ] = 64
    access_token_minutes: Annotated[int, Field(ge=1, le=15, description="Life of an access token, in minutes.")] = 10
    refresh_token_days: Annotated[int, Field(ge=1, le=90, description="Life of an unused refresh token, in days.")] = 14
    one_time_password_days: Annotated[int, Field(ge=1, le=30, description="Life of an invitation, in days.")] = 7
    inbox_session_minutes: Annotated[
        int, Field(ge=1, le=60, description="Life of a reporter's inbox session, in minutes.")
    ] = 15
    body_bytes: Annotated[
        int, Field(ge=65_536, le=16_777_216, description="Largest body of a request, in bytes; a larger one gets 413.")
    ] = 1_048_576

    @property
    def effective_database_url(self) -> str:
        """The SQLAlchemy address in force: the one set, or SQLite in the data folder."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.data_folder.absolute() / 'candour.db'}"

    @property
    def keys_folder(self) -> Path:
        """Where the service's own keys are."""
        return self.data_folder / "keys"

    @property
    def erasure_folder(self) -> Path:
        """Where the erasure key of each sealed identity is: a store of its own, apart from the database."""
        return self.data_folder / "erasure-keys"
