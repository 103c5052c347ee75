"""What somebody reads before they report: in their language, with who will handle it, and where else to turn."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from app.audit.verify import verify
from app.intake import channel_settings
from app.intake.channel_settings import FileKind, FileRules, chosen
from tests.builders.intake import a_grievance, created, submitted
from tests.conftest import CHANNEL, Service
from tests.intake.test_channels import a_channel

PAGE = f"/v1/channels/{CHANNEL}"
WELSH = {
    "language": "cy",
    "name": "Gwasanaethau plant",
    "procedure_text": "Gweithdrefn chwythu'r chwiban.",
    "elsewhere": "Ombwdsmon Gwasanaethau Cyhoeddus Cymru.",
}
SETTINGS: dict[str, Any] = {
    "nation": "SCT",
    "elsewhere": "The ombudsman.",
    "translations": [WELSH],
    "own_categories": [
        {"code": "bullying", "names": [{"language": "en", "text": "Bullying"}, {"language": "cy", "text": "Bwlio"}]}
    ],
    "file_rules": {"largest_bytes": 1_000_000, "most_files": 3, "kinds": ["images", "documents"]},
}


async def settled(actors: SimpleNamespace, version: int = 1, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
    """Return the channel after its settings were changed."""
    answer = await actors.administrator.patch(PAGE, json=settings, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        (None, None, "en"),
        (None, "cy", "cy"),
        (None, "cy-GB, en;q=0.5", "cy"),
        (None, "en, cy;q=0.9", "en"),
        (None, "de, cy;q=0.2, en;q=0.1", "cy"),
        (None, "cy;q=0", "en"),
        (None, "*", "en"),
        (None, "nonsense;;;q=x", "en"),
        (None, "cy," * 200, "en"),
        ("cy", "en", "cy"),
        ("en", "cy", "en"),
        ("de", "cy", "cy"),
    ],
)
async def test_the_page_speaks_the_language_that_is_asked_for(
    anonymous: httpx.AsyncClient, actors: SimpleNamespace, query: str | None, header: str | None, language: str
) -> None:
    await settled(actors, **SETTINGS)
    answer = await anonymous.get(
        PAGE,
        params={} if query is None else {"language": query},
        headers={} if header is None else {"Accept-Language": header},
    )
    page = answer.json()
    assert (page["language"], page["languages"]) == (language, ["en", "cy"])
    assert (answer.headers["Content-Language"], answer.headers["Vary"]) == (language, "Accept-Language")
    name = {"en": "Children's services", "cy": WELSH["name"]}[language]
    elsewhere = {"en": SETTINGS["elsewhere"], "cy": WELSH["elsewhere"]}[language]
    assert (page["name"], page["elsewhere"]) == (name, elsewhere)
    names = {one["code"]: one["name"] for one in page["categories"]}
    assert names["bullying"] == {"en": "Bullying", "cy": "Bwlio"}[language]
    assert names["environment"] == {"en": "Damage to the environment", "cy": "Niwed i'r amgylchedd"}[language]


async def test_a_language_is_a_code_and_nothing_else(anonymous: httpx.AsyncClient) -> None:
    refused = await anonymous.get(PAGE, params={"language": "<script>"})
    assert refused.status_code == 422
    assert "script" not in refused.text


async def test_settings_stand_on_the_page_and_in_the_administrators_view(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    before = (await anonymous.get(PAGE)).json()
    assert (before["nation"], before["elsewhere"], before["languages"]) == ("ENG", None, ["en"])
    assert before["file_rules"] == {
        "largest_bytes": 1 << 30,
        "most_files": 20,
        "kinds": ["audio", "documents", "images", "video"],
    }
    detail = await settled(actors, **SETTINGS)
    assert {name: detail[name] for name in ("nation", "elsewhere", "own_categories", "default_language")} == {
        "nation": "SCT",
        "elsewhere": "The ombudsman.",
        "own_categories": [
            {"code": "bullying", "names": [{"language": "cy", "text": "Bwlio"}, {"language": "en", "text": "Bullying"}]}
        ],
        "default_language": "en",
    }
    assert detail["translations"] == [WELSH]
    page = (await anonymous.get(PAGE)).json()
    assert page["nation"] == "SCT"
    assert page["file_rules"] == {"largest_bytes": 1_000_000, "most_files": 3, "kinds": ["documents", "images"]}
    assert "agency_worker" in page["relations"]
    async with service.runtime.database.session(write=False) as session:
        assert (await verify(session, service.runtime.keys)).faults == []
    unsettled = await settled(actors, 2, name="Children")
    assert {name: unsettled[name] for name in ("nation", "translations")} == {"nation": "SCT", "translations": [WELSH]}


async def test_a_channel_opens_with_its_settings(anonymous: httpx.AsyncClient, actors: SimpleNamespace) -> None:
    body = a_channel(actors, default_language="cy", translations=[WELSH | {"language": "en"}], shows_officers=True)
    created(await actors.administrator.post("/v1/channels", json=body))
    page = (await anonymous.get("/v1/channels/adult-services")).json()
    assert (page["language"], page["languages"], page["name"]) == ("cy", ["cy", "en"], "Adult services")
    assert [one["name"] for one in page["officers"]] == ["Case Officer"]
    assert page["categories"] == []  # the European directive names no such list


async def test_the_page_counts_who_will_handle_it_or_names_them(
    anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    page = (await anonymous.get(PAGE)).json()
    assert [(one["number"], one["name"]) for one in page["officers"]] == [(1, None), (2, None)]
    ids = [one["id"] for one in page["officers"]]
    await settled(actors, shows_officers=True)
    named = (await anonymous.get(PAGE)).json()["officers"]
    assert [one["id"] for one in named] == ids
    assert {one["name"] for one in named} == {"Case Officer", "Other Case Officer"}
    people = {str(actors.case_officer.account_id), str(actors.other_case_officer.account_id)}
    assert not people & set(ids)
    suspended = await actors.administrator.post(f"/v1/accounts/{actors.other_case_officer.account_id}/suspension")
    assert suspended.status_code == 200
    assert [one["name"] for one in (await anonymous.get(PAGE)).json()["officers"]] == ["Case Officer"]


async def test_what_the_page_calls_an_officer_can_be_barred(
    anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:

    await settled(actors, shows_officers=True)
    officers = (await anonymous.get(PAGE)).json()["officers"]
    barred = next(one["id"] for one in officers if one["name"] == "Other Case Officer")
    await submitted(anonymous, a_grievance(barred=[barred]))
    assert (await actors.other_case_officer.get("/v1/cases")).json()["items"] == []
    assert len((await actors.case_officer.get("/v1/cases")).json()["items"]) == 1


async def test_the_directory_lists_open_channels_to_anybody(
    anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    created(await actors.administrator.post("/v1/channels", json=a_channel(actors)))
    await settled(actors, **SETTINGS)
    found = (await anonymous.get("/v1/directory", headers={"Accept-Language": "cy"})).json()["items"]
    assert sorted((one["slug"], one["name"], one["language"], one["languages"]) for one in found) == [
        ("adult-services", "Adult services", "en", ["en"]),
        (CHANNEL, WELSH["name"], "cy", ["en", "cy"]),
    ]
    assert {one["organisation"] for one in found} == {"Northmoor Council"}
    first = (await anonymous.get("/v1/directory", params={"limit": 1})).json()
    rest = (await anonymous.get("/v1/directory", params={"limit": 1, "cursor": first["next"]})).json()
    assert sorted(one["slug"] for one in [*first["items"], *rest["items"]]) == ["adult-services", CHANNEL]
    await settled(actors, 2, is_open=False)
    assert [one["slug"] for one in (await anonymous.get("/v1/directory")).json()["items"]] == ["adult-services"]


def test_a_channel_of_before_takes_every_file() -> None:
    assert channel_settings.file_rules(SimpleNamespace(file_rules=None)) == FileRules()
    stored = {"largest_bytes": 5, "most_files": 0, "kinds": ["audio"]}
    assert channel_settings.file_rules(SimpleNamespace(file_rules=stored)) == FileRules(
        5, 0, frozenset({FileKind.AUDIO})
    )


def test_a_name_is_found_in_some_language_whatever_is_missing() -> None:
    assert channel_settings.named_in({"en": "Bullying", "fr": "Brimades"}, "cy", "fr") == "Brimades"
    assert channel_settings.named_in({"fr": "Brimades"}, "cy", "de") == "Brimades"
    assert chosen(["fr"], "en", "de") == "fr"
