"""The links of the log: what any change of an event or a row does to them."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audit import chain

ORGANISATION, CASE, ACTOR, ROW = (UUID(int=number) for number in range(1, 5))
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EVENT = chain.Event(ORGANISATION, CASE, 1, "finding.recorded", ACTOR, AT, (chain.Touched("findings", ROW, "ab"),))
CHANGED = {
    "organisation": chain.Event(CASE, CASE, 1, "finding.recorded", ACTOR, AT, EVENT.touched),
    "chain": chain.Event(ORGANISATION, ROW, 1, "finding.recorded", ACTOR, AT, EVENT.touched),
    "sequence": chain.Event(ORGANISATION, CASE, 2, "finding.recorded", ACTOR, AT, EVENT.touched),
    "event": chain.Event(ORGANISATION, CASE, 1, "finding.removed", ACTOR, AT, EVENT.touched),
    "actor": chain.Event(ORGANISATION, CASE, 1, "finding.recorded", None, AT, EVENT.touched),
    "minute": chain.Event(ORGANISATION, CASE, 1, "finding.recorded", ACTOR, AT.replace(minute=1), EVENT.touched),
    "row": chain.Event(ORGANISATION, CASE, 1, "finding.recorded", ACTOR, AT, (chain.Touched("findings", CASE, "ab"),)),
    "commitment": chain.Event(
        ORGANISATION, CASE, 1, "finding.recorded", ACTOR, AT, (chain.Touched("findings", ROW, "ac"),)
    ),
    "removal": chain.Event(
        ORGANISATION, CASE, 1, "finding.recorded", ACTOR, AT, (chain.Touched("findings", ROW, None),)
    ),
    "nothing touched": chain.Event(ORGANISATION, CASE, 1, "finding.recorded", ACTOR, AT, ()),
}
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.text(), st.binary(), st.uuids(), st.dates(),
    st.datetimes(timezones=st.just(UTC)), st.lists(st.text()),
)  # fmt: skip


@pytest.mark.parametrize("changed", CHANGED.values(), ids=CHANGED)
def test_any_change_of_an_event_changes_its_link(changed: chain.Event) -> None:
    assert chain.link(chain.GENESIS, changed) != chain.link(chain.GENESIS, EVENT)


def test_a_link_depends_on_the_one_before() -> None:
    assert chain.link(bytes(31) + b"\x01", EVENT) != chain.link(chain.GENESIS, EVENT)


@given(st.dictionaries(st.text(min_size=1), VALUES, min_size=1), st.data())
def test_any_change_of_a_column_changes_the_commitment(columns: dict[str, object], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(columns)))
    value = data.draw(VALUES.filter(lambda new: (type(new), new) != (type(columns[name]), columns[name])))
    before = chain.commit(b"salt", "findings", columns)
    after = chain.commit(b"salt", "findings", {**columns, name: value})
    assert before != after or repr(columns[name]) == repr(value)


def test_the_commitment_depends_on_salt_and_table_but_not_on_the_order_of_columns() -> None:
    columns = {"a": 1, "b": date(2026, 3, 2)}
    one = chain.commit(b"salt", "findings", columns)
    assert one == chain.commit(b"salt", "findings", dict(reversed(columns.items())))
    assert one != chain.commit(b"tlas", "findings", columns)
    assert one != chain.commit(b"salt", "exhibits", columns)


def test_an_instant_is_the_same_in_any_zone() -> None:
    from datetime import timedelta, timezone  # noqa: PLC0415 used here alone

    there = AT.astimezone(timezone(timedelta(hours=5)))
    assert chain.commit(b"", "t", {"at": AT}) == chain.commit(b"", "t", {"at": there})
