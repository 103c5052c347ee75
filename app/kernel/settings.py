"""Every setting of the service, with its bounds. docs/settings.md is generated from here."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, HttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.crypto.notes import COSIGNATURE, Verifier

ARGON2_LEAST_MEMORY_KIB = 19_456
"""Source: OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB of memory with two iterations is the least."""
ARGON2_LEAST_ITERATIONS = 2


def _witness_key(vkey: str) -> str:
    if Verifier.read(vkey).kind != COSIGNATURE:
        raise ValueError("must be the key of a witness: of kind 0x04")
    return vkey


def _clamd_address(address: str) -> str:
    if re.fullmatch(r"unix:/.+|tcp://[^/:]+:[0-9]{1,5}", address) is None:
        raise ValueError("must be unix:/path or tcp://host:port")
    return address


ClamdAddress = Annotated[str, AfterValidator(_clamd_address)]
WitnessKey = Annotated[str, AfterValidator(_witness_key)]


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
    key_provider: Annotated[
        Literal["file", "aws-kms", "vault-transit"],
        Field(description="Who wraps the key files: nobody (file), AWS KMS, or the Transit engine of Vault."),
    ] = "file"
    aws_kms_key: Annotated[
        str | None, Field(max_length=2048, description="For aws-kms: the key's ARN, id or alias; best its ARN.")
    ] = None
    aws_region: Annotated[str | None, Field(max_length=64, description="For aws-kms: the key's region.")] = None
    aws_kms_endpoint: Annotated[
        HttpUrl | None, Field(description="For aws-kms: where to ask, if not at the region's public address.")
    ] = None
    vault_url: Annotated[HttpUrl | None, Field(description="For vault-transit: the address of Vault.")] = None
    vault_mount: Annotated[
        str, Field(min_length=1, max_length=200, description="For vault-transit: where the Transit engine is mounted.")
    ] = "transit"
    vault_key: Annotated[str | None, Field(max_length=200, description="For vault-transit: the name of the key.")] = (
        None
    )
    vault_token: Annotated[
        SecretStr | None, Field(description="For vault-transit: the token. Better is a file of it.")
    ] = None
    vault_token_file: Annotated[
        Path | None, Field(description="For vault-transit: the file that holds the token, mode 0400 or 0600.")
    ] = None
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
            description="Threads for work that blocks, each for signing in, reporting, parts of files, whole files and the rest.",
        ),
    ] = 2
    slow_queue: Annotated[
        int, Field(ge=0, le=1000, description="Callers that may wait for each of the five; one more gets 503.")
    ] = 64
    access_token_minutes: Annotated[int, Field(ge=1, le=15, description="Life of an access token, in minutes.")] = 10
    refresh_token_days: Annotated[int, Field(ge=1, le=90, description="Life of an unused refresh token, in days.")] = 14
    one_time_password_days: Annotated[int, Field(ge=1, le=30, description="Life of an invitation, in days.")] = 7
    inbox_session_minutes: Annotated[
        int, Field(ge=1, le=60, description="Life of a reporter's inbox session, in minutes.")
    ] = 15
    opening_notice_hours: Annotated[
        int,
        Field(
            ge=0,
            le=48,
            description="Hours between the notice to a reporter and the release of what custodians approved.",
        ),
    ] = 24
    body_bytes: Annotated[
        int, Field(ge=65_536, le=16_777_216, description="Largest body of a request, in bytes; a larger one gets 413.")
    ] = 1_048_576
    file_bytes: Annotated[
        int, Field(ge=1_048_576, le=17_179_869_184, description="Largest file that may be sent, in bytes.")
    ] = 1_073_741_824
    grievance_file_bytes: Annotated[
        int, Field(ge=1_048_576, le=1_099_511_627_776, description="Most bytes of all files of one grievance together.")
    ] = 4_294_967_296
    grievance_files: Annotated[
        int, Field(ge=1, le=10_000, description="Most files of one grievance, those that are on their way included.")
    ] = 100
    file_store: Annotated[
        Literal["folder", "s3"],
        Field(
            description="Where encrypted files are kept: in the data folder, or in a bucket of an S3-compatible store."
        ),
    ] = "folder"
    s3_bucket: Annotated[str, Field(max_length=63, description="For s3: the name of the bucket.")] = "candour"
    s3_endpoint: Annotated[
        HttpUrl | None, Field(description="For s3: where to ask, if not at the public address of AWS.")
    ] = None
    s3_region: Annotated[str | None, Field(max_length=64, description="For s3: the bucket's region.")] = None
    clean_bytes: Annotated[
        int,
        Field(
            ge=0,
            le=1_073_741_824,
            description="Largest file of which a copy without metadata is made, in memory, in bytes; 0 makes none.",
        ),
    ] = 67_108_864
    clean_seconds: Annotated[int, Field(ge=1, le=600, description="Seconds that mat2 may take for one file.")] = 60
    clamd_address: Annotated[
        ClamdAddress | None,
        Field(
            description="Where ClamAV scans files before they are kept: unix:/path/of/clamd.ctl or tcp://host:port; empty means nowhere.",
        ),
    ] = None

    runs_jobs: Annotated[bool, Field(description="Whether `serve` also runs the jobs of `python -m app worker`.")] = (
        True
    )
    worker_seconds: Annotated[
        int, Field(ge=1, le=3600, description="Seconds between two runs of the sequencer of the proof log.")
    ] = 60
    log_witnesses: Annotated[
        tuple[WitnessKey, ...],
        Field(max_length=20, description="Keys of those who may cosign checkpoints, as text (a JSON list)."),
    ] = ()

    log_timestamp_url: Annotated[
        HttpUrl | None,
        Field(description="Where an authority stamps public checkpoints (RFC 3161); empty means nowhere."),
    ] = None
    log_timestamp_roots: Annotated[
        Path | None, Field(description="Certificates (PEM) that vouch for that authority; `audit verify` needs them.")
    ] = None

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
    def files_folder(self) -> Path:
        """Where encrypted files are, if no other store is chosen."""
        return self.data_folder / "files"

    @property
    def erasure_folder(self) -> Path:
        """Where the erasure key of each sealed identity is: a store of its own, apart from the database."""
        return self.data_folder / "erasure-keys"
