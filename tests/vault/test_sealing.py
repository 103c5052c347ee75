"""Identities are sealed so that the threshold counts, the erasure key counts, and no name looks like a name."""

from itertools import combinations
from uuid import UUID, uuid4

import pytest

from app.crypto import hpke, identity
from app.crypto.errors import SealBroken
from app.vault import sealing
from app.vault.models import IdentityShare, SealedIdentity
from tests.builders.intake import OfflineIdentity

ORGANISATION, CASE = uuid4(), uuid4()
SEEDS = {uuid4(): hpke.new_seed() for _ in range(3)}
CUSTODIANS = [identity.Custodian(one, hpke.public_key(seed)) for one, seed in SEEDS.items()]


class _Row:
    """A row as the database would return it."""

    def __init__(self, columns: dict[str, object]) -> None:
        self.__dict__.update(columns)


def prepared(*people: bytes) -> tuple[sealing.Sealing, list[OfflineIdentity]]:
    sealed = sealing.prepare(ORGANISATION, CASE, people, CUSTODIANS, 2)
    (_, identities), (_, shares) = sealed.rows
    return sealed, [
        OfflineIdentity(
            _Row(row),  # type: ignore[arg-type]
            {share["custodian_id"]: share["share"] for share in shares if share["identity_id"] == row["id"]},
        )
        for row in identities
    ]


@pytest.mark.parametrize("those", list(combinations(SEEDS, 2)))
def test_any_two_of_three_custodians_open_an_identity(those: tuple[UUID, ...]) -> None:
    sealed, (one,) = prepared(b'{"name":"Robin Ashe"}')
    key = sealed.erasure_keys[one.id]
    assert one.open({custodian: SEEDS[custodian] for custodian in those}, key) == {"name": "Robin Ashe"}


@pytest.mark.parametrize("custodian", list(SEEDS))
def test_one_custodian_alone_opens_nothing(custodian: UUID) -> None:
    sealed, (one,) = prepared(b'{"name":"Robin Ashe"}')
    with pytest.raises(SealBroken):
        one.open({custodian: SEEDS[custodian]}, sealed.erasure_keys[one.id])


def test_all_custodians_together_open_nothing_without_the_erasure_key() -> None:
    sealed, (one, other) = prepared(b'{"name":"Robin Ashe"}', b'{"name":"Sam Archer"}')
    for wrong in (bytes(32), sealed.erasure_keys[other.id]):
        with pytest.raises(SealBroken):
            one.open(SEEDS, wrong)


def test_no_name_is_as_long_as_a_name() -> None:
    sealed, _ = prepared(b"", b'{"name":"Robin Ashe","contact":"robin@example.org"}')
    (_, identities), (_, shares) = sealed.rows
    assert len({len(row["ciphertext"]) for row in identities}) == 1
    assert len({len(row["share"]) for row in shares}) == 1


def test_every_column_of_the_rows_is_given() -> None:
    sealed, _ = prepared(b"")
    for table, rows in sealed.rows:
        assert all(set(row) == set(table.columns.keys()) for row in rows)
    assert [table.name for table, _ in sealed.rows] == [SealedIdentity.__tablename__, IdentityShare.__tablename__]


def test_nobody_makes_no_rows() -> None:
    assert sealing.prepare(ORGANISATION, CASE, [], CUSTODIANS, 2) == sealing.Sealing((), (), {})
