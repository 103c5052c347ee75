"""What a requester's machine keeps of a request is what the document of formats says, and is gone afterwards."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from app.client import requests
from app.client.terminal import Failure
from app.crypto import hpke, keyfiles, signing
from app.crypto.keyfiles import Kind
from app.crypto.openings import Purpose, Request
from tests.crypto import reference

NOW = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
SEED = bytes(range(32))
REQUEST = Request(
    id=UUID(int=8), purpose=Purpose.IDENTITY, organisation=UUID(int=1), case=UUID(int=2), subject=UUID(int=7),
    requester=UUID(int=6), manifest=bytes(32), key=hpke.public_key(SEED), reason="To protect them.",
    legal_basis="Article 16(2)", made_at=NOW, expires_at=NOW + timedelta(hours=1),
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a client."""
    monkeypatch.setenv("CANDOUR_CLIENT_FOLDER", str(tmp_path / "client"))
    return tmp_path / "client"


def test_a_kept_request_opens_by_the_document_alone(folder: Path) -> None:
    own = keyfiles.new_keys(Kind.REQUESTER)
    kept = requests.keep(REQUEST, SEED, own)
    [file] = (folder / "requests").iterdir()
    info = reference.context("opening-request-kept", REQUEST.id.bytes)
    key = reference.hkdf_expand(reference.hkdf_extract(b"", own.signing_seed), info, 32)
    opened = reference.open_field(key, info, file.read_bytes())
    assert opened == SEED + kept.signed.signature + kept.signed.document
    assert requests.find(REQUEST.id, own, Purpose.IDENTITY) == kept


def test_a_kept_request_opens_with_the_keys_that_made_it_alone_and_once(folder: Path) -> None:
    own = keyfiles.new_keys(Kind.REQUESTER)
    requests.keep(REQUEST, SEED, own)
    with pytest.raises(Failure):
        requests.find(REQUEST.id, replace(own, signing_seed=signing.new_seed()), Purpose.IDENTITY)
    with pytest.raises(FileExistsError):
        requests.keep(REQUEST, SEED, own)
    requests.forget(REQUEST.id)
    with pytest.raises(Failure):
        requests.find(REQUEST.id, own, Purpose.IDENTITY)
    assert list((folder / "requests").iterdir()) == []
