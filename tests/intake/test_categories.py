"""What a grievance is about: dated by law, sealed in one length, and corrected without losing what was said."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.crypto import classifications, receipts
from app.duties.profiles import LawProfile
from app.intake import categories
from app.intake.categories import OF_LAW, Relation
from app.intake.models import Grievance
from app.kernel.db import table_of
from tests.builders.intake import a_grievance, case_called, created, grievances_of, raised_in, submitted
from tests.builders.sealed import SEALED, sealed_body
from tests.conftest import CHANNEL, Clock, Service

OWN = [
    {"code": "bullying", "names": [{"language": "en", "text": "Bullying"}, {"language": "cy", "text": "Bwlio"}]},
    {"code": "discrimination", "names": [{"language": "en", "text": "Discrimination"}]},
]
HARASSMENT = {"code": "sexual_harassment", "source": OF_LAW[LawProfile.UK_PIDA][4].source}


async def settle(actors: SimpleNamespace, **settings: Any) -> httpx.Response:  # noqa: ANN401 any JSON
    """Return the answer to a change of the channel's settings."""
    path = f"/v1/channels/{CHANNEL}"
    answer: httpx.Response = await actors.administrator.patch(path, json=settings, headers={"If-Match": '"1"'})
    return answer


@pytest.mark.parametrize(
    ("at", "qualifies"),
    [(datetime(2026, 4, 5, 23, 59, 59, tzinfo=UTC), False), (datetime(2026, 4, 6, tzinfo=UTC), True)],
)
async def test_sexual_harassment_qualifies_from_6_april_2026_and_could_be_named_before(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock, at: datetime, qualifies: bool
) -> None:
    clock.set(at)
    page = (await anonymous.get(f"/v1/channels/{CHANNEL}")).json()
    assert {one["code"]: one["is_qualifying"] for one in page["categories"]} == {
        one.code: qualifies or one.code != "sexual_harassment" for one in OF_LAW[LawProfile.UK_PIDA]
    }
    sent = await submitted(anonymous, a_grievance(categories=["sexual_harassment", "crime"], relation="agency_worker"))
    officer = service.actors.case_officer
    await officer.sign_in()
    raised = await raised_in(officer, sent["reference"])
    assert raised["classification"]["categories"][0] == HARASSMENT | {"is_qualifying": qualifies}
    assert raised["classification"]["categories"][1]["is_qualifying"] is True
    assert raised["classification"]["relation"] == "agency_worker"


async def test_a_case_is_judged_by_the_law_of_its_receipt_however_late_it_is_read(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    clock.set(datetime(2026, 4, 5, 12, tzinfo=UTC))
    sent = await submitted(anonymous, a_grievance(categories=["sexual_harassment"]))
    clock.set(datetime(2026, 6, 1, tzinfo=UTC))
    officer = service.actors.case_officer
    await officer.sign_in()
    raised = await raised_in(officer, sent["reference"])
    assert raised["classification"]["categories"] == [HARASSMENT | {"is_qualifying": False}]


def test_the_law_has_six_categories_until_5_april_2026_and_seven_from_then_on() -> None:
    profile = LawProfile.UK_PIDA
    assert len({one.code for one in OF_LAW[profile]}) == len(OF_LAW[profile]) == 7
    for day, many in ((date(2026, 4, 5), 6), (date(2026, 4, 6), 7), (date(1999, 7, 1), 0)):
        assert sum(categories.qualifies(profile, one.code, day) for one in OF_LAW[profile]) == many
    assert not categories.qualifies(LawProfile.CUSTOM, "crime", date(2026, 4, 6))
    assert all(one.source.startswith("Employment Rights Act 1996, section 43B(1)") for one in OF_LAW[profile])


async def test_a_grievance_names_several_categories_the_organisations_own_too(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    assert (await settle(actors, own_categories=OWN)).status_code == 200
    sent = await submitted(anonymous, a_grievance(categories=["bullying", "health_and_safety"]))
    raised = await raised_in(actors.case_officer, sent["reference"])
    assert [(one["code"], one["is_qualifying"]) for one in raised["classification"]["categories"]] == [
        ("bullying", False),
        ("health_and_safety", True),
    ]
    page = (await anonymous.get(f"/v1/channels/{CHANNEL}", params={"language": "cy"})).json()
    assert page["language"] == "en"  # the channel has no Welsh texts
    assert [(one["code"], one["name"]) for one in page["categories"][-2:]] == [
        ("bullying", "Bullying"),
        ("discrimination", "Discrimination"),
    ]


async def test_a_category_that_the_channel_has_not_is_refused(anonymous: httpx.AsyncClient) -> None:
    for named, place in ((["crime", "astrology"], "/categories/1"), (["Crime"], "/categories/0")):
        refused = await anonymous.post(grievances_of(), json=a_grievance(categories=named))
        assert refused.status_code == 422
        assert [one["pointer"] for one in refused.json()["errors"]] == [place]
        assert "strology" not in refused.text
    twice = await anonymous.post(grievances_of(), json=a_grievance(categories=["crime", "crime"]))
    assert twice.status_code == 422


@pytest.mark.parametrize(
    "settings",
    [
        {"own_categories": [{"code": "crime", "names": [{"language": "en", "text": "Crime"}]}]},
        {"own_categories": [{"code": "bullying", "names": [{"language": "cy", "text": "Bwlio"}]}]},
        {"own_categories": [OWN[0], OWN[0]]},
        {"translations": [{"language": "en", "name": "Again", "procedure_text": "Again."}]},
        {"translations": [{"language": "Welsh", "name": "Gofal", "procedure_text": "Testun."}]},
    ],
)
async def test_settings_that_do_not_fit_each_other_are_refused(
    actors: SimpleNamespace, settings: dict[str, Any]
) -> None:
    assert (await settle(actors, **settings)).status_code == 422


async def test_a_case_officer_corrects_the_classification_and_what_was_said_stays(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    sent = await submitted(anonymous, a_grievance(categories=["crime"], relation="volunteer"))
    officer = actors.case_officer
    raised = await raised_in(officer, sent["reference"])
    assert raised["corrected"] is None
    case = f"/v1/cases/{await case_called(officer, sent['reference'])}"
    path = f"{case}/grievances/{raised['id']}/classifications"
    for named in (["environment"], ["health_and_safety", "environment"]):
        made = created(await officer.post(path, json={"categories": named, "reason": "It is about safety."}))
        assert made["reason"] == "It is about safety."
    raised = await raised_in(officer, sent["reference"])
    assert [one["code"] for one in raised["classification"]["categories"]] == ["crime"]
    assert [one["code"] for one in raised["corrected"]["categories"]] == ["health_and_safety", "environment"]
    refused = await officer.post(path, json={"categories": ["astrology"], "reason": "None."})
    assert refused.status_code == 422
    stranger = path.replace(raised["id"], sent["reference"].lower())
    assert (await officer.post(stranger, json={"categories": [], "reason": "None."})).status_code == 422
    assert (await actors.administrator.post(path, json={"categories": [], "reason": "N."})).status_code == 404
    await service.runtime.background.settled()


async def test_the_stored_length_tells_neither_category_nor_relation(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    await submitted(anonymous, a_grievance())
    await submitted(anonymous, a_grievance(categories=["miscarriage_of_justice", "crime"], relation="job_applicant"))
    body = await sealed_body(service, receipts.new_receipt(), categories=("crime",), relation="employee")
    created(await anonymous.post(SEALED, json=body))
    async with service.runtime.database.session(write=False) as session:
        stored = (await session.execute(select(table_of(Grievance).c.classification_sealed))).scalars().all()
    assert len({len(one) for one in stored}) == 1 != len(stored)


async def test_a_client_that_seals_nonsense_as_classification_says_nothing_by_it(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    body = await sealed_body(service, receipts.new_receipt(), categories=("astrology",))
    sent = created(await anonymous.post(SEALED, json=body))
    raised = await raised_in(service.actors.case_officer, sent["reference"])
    assert raised["classification"]["categories"] == [{"code": "astrology", "is_qualifying": False, "source": None}]
    body = await sealed_body(service, receipts.new_receipt())
    body["texts"]["classification"] = body["texts"]["headline"]
    assert (await anonymous.post(SEALED, json=body)).status_code == 422


@given(
    st.lists(st.from_regex(r"\A[a-z][a-z_]{0,30}\Z"), max_size=10, unique=True),
    st.none() | st.sampled_from([str(one) for one in Relation]),
)
def test_every_classification_has_one_length_and_reads_back(named: list[str], relation: str | None) -> None:
    text = classifications.encode(named, relation)
    assert len(text.encode()) == classifications.BYTES
    assert classifications.decode(text) == classifications.Classification(tuple(named), relation)


@given(
    st.text()
    | st.just("[" * 100_000)
    | st.sampled_from(['{"categories": 1, "relation": 2}', '{"categories": [1], "relation": ""}', "7"])
)
def test_what_is_no_classification_says_nothing(text: str) -> None:
    assert classifications.decode(text) == classifications.Classification()


@pytest.mark.parametrize(
    ("named", "relation"),
    [(["x"] * 11, None), (["é"], None), (["x" * 41], None), ([""], None), (["\\" * 40] * 10, None)],
)
def test_what_would_not_fit_is_no_classification(named: list[str], relation: str | None) -> None:
    with pytest.raises(ValueError, match="code"):
        classifications.encode(named, relation)
