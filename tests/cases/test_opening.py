"""The rows of a new case, as intake stores them."""

from datetime import date
from uuid import uuid4

import pytest

from app.cases import opening
from app.cases.escrow import Holders
from app.crypto import case_keys, hpke, identity
from app.duties.profiles import LawProfile
from app.kernel.keyring import ServiceKeys

SEEDS = [hpke.new_seed() for _ in range(2)]
OFFICERS = [opening.Officer(uuid4(), hpke.PublicKey(hpke.public_key(seed))) for seed in SEEDS]
ORGANISATION, CHANNEL = uuid4(), uuid4()
CUSTODIAN_SEEDS = {uuid4(): hpke.new_seed() for _ in range(3)}
HOLDERS = Holders(tuple(identity.Custodian(one, hpke.public_key(seed)) for one, seed in CUSTODIAN_SEEDS.items()), 2)
KEYS = ServiceKeys({1: bytes(32)}, bytes(32))


def a_new_case(officers: list[opening.Officer] = OFFICERS, **options: object) -> tuple[opening.NewCase, bytes]:
    """A case received on the last day of a leap year's February."""
    return opening.prepare(
        opening.Origin(ORGANISATION, CHANNEL, LawProfile.EU_2019_1937), officers, HOLDERS, date(2024, 2, 29), KEYS, **options  # type: ignore[arg-type]
    )  # fmt: skip


def test_every_column_of_every_row_is_given() -> None:
    for table, rows in a_new_case()[0].rows:
        assert rows != []
        for row in rows:
            assert set(row) == {column.name for column in table.columns}
            assert [name for name, value in row.items() if value is None and not table.columns[name].nullable] == []


def test_each_officer_is_appointed_and_can_open_the_key_and_nobody_else_has_it() -> None:
    case, key = a_new_case()
    [_, (_, appointments), (_, grants), *_] = case.rows
    accounts = [officer.account_id for officer in OFFICERS]
    assert [row["account_id"] for row in appointments] == [row["account_id"] for row in grants] == accounts
    for seed, row in zip(SEEDS, grants, strict=True):
        opened = case_keys.open_grant(
            hpke.PrivateKey(seed), row["sealed_key"], case.version, ORGANISATION, case.id, row["account_id"]
        )
        assert opened == key


def test_the_clocks_start_at_receipt() -> None:
    case, _ = a_new_case()
    assert (case.acknowledge_by, case.feedback_by) == (date(2024, 3, 7), date(2024, 6, 7))
    [(_, [row]), *_] = case.rows
    assert (row["acknowledge_by"], row["feedback_by"], row["received_on"]) == (
        case.acknowledge_by,
        case.feedback_by,
        date(2024, 2, 29),
    )


def test_a_representative_is_left_out_of_their_own_case() -> None:
    case, _ = a_new_case(representative_id=OFFICERS[0].account_id)
    [(_, [row]), (_, appointments), (_, grants), *_] = case.rows
    assert row["representative_id"] == OFFICERS[0].account_id
    assert {one["account_id"] for one in (*appointments, *grants)} == {OFFICERS[1].account_id}


@pytest.mark.parametrize("officers", [[], OFFICERS[:1]])
def test_a_case_that_nobody_could_open_is_not_made(officers: list[opening.Officer]) -> None:
    with pytest.raises(ValueError, match="officer"):
        a_new_case(officers, representative_id=OFFICERS[0].account_id)


def test_neither_the_key_nor_its_grants_are_printed() -> None:
    case, key = a_new_case()
    assert repr(key) not in repr(case)
    assert "sealed_key" not in repr(case)
