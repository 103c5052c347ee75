"""A case officer finds whom to appoint to a case or to wall off from it."""

from types import SimpleNamespace


async def test_a_case_officer_finds_whom_to_appoint_by_role(actors: SimpleNamespace) -> None:
    found = (await actors.case_officer.get("/v1/colleagues", params={"role": "investigator", "limit": 200})).json()[
        "items"
    ]
    assert {one["display_name"] for one in found} == {"Investigator", "Assistant", "Other Investigator"}
    assert all("investigator" in one["roles"] for one in found)
    everyone = (await actors.case_officer.get("/v1/colleagues", params={"limit": 200})).json()["items"]
    assert len(everyone) > len(found)


async def test_who_is_suspended_is_no_colleague(actors: SimpleNamespace) -> None:
    read = await actors.administrator.get(f"/v1/accounts/{actors.assistant.account_id}")
    headers = {"If-Match": read.headers["ETag"]}
    await actors.administrator.post(f"/v1/accounts/{actors.assistant.account_id}/suspension", headers=headers)
    found = (await actors.case_officer.get("/v1/colleagues", params={"limit": 200})).json()["items"]
    assert str(actors.assistant.account_id) not in {one["id"] for one in found}


async def test_only_case_officers_list_colleagues(actors: SimpleNamespace) -> None:
    assert (await actors.hr.get("/v1/colleagues")).status_code == 404
    assert (await actors.investigator.get("/v1/colleagues")).status_code == 404
