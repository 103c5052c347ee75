"""Who can open a case key, and what it seals where."""

from uuid import uuid4

import pytest

from app.crypto import case_keys, hpke
from app.crypto.errors import SealBroken

ORGANISATION, CASE, ACCOUNT, ROW = (uuid4() for _ in range(4))
PRIVATE, OTHER = hpke.PrivateKey(hpke.new_seed()), hpke.PrivateKey(hpke.new_seed())
KEY = case_keys.new_case_key()


def grant_to(private: hpke.PrivateKey) -> bytes:
    """The case key, granted."""
    return case_keys.seal_grant(KEY, 1, ORGANISATION, CASE, ACCOUNT, hpke.PublicKey(private.public))


def test_every_case_has_a_key_of_its_own() -> None:
    assert len({case_keys.new_case_key() for _ in range(100)}) == 100
    assert len(KEY) == case_keys.KEY_BYTES


def test_an_account_opens_its_grant() -> None:
    assert case_keys.open_grant(PRIVATE, grant_to(PRIVATE), 1, ORGANISATION, CASE, ACCOUNT) == KEY


def test_no_other_account_opens_it() -> None:
    with pytest.raises(SealBroken):
        case_keys.open_grant(OTHER, grant_to(PRIVATE), 1, ORGANISATION, CASE, ACCOUNT)


@pytest.mark.parametrize(
    ("version", "organisation", "case", "account"),
    [
        (2, ORGANISATION, CASE, ACCOUNT),
        (1, uuid4(), CASE, ACCOUNT),
        (1, ORGANISATION, uuid4(), ACCOUNT),
        (1, ORGANISATION, CASE, uuid4()),
    ],
)
def test_a_grant_moved_elsewhere_does_not_open(
    version: int, organisation: object, case: object, account: object
) -> None:
    with pytest.raises(SealBroken):
        case_keys.open_grant(PRIVATE, grant_to(PRIVATE), version, organisation, case, account)  # type: ignore[arg-type]


def test_what_is_sealed_under_the_case_key_opens_in_its_place_alone() -> None:
    sealed = case_keys.seal_under(KEY, "conversation", ORGANISATION, CASE, ROW, b"content")
    assert case_keys.open_under(KEY, "conversation", ORGANISATION, CASE, ROW, sealed) == b"content"
    for key, label, organisation, case, row in (
        (case_keys.new_case_key(), "conversation", ORGANISATION, CASE, ROW),
        (KEY, "other", ORGANISATION, CASE, ROW),
        (KEY, "conversation", uuid4(), CASE, ROW),
        (KEY, "conversation", ORGANISATION, uuid4(), ROW),
        (KEY, "conversation", ORGANISATION, CASE, uuid4()),
    ):
        with pytest.raises(SealBroken):
            case_keys.open_under(key, label, organisation, case, row, sealed)
