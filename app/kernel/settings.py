"""Every setting of the service, with its bounds. docs/settings.md is generated from here."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, EmailStr, Field, HttpUrl, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.crypto.notes import COSIGNATURE, Verifier
from app.kernel.pressure import Policy

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
HourOfDay = Annotated[int, Field(ge=0, le=23)]
ListedHost = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?$")]
_OTHERS_MAY = 0o077


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
            description="Threads for work that blocks, each for signing in, reporting, inboxes, parts of files, whole files and the rest.",
        ),
    ] = 2
    slow_queue: Annotated[
        int, Field(ge=0, le=1000, description="Callers that may wait for each of the six; one more gets 503.")
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

    proof_of_work: Annotated[
        Policy,
        Field(
            description="When public doors that cost ask for a proof of work: off, always, or under-pressure (half of a queue or budget is taken)."
        ),
    ] = Policy.UNDER_PRESSURE
    proof_of_work_tries: Annotated[
        int,
        Field(
            ge=100, le=50_000, description="Most tries of a proof of work; a thousand take a browser about a second."
        ),
    ] = 2_000
    intake_per_minute: Annotated[
        int,
        Field(ge=10, le=10_000_000, description="Grievances that one process takes a minute from everybody together."),
    ] = 600
    inbox_per_minute: Annotated[
        int, Field(ge=10, le=10_000_000, description="Receipts that one process looks at a minute.")
    ] = 1_200
    public_per_minute: Annotated[
        int,
        Field(
            ge=10,
            le=10_000_000,
            description="The same of each other public door that costs: supporters, hints, files, signing in.",
        ),
    ] = 1_200
    slow_lane_per_minute: Annotated[
        int,
        Field(
            ge=1,
            le=10_000_000,
            description="How many of each of these a minute need no proof of work while one is asked for: for people without scripts.",
        ),
    ] = 30

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

    smtp_host: Annotated[
        str | None, Field(max_length=253, description="The mail server that notices go to; empty means no mail.")
    ] = None
    smtp_port: Annotated[int, Field(ge=1, le=65_535, description="Its port.")] = 587
    smtp_security: Annotated[
        Literal["starttls", "tls", "none"],
        Field(description="How mail goes there: starttls, tls from the first byte, or none, to this machine only."),
    ] = "starttls"
    smtp_username: Annotated[str | None, Field(max_length=320, description="Who signs in there; empty: nobody.")] = None
    smtp_password: Annotated[SecretStr | None, Field(description="With which password. Better is a file of it.")] = None
    smtp_password_file: Annotated[
        Path | None, Field(description="The file that holds that password, mode 0400 or 0600.")
    ] = None
    mail_from: Annotated[EmailStr | None, Field(description="The address that notices come from.")] = None
    notice_slots: Annotated[
        tuple[HourOfDay, ...],
        Field(min_length=1, max_length=24, description="The hours, in UTC, at which notices go (a JSON list)."),
    ] = (7, 15)
    notice_attempts: Annotated[
        int, Field(ge=1, le=30, description="How often a notice is tried before it is given up; ten take nine hours.")
    ] = 10
    webhook_hosts: Annotated[
        frozenset[ListedHost],
        Field(max_length=100, description="Exact hosts, or host:port, that webhooks may go to (a JSON list)."),
    ] = frozenset()
    webhook_internal_hosts: Annotated[
        frozenset[ListedHost],
        Field(max_length=100, description="Those of them that may have an address inside your network (a JSON list)."),
    ] = frozenset()
    outgoing_roots: Annotated[
        Path | None,
        Field(description="Certificates (PEM) to trust beside the system's, for the mail server and webhooks."),
    ] = None

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Self:
        if self.smtp_host is None:
            return self
        if self.mail_from is None:
            raise ValueError("mail needs an address that it comes from: set CANDOUR_MAIL_FROM")
        if self.smtp_security == "none" and not _is_this_machine(self.smtp_host):
            raise ValueError("mail goes in clear to this machine only: set CANDOUR_SMTP_SECURITY to starttls or tls")
        return self

    def read_smtp_password(self) -> str | None:
        """Return the password for the mail server, if one is set.

        Raises:
            ValueError: its file is open to others.

        """
        if self.smtp_password_file is None:
            return None if self.smtp_password is None else self.smtp_password.get_secret_value()
        if self.smtp_password_file.stat().st_mode & _OTHERS_MAY:
            raise ValueError("the file of the mail server's password is open to others: make it 0400")
        return self.smtp_password_file.read_text().strip()

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
