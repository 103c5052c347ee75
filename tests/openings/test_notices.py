"""The reporter is told before anything opens, unless two different people recorded why not, and then on a day that was named."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from app.crypto import contexts, fields
from app.kernel.db import Instant
from app.vault.lifecycle import NoticeState, notice_state, release_after
from app.vault.opening_models import Opening, OpeningNotice
from tests.builders import intake
from tests.builders.manifests import unb64
from tests.builders.openings import NOTICE, WHY_NOT, Ceremony, problem
from tests.conftest import FROZEN, Clock

WITHHOLD = {"reason": WHY_NOT, "until": "2026-03-20"}


async def test_the_reporter_reads_of_a_request_at_once_and_long_before_a_share_is_given_out(
    ceremony: Ceremony, clock: Clock
) -> None:
    assert (await ceremony.inbox())["openings"] == {"count": 0, "items": []}
    asking = await ceremony.asked()
    assert (await ceremony.inbox())["openings"] == {
        "count": 1,
        "items": [
            {
                "requested_on": "2026-03-02", "by": "investigator", "notice": NOTICE, "state": "requested",
                "expires_on": "2026-03-05",
            }
        ],
    }  # fmt: skip
    await ceremony.approved(asking, by=2)
    await ceremony.later(clock, 23.9)
    answer = await ceremony.fetch(asking)
    assert problem(answer) == "notice-owed"
    assert answer.json()["release_after"] == "2026-03-03T09:00:00+00:00"
    await ceremony.later(clock, 0.1)
    assert problem(await ceremony.fetch(asking)) == ""
    assert (await ceremony.inbox())["openings"]["items"][0]["state"] == "released"


async def test_the_inbox_and_the_row_of_a_notice_tell_days_and_no_hour(ceremony: Ceremony) -> None:
    await ceremony.asked()
    (item,) = (await ceremony.inbox())["openings"]["items"]
    for name in ("requested_on", "expires_on"):
        assert date.fromisoformat(item[name]).isoformat() == item[name]
    assert [one.name for one in OpeningNotice.__table__.columns if isinstance(one.type, Instant)] == []


async def test_a_client_that_made_its_own_keys_opens_the_notice_itself(ceremony: Ceremony) -> None:
    reporter = intake.ReporterClient()
    async with ceremony.service.client() as client:
        made = await intake.submitted(client, intake.a_grievance(reporter_keys=reporter.keys()))
        case_id = await intake.case_called(ceremony.actors.case_officer, made["reference"])
        url = f"/v1/cases/{case_id}"
        (one,) = (await ceremony.actors.case_officer.get(f"{url}/identities")).json()["items"]
        officer = ceremony.actors.case_officer
        asking = ceremony.ask(officer, case=UUID(case_id), subject=UUID(one["id"]))
        answer = await officer.post(f"{url}/openings", json=asking.body())
        assert answer.status_code == 201, answer.text
        inbox = await intake.inbox_of(client, lookup=reporter.lookup)
    (item,), sealed = inbox["openings"]["items"], inbox["sealed"]
    assert (item["notice"], item["by"]) == (None, "case_officer")
    organisation, grievance = UUID(sealed["organisation_id"]), UUID(sealed["grievance_id"])
    bound_to = contexts.encode("conversation", organisation, grievance, reporter.private.public)
    key = reporter.private.open(unb64(sealed["sealed_key"]), bound_to)
    (notice,) = sealed["openings"]
    context = contexts.encode("field", organisation, grievance, "opening_notices", "text", UUID(notice["id"]), 1)
    assert fields.open_(key, context, unb64(notice["notice"])[4:]).decode() == NOTICE


async def test_a_notice_about_a_supporter_is_read_by_their_representative(ceremony: Ceremony) -> None:
    representative, officer = ceremony.actors.representative, ceremony.actors.case_officer
    made = await intake.submitted_for_many(representative)
    case_id = await intake.case_called(officer, made["reference"])
    listed = (await officer.get(f"/v1/cases/{case_id}/identities")).json()["items"]
    assert [one["of"] for one in listed] == ["supporter"] * 3
    asking = ceremony.ask(officer, case=UUID(case_id), subject=UUID(listed[0]["id"]))
    answer = await officer.post(f"/v1/cases/{case_id}/openings", json=asking.body())
    assert answer.status_code == 201, answer.text
    read = await representative.get(f"/v1/collective-grievances/{made['id']}")
    assert [one["notice"] for one in read.json()["openings"]["items"]] == [NOTICE]


async def test_two_different_people_may_withhold_the_notice_until_a_day_on_which_it_shows_anyway(
    ceremony: Ceremony, clock: Clock
) -> None:
    asking = await ceremony.asked(withhold=WITHHOLD)
    assert (await ceremony.listed(asking))["notice"] == "withheld_pending"
    await ceremony.approved(asking, by=2)
    owed = await ceremony.fetch(asking)
    assert (problem(owed), owed.json()["release_after"]) == ("notice-owed", None)
    assert (await ceremony.withheld(asking, ceremony.actors.reviewer)).json()["notice"] == "withheld"
    assert problem(await ceremony.fetch(asking)) == ""
    assert (await ceremony.inbox())["openings"]["count"] == 0
    clock.set(FROZEN + timedelta(days=17))
    assert (await ceremony.inbox())["openings"]["count"] == 0
    clock.set(FROZEN + timedelta(days=18))
    assert [one["notice"] for one in (await ceremony.inbox())["openings"]["items"]] == [NOTICE]


async def test_the_second_person_is_another_and_is_of_the_case(ceremony: Ceremony) -> None:
    asking = await ceremony.asked(ceremony.actors.case_officer, withhold=WITHHOLD)
    actors = ceremony.actors
    refusals = {
        name: problem(await ceremony.withheld(asking, getattr(actors, name)))
        for name in ("case_officer", "investigator", "assistant", "other_reviewer", "administrator")
    }
    assert refusals == {
        "case_officer": "different-people-required", "investigator": "not-allowed", "assistant": "not-allowed",
        "other_reviewer": "not-found", "administrator": "not-found",
    }  # fmt: skip
    assert (await ceremony.withheld(asking, actors.other_case_officer)).json()["notice"] == "withheld"
    assert problem(await ceremony.withheld(asking, actors.reviewer)) == "notice-given"


async def test_of_a_notice_that_was_given_nothing_is_withheld(ceremony: Ceremony) -> None:
    asking = await ceremony.asked()
    assert problem(await ceremony.withheld(asking, ceremony.actors.reviewer)) == "notice-given"


async def test_one_persons_reason_alone_withholds_no_longer_than_the_request_stands(
    ceremony: Ceremony, clock: Clock
) -> None:
    asking = await ceremony.asked(withhold=WITHHOLD)
    await ceremony.approved(asking, by=2)
    await ceremony.later(clock, 71)
    assert problem(await ceremony.fetch(asking)) == "notice-owed"
    assert (await ceremony.inbox())["openings"]["count"] == 0
    await ceremony.later(clock, 1, ceremony.actors.reviewer, ceremony.actors.investigator)
    assert problem(await ceremony.withheld(asking, ceremony.actors.reviewer)) == "opening-expired"
    (item,) = (await ceremony.inbox())["openings"]["items"]
    assert (item["state"], item["notice"]) == ("expired", NOTICE)


@pytest.mark.parametrize("until", ["2026-03-02", "2026-03-01", "2026-06-01", "2027-03-02"])
async def test_a_notice_is_withheld_for_ninety_days_at_most(ceremony: Ceremony, until: str) -> None:
    answer = await ceremony.send(ceremony.ask(), withhold={"reason": WHY_NOT, "until": until})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/withhold/until"


ONE, TWO = {UUID(int=1)}, {UUID(int=1), UUID(int=2)}


@pytest.mark.parametrize(
    ("until", "people", "hours_later", "state", "hours_to_wait"),
    [
        (None, set(), 0, "given", 24),
        (None, set(), 100, "given", 24),
        ("2026-03-03", ONE, 0, "withheld_pending", None),
        ("2026-03-03", TWO, 0, "withheld", 0),
        ("2026-03-03", ONE, 15, "given", 39),  # told at midnight, fifteen hours after it was asked
        ("2026-03-03", TWO, 15, "given", 0),
        ("2026-03-20", ONE, 72, "given", 15 + 17 * 24 + 24),
        ("2026-03-20", TWO, 72, "withheld", 0),
    ],
)
def test_nothing_is_given_out_before_the_reporter_was_told_for_a_day_or_two_people_said_why_not(
    until: str | None, people: set[UUID], hours_later: int, state: str, hours_to_wait: int | None
) -> None:
    opening = Opening(made_at=FROZEN, expires_at=FROZEN + timedelta(hours=72))
    notice = OpeningNotice(withheld_until=None if until is None else date.fromisoformat(until))
    now = FROZEN + timedelta(hours=hours_later)
    assert notice_state(opening, notice, people, now) is NoticeState(state)
    expected = None if hours_to_wait is None else FROZEN + timedelta(hours=hours_to_wait)
    assert release_after(opening, notice, people, now, 24) == expected
