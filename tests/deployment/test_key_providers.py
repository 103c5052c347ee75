"""The service's keys wrapped by a key service elsewhere: whatever is not right is named at the start, and changes nothing."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count
from typer.testing import CliRunner

from app import rotation, setup
from app.cli import app as commands
from app.kernel.key_providers import key_files
from app.kernel.keyring import PEPPER, SERVICE, KeyFilesUnsafe, ServiceKeys
from app.kernel.runtime import Runtime
from app.kernel.settings import Settings
from tests.builders.vault_server import TOKEN, Transit, running

REGION = "eu-west-2"


@dataclass
class Elsewhere:
    """A key service, and the deployment whose keys it wraps."""

    settings: Settings
    deny: Callable[[], None]
    turn: Callable[[], None]


def wrapped(tmp_path: Path, **options: Any) -> Settings:  # noqa: ANN401 settings are of any type
    """Return the settings of a deployment of its own."""
    return Settings(
        data_folder=tmp_path / "data", database_url=None, password_memory_kib=19_456, password_iterations=2, **options
    )


@pytest.fixture(params=["aws-kms", "vault-transit"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    """A deployment that was started once, with its keys wrapped by one of the two providers."""
    if request.param == "vault-transit":
        transit, token_file = Transit(), tmp_path / "token"
        token_file.write_text(TOKEN + "\n")
        token_file.chmod(0o400)
        with running(transit) as address:
            settings = wrapped(
                tmp_path,
                key_provider="vault-transit",
                vault_url=address,
                vault_key="candour",
                vault_token_file=token_file,
            )
            assert setup.set_up(settings) is not None
            yield Elsewhere(settings, lambda: setattr(transit, "token", "another"), lambda: transit.turn("candour"))
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        kms = boto3.client("kms", region_name=REGION)
        arn = kms.create_key()["KeyMetadata"]["Arn"]
        settings = wrapped(tmp_path, key_provider="aws-kms", aws_kms_key=arn, aws_region=REGION)
        assert setup.set_up(settings) is not None

        def deny() -> None:
            iam = boto3.client("iam", region_name=REGION)
            iam.create_user(UserName="nobody")
            made = iam.create_access_key(UserName="nobody")["AccessKey"]
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", made["AccessKeyId"])
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", made["SecretAccessKey"])

        def turn() -> None:
            kms.rotate_key_on_demand(KeyId=arn)

        yield Elsewhere(settings, deny, turn)


def contents(settings: Settings) -> dict[str, bytes]:
    """Return every file of the keys folder."""
    return {path.name: path.read_bytes() for path in sorted(settings.keys_folder.iterdir())}


def put(settings: Settings, name: str, content: bytes) -> None:
    """The key file has that content, written by somebody else."""
    path = settings.keys_folder / name
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    path.chmod(0o400)


def refused(settings: Settings) -> str:
    """Return why the service does not start; nothing was changed by trying."""
    before = contents(settings)
    with pytest.raises(KeyFilesUnsafe) as unsafe:
        setup.set_up(settings)
    assert contents(settings) == before
    return str(unsafe.value)


def test_no_key_is_in_its_file_in_clear_and_a_second_start_opens_them(elsewhere: Elsewhere) -> None:
    keys = ServiceKeys.from_files(key_files(elsewhere.settings))
    files = contents(elsewhere.settings)
    assert set(files) == {"log.key", "log.pub", "pepper.key", "service-1.key", "tokens-1.pem"}
    for key in (keys.pepper, keys._versions[1]):
        assert len(key) == 32
        assert all(key not in content for content in files.values())
    assert setup.set_up(elsewhere.settings) is None


def test_the_file_of_a_key_is_laid_out_as_the_document_says(elsewhere: Elsewhere) -> None:
    content = contents(elsewhere.settings)["service-1.key"]
    aws = elsewhere.settings.key_provider == "aws-kms"
    key_id = (elsewhere.settings.aws_kms_key if aws else "transit/candour") or ""
    head = bytes((1, 1 if aws else 2)) + len(key_id).to_bytes(4, "big") + key_id.encode()
    assert content.startswith(head)
    rest = content[len(head) :]
    assert int.from_bytes(rest[:4], "big") == len(rest) - 4
    assert aws or rest[4:].startswith(b"vault:v1:")


def test_a_key_file_that_bears_the_name_of_another_version_or_kind_does_not_open(elsewhere: Elsewhere) -> None:
    settings = elsewhere.settings
    files = contents(settings)
    put(settings, "service-2.key", files["service-1.key"])
    assert "service-2.key" in refused(settings)
    (settings.keys_folder / "service-2.key").unlink()
    put(settings, "pepper.key", files["service-1.key"])
    assert "pepper.key" in refused(settings)


@pytest.mark.parametrize("kept", [0, 1, 2, 5, 7, 40, -1])
def test_a_truncated_key_file_is_named(elsewhere: Elsewhere, kept: int) -> None:
    put(elsewhere.settings, "service-1.key", contents(elsewhere.settings)["service-1.key"][:kept])
    assert "key file service-1.key: " in refused(elsewhere.settings)


@pytest.mark.parametrize(
    ("alter", "why"),
    [
        (lambda content: b"\x02" + content[1:], "a format that is not known"),
        (lambda content: content[:1] + b"\x07" + content[2:], "was not wrapped by"),
        (lambda content: content[:1] + bytes((3 - content[1],)) + content[2:], "was not wrapped by"),
        (lambda content: content[:6] + b"x" + content[7:], "under another key than the settings name"),
        (lambda content: content + b"x", "it is damaged"),
        (lambda content: content[:-1] + bytes((content[-1] ^ 1,)), "refuses: "),
        (lambda _: bytes(32), "it is not wrapped"),
    ],
)
def test_a_key_file_that_was_altered_is_named_with_what_is_wrong(
    elsewhere: Elsewhere, alter: Callable[[bytes], bytes], why: str
) -> None:
    put(elsewhere.settings, "pepper.key", alter(contents(elsewhere.settings)["pepper.key"]))
    said = refused(elsewhere.settings)
    assert said.startswith("key file pepper.key: ")
    assert why in said


def test_a_key_file_that_others_may_read_is_refused(elsewhere: Elsewhere) -> None:
    (elsewhere.settings.keys_folder / "service-1.key").chmod(0o440)
    assert "open to others" in refused(elsewhere.settings)


def test_a_provider_that_denies_is_named_and_the_service_does_not_start(elsewhere: Elsewhere) -> None:
    elsewhere.deny()
    said = set_initial_no_auth_action_count(0)(refused)(elsewhere.settings)
    assert "key file service-1.key: " in said
    assert "AWS KMS refuses: 403" in said or "Vault refuses: Forbidden" in said
    assert TOKEN not in said


def test_a_provider_that_denies_makes_no_other_key_and_the_service_goes_on_with_the_one_it_has(
    elsewhere: Elsewhere,
) -> None:
    runtime, before = Runtime.from_settings(elsewhere.settings), contents(elsewhere.settings)
    elsewhere.deny()

    async def rotated() -> None:
        try:
            await rotation.rotate(runtime, lambda _: None, grace=0)
        finally:
            await runtime.close()

    with pytest.raises(KeyFilesUnsafe, match="refuses: "):
        set_initial_no_auth_action_count(0)(lambda: asyncio.run(rotated()))()
    assert contents(elsewhere.settings) == before
    assert runtime.keys.active == 1


def test_the_wrapped_files_of_another_deployment_are_not_served_with(elsewhere: Elsewhere, tmp_path: Path) -> None:
    other = elsewhere.settings.model_copy(update={"data_folder": tmp_path / "other"})
    assert setup.set_up(other) is not None
    put(elsewhere.settings, "service-1.key", contents(other)["service-1.key"])
    assert "not those that this database was written with" in refused(elsewhere.settings)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"key_provider": "aws-kms"}, "CANDOUR_AWS_KMS_KEY"),
        ({"key_provider": "vault-transit", "vault_key": "candour"}, "CANDOUR_VAULT_URL"),
        (
            {
                "key_provider": "vault-transit",
                "vault_key": "candour",
                "vault_url": "http://127.0.0.1:9",
                "vault_token": "hidden",
            },
            "Vault cannot be asked: ConnectionError",
        ),
        (
            {
                "key_provider": "aws-kms",
                "aws_kms_key": "alias/candour",
                "aws_region": REGION,
                "aws_kms_endpoint": "http://127.0.0.1:9",
            },
            "AWS KMS cannot be asked: EndpointConnectionError",
        ),
    ],
)
def test_a_provider_that_is_not_set_or_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], why: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with pytest.raises(KeyFilesUnsafe) as unsafe:
        setup.set_up(wrapped(tmp_path, **options))
    assert why in str(unsafe.value)
    assert "hidden" not in str(unsafe.value)


def test_a_provider_whose_library_is_not_installed_says_which_extra_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "app.kernel.key_vault", None)
    with pytest.raises(KeyFilesUnsafe, match=r"candour\[vault\]"):
        key_files(wrapped(tmp_path, key_provider="vault-transit"))


async def test_turning_the_key_over_also_wraps_the_files_anew(elsewhere: Elsewhere) -> None:
    before, settings = contents(elsewhere.settings), elsewhere.settings
    elsewhere.turn()
    runtime = Runtime.from_settings(settings)
    outcome = await rotation.rotate(runtime, lambda _: None, grace=0)
    await runtime.close()
    after = contents(settings)
    assert (outcome.version, outcome.removed, outcome.rewrapped) == (2, [1], 2)
    assert set(after) == {"log.key", "log.pub", "pepper.key", "service-2.key", "tokens-1.pem"}
    assert before["pepper.key"] != after["pepper.key"]
    if settings.key_provider == "vault-transit":
        assert [b"vault:v2:" in after[name] for name in ("pepper.key", "service-2.key")] == [True, True]


def test_a_deployment_moves_to_a_provider_and_back_and_its_keys_stay(
    elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, settings = key_files(elsewhere.settings), elsewhere.settings
    keys = {kind: files.read(kind, version) for kind, version in ((SERVICE, 1), (PEPPER, 0))}
    plain = settings.model_copy(update={"key_provider": "file"})
    assert "is wrapped by another key provider" in refused(plain)
    assert rotation.rewrap(key_files(plain), files.provider) == 2
    assert (contents(plain)["service-1.key"], contents(plain)["pepper.key"]) == (keys[SERVICE], keys[PEPPER])
    assert "it is not wrapped" in refused(settings)

    for name, value in settings.model_dump(exclude_unset=True).items():
        if isinstance(value, (str, Path)) or name == "vault_url":
            monkeypatch.setenv(f"CANDOUR_{name.upper()}", str(value))
    monkeypatch.delenv("CANDOUR_DATABASE_URL", raising=False)
    shutil.copytree(settings.data_folder, tmp_path / "backup")
    said = CliRunner().invoke(commands, ["keys", "rewrap", "--from", "file"])
    assert (said.exit_code, "2 key files are wrapped by" in said.output) == (0, True), said.output
    assert setup.set_up(settings) is None
    assert files.read(SERVICE, 1) == keys[SERVICE]
