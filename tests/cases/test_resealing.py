"""No sealed column is forgotten when a key turns, and what was frozen stays as it was."""

from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

import app.models  # noqa: F401 every table has to be known
from app.audit.verify import verify
from app.cases import resealing
from app.cases.models import Case
from app.intake import turning
from app.intake.models import Grievance
from app.kernel.db import Base, OfCase, read_one_moment, table_of
from app.kernel.keyring import ServiceKeys
from app.kernel.problems import Locked
from app.kernel.resealing import SealedTable, tables_under
from app.kernel.sealed import KeyTurned, OpenKeys, Sealed
from tests.builders import turned
from tests.builders.cases import OpenFile
from tests.builders.whole import a_released_case
from tests.conftest import Service

COLUMNS = [column for table in Base.metadata.sorted_tables for column in table.columns]


def names_of(tables: tuple[SealedTable, ...]) -> set[str]:
    return {f"{one.table.name}.{name}" for one in tables for name in one.names()}


def test_every_column_under_a_key_that_turns_is_sealed_anew() -> None:
    """By what the columns say of themselves: whichever table they are in."""
    sealed = {str(column): str(column.info["sealed"]) for column in COLUMNS if "sealed" in column.info}
    by_case = {name for name, how in sealed.items() if how == "under the key of case_id"} | {"cases.title_sealed"}
    of_grievance = {name for name, how in sealed.items() if how == "under the key of grievance_id"}
    own = {name for name, how in sealed.items() if how == "under the key of id"}
    assert names_of(resealing._tables()) == by_case
    assert names_of(turning._tables()) == of_grievance | own - {"cases.title_sealed"}
    assert len(by_case) > 20


def test_only_the_key_of_a_conversation_is_under_the_case_key_by_other_means() -> None:
    """A second one would need a part of its own in the sealing anew."""
    otherwise = {str(column) for column in COLUMNS if column.info.get("sealed") == "under the case key"}
    assert otherwise == {"grievances.key_for_case"}
    assert {table_of(Case).name, table_of(Grievance).name} == {
        column.table.name for column in COLUMNS if column.info.get("sealed") == "under the key of id"
    }


def test_a_sealed_column_that_is_added_tomorrow_is_covered() -> None:
    class Tomorrow(OfCase):
        __tablename__ = "tomorrow"
        note = Sealed.text("case_id")
        of_organisation = Sealed.text("organisation_id")

    found = [name for name, one in vars(Tomorrow).items() if isinstance(one, Sealed) and one.under == "case_id"]
    assert found == ["note"]
    assert tables_under([Case], "case_id", Case)[0].names() == ["title_sealed"]


def test_who_holds_an_older_key_only_is_told_to_ask_again_and_who_holds_none_is_not() -> None:
    scope, held = uuid4(), OpenKeys(ServiceKeys({1: bytes(32)}, bytes(32)))
    with pytest.raises(Locked):
        held.find("case_id", scope, 2)
    held.add(scope, 1, bytes(32))
    with pytest.raises(KeyTurned):
        held.find("case_id", scope, 2)
    held.add(scope, 3, bytes(32))
    with pytest.raises(Locked):
        held.find("case_id", scope, 2)


async def test_what_was_frozen_opens_and_verifies_after_the_key_was_turned(
    service: Service, actors: SimpleNamespace
) -> None:
    """A sealed report, a final finding, an approval and a release: their hashes are of what they say."""
    whole = await a_released_case(actors)
    reads = ("/reports", "/findings", "/summaries", "/grievances", "/exhibits", "/themes", "/allegations")
    before = [(await actors.case_officer.get(whole.path(path))).json() for path in reads]
    single = [whole.path(f"/reports/{whole.ids['report_id']}"), whole.path(f"/summaries/{whole.ids['summary_id']}")]
    one_by_one = [(await actors.case_officer.get(path)).json() for path in single]
    released = (await actors.hr.get(f"/v1/releases/{whole.ids['release_id']}")).json()
    assert released["content_hash"]
    third = {"account_id": str(actors.third_case_officer.account_id), "capacity": "case_officer"}
    assert (await actors.case_officer.post(whole.path("/appointments"), json=third)).status_code == 201
    body = {"account_id": str(actors.other_case_officer.account_id), "reason": "Is named in the grievance."}
    assert (await actors.case_officer.post(whole.path("/walls"), json=body)).status_code == 201
    await service.runtime.background.settled()
    organisation = UUID(int=0)
    case = OpenFile(UUID(whole.ids["case_id"]), "", organisation, whole.path())
    state = await turned.progress(actors.case_officer, case)
    assert state["is_complete"]
    assert state["sealed_fields"] > 20
    assert [(await actors.case_officer.get(whole.path(path))).json() for path in reads] == before
    assert [(await actors.case_officer.get(path)).json() for path in single] == one_by_one
    assert (await actors.hr.get(f"/v1/releases/{whole.ids['release_id']}")).json() == released
    async with service.runtime.database.session(write=False) as session:
        await read_one_moment(session)
        assert (await verify(session, service.runtime.keys)).faults == []
