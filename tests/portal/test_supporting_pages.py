"""The pages of supporters: counted in, receipt, changed, withdrawn, by forms alone."""

import re
from typing import Any

import httpx
import pytest

from app.kernel.pressure import Policy
from tests.builders import supporting
from tests.builders.supporting import CLOSES, WORDINGS, Counted, a_count, a_round, spelled
from tests.conftest import Clock, Service
from tests.intake.test_entrance import a_face
from tests.portal.people import hidden, words_of


def page_of(counted: Counted, act: str = "", language: str = "en") -> str:
    """Return where a page of a count is."""
    return f"/{language}/support/{counted.grievance_id}{act}"


async def a_support(client: httpx.AsyncClient, counted: Counted, number: int = 0, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the fields of a supporter's form."""
    once = hidden(await client.get(page_of(counted)))["once"]
    code = counted.codes[number] if counted.codes else ""
    identity = {"name": "", "contact": "", "employee_number": ""}
    return {"once": once, "code": code, "supports": ["1", "3"], **identity} | changes


async def counted_in(client: httpx.AsyncClient, counted: Counted, number: int = 0, **changes: Any) -> str:  # noqa: ANN401
    """Return the receipt of somebody who was counted."""
    answer = await client.post(page_of(counted, "/counted"), data=await a_support(client, counted, number, **changes))
    assert answer.status_code == 201, answer.text
    return words_of(answer)


@pytest.fixture
async def counted(service: Service) -> Counted:
    """A count with codes."""
    return await a_count(service.actors.representative, "codes", 8)


async def test_the_page_shows_what_is_public_and_nothing_of_who_or_how_many(
    anonymous: httpx.AsyncClient, counted: Counted
) -> None:
    for language in ("en", "cy"):
        page = await anonymous.get(page_of(counted, language=language))
        assert page.status_code == 200
        for said in (supporting.STATEMENT, *WORDINGS):
            assert said in page.text
        assert len(page.content) in {8192, 32768}
    assert "from 2 March 2026 to 12 March 2026" in (await anonymous.get(page_of(counted))).text


@pytest.mark.parametrize("path", ["/en/support/none", "/en/support/5b0d2d4e-0000-4000-8000-000000000000"])
async def test_what_there_is_no_count_of_is_not_there(anonymous: httpx.AsyncClient, path: str) -> None:
    for act in ("", "/change", "/withdraw"):
        answer = await anonymous.get(path + act)
        assert answer.status_code == 404
        assert "There is nothing here" in answer.text


async def test_a_code_counts_once_and_the_same_page_brings_the_same_receipt(
    anonymous: httpx.AsyncClient, counted: Counted
) -> None:
    form = await a_support(anonymous, counted, name="Robin Ashe")
    first, again = [await anonymous.post(page_of(counted, "/counted"), data=form) for _ in "12"]
    assert (first.status_code, len(words_of(first).split())) == (201, 7)
    assert first.content == again.content
    assert WORDINGS[0] in first.text
    assert WORDINGS[1] not in first.text
    assert "Robin Ashe" not in first.text
    used = await anonymous.post(page_of(counted, "/counted"), data=form | {"supports": ["2"]})
    assert used.status_code == 409
    assert "was used before" in used.text
    assert f'value="{form["code"]}"' in used.text
    file = await anonymous.post("/en/support-receipt-file", data=hidden(first))
    assert " ".join(re.findall(r"^[1-7]\. ([a-z]+) *\r$", file.text, re.MULTILINE)) == words_of(first)
    assert counted.grievance_id not in file.text


async def test_who_is_counted_on_the_page_is_counted_like_any_other(
    anonymous: httpx.AsyncClient, service: Service, clock: Clock
) -> None:
    counted = await a_count(service.actors.representative, "codes", 6)
    for number in range(5):
        await counted_in(anonymous, counted, number)
    clock.set(clock.at.replace(day=int(CLOSES[-2:]) + 1))
    await a_round(service)
    await service.actors.representative.sign_in()
    told = (await service.actors.representative.get(counted.own)).json()["count"]
    assert told["headcount"]["number"] == 5


@pytest.mark.parametrize(
    ("changes", "field", "status"),
    [
        ({"code": ""}, "code", 422),
        ({"code": "x" * 65}, "code", 422),
        ({"code": "ABC"}, "code", 409),
        ({"supports": ["9"]}, "supports", 422),
        ({"supports": ["one"]}, "supports", 422),
        ({"contact": "07700 900123"}, "name", 422),
        ({"name": "x" * 301}, "name", 422),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_what_was_written_stays(
    anonymous: httpx.AsyncClient, counted: Counted, changes: dict[str, Any], field: str, status: int
) -> None:
    form = await a_support(anonymous, counted, **{"employee_number": "4711", "name": "Robin"} | {"name": ""} | changes)
    form["employee_number"] = "" if field != "name" else "4711"
    answer = await anonymous.post(page_of(counted, "/counted"), data=form)
    assert answer.status_code == status
    assert f'<a href="#{field}">' in answer.text
    assert f'id="{field}-error"' in answer.text
    assert f'name="once" value="{form["once"]}"' in answer.text
    mended = form | {"code": counted.codes[0], "supports": ["1"], "name": "", "contact": "", "employee_number": ""}
    assert (await anonymous.post(page_of(counted, "/counted"), data=mended)).status_code == 201


async def test_a_support_is_changed_and_withdrawn_with_its_receipt(
    anonymous: httpx.AsyncClient, counted: Counted
) -> None:
    words = await counted_in(anonymous, counted)
    assert "/change" in (await anonymous.get(page_of(counted))).text
    changed = await anonymous.post(page_of(counted, "/change"), data={"receipt": words.upper(), "supports": ["2"]})
    assert changed.status_code == 200
    assert WORDINGS[1] in changed.text
    assert WORDINGS[0] not in changed.text
    whole = await anonymous.post(page_of(counted, "/change", "cy"), data={"receipt": words})
    assert "yn ei chyfanrwydd" in whole.text
    withdrawn = await anonymous.post(page_of(counted, "/withdraw"), data={"receipt": words})
    assert (withdrawn.status_code, "not counted any more" in withdrawn.text) == (200, True)
    for act in ("/change", "/withdraw"):
        gone = await anonymous.post(page_of(counted, act), data={"receipt": words, "supports": "1"})
        assert gone.status_code == 401
        assert "Words read: 7 of 7" in gone.text
        assert words in gone.text
        assert "Open your inbox" not in gone.text
        wrong = await anonymous.post(page_of(counted, act), data={"receipt": "abacus"})
        assert "Words read: 1 of 7" in wrong.text


async def test_outside_its_days_a_count_takes_nobody_and_lets_everybody_go(
    anonymous: httpx.AsyncClient, counted: Counted, clock: Clock
) -> None:
    words = await counted_in(anonymous, counted)
    form = await a_support(anonymous, counted, 1)
    clock.set(clock.at.replace(day=int(CLOSES[-2:]) + 1))
    page = (await anonymous.get(page_of(counted))).text
    assert "not counted today" in page
    assert "/counted" not in page
    for act, fields in (("/counted", form), ("/change", {"receipt": words})):
        late = await anonymous.post(page_of(counted, act), data=fields)
        assert late.status_code == 409
        assert "Supporters are not counted today" in late.text
    assert (await anonymous.post(page_of(counted, "/withdraw"), data={"receipt": words})).status_code == 200


async def test_a_token_is_taken_as_text_and_one_for_an_allegation_for_that_alone(
    anonymous: httpx.AsyncClient, service: Service
) -> None:
    whole = await a_count(service.actors.representative, "tokens")
    assert "Compare these words" in (await anonymous.get(page_of(whole))).text
    token = spelled(whole.token())
    typed = "\n".join(token[start : start + 64] for start in range(0, len(token), 64))
    await counted_in(anonymous, whole, code=typed)
    broken = await anonymous.post(page_of(whole, "/counted"), data=await a_support(anonymous, whole, code="x"))
    assert (broken.status_code, "cannot be read as a code or token" in broken.text) == (422, True)
    single = await a_count(service.actors.representative, "tokens_by_allegation")
    page = (await anonymous.get(page_of(single))).text
    assert 'type="radio"' in page
    assert "/change" not in page
    for chosen in ([], ["1", "2"]):
        form = await a_support(anonymous, single, code=spelled(single.token(2, key=1)), supports=chosen)
        assert (await anonymous.post(page_of(single, "/counted"), data=form)).status_code == 422
    words = await counted_in(anonymous, single, code=spelled(single.token(2, key=1)), supports=["2"])
    refused = await anonymous.post(page_of(single, "/change"), data={"receipt": words, "supports": ["1"]})
    assert refused.status_code == 409
    assert "cannot be changed" in refused.text


async def test_the_pages_of_supporters_stand_in_the_slow_lane_of_their_own(service: Service, counted: Counted) -> None:
    async with a_face(service, proof_of_work=Policy.ALWAYS, slow_lane_per_minute=1) as anybody:
        words = await counted_in(anybody, counted)
        form = await a_support(anybody, counted, 1)
        for act, fields in (("/counted", form), ("/change", {"receipt": words}), ("/withdraw", {"receipt": words})):
            refused = await anybody.post(page_of(counted, act), data=fields)
            assert refused.status_code == 428, act
            assert "Many people are here" in refused.text
            assert (
                hidden(refused).items() >= {name: text for name, text in fields.items() if name != "supports"}.items()
            )


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 191 }}"])
async def test_what_is_typed_is_shown_as_text_and_handed_out_by_no_file(
    anonymous: httpx.AsyncClient, counted: Counted, hostile: str
) -> None:
    form = await a_support(anonymous, counted, code=hostile, name=hostile, contact=hostile)
    for answer in (
        await anonymous.post(page_of(counted, "/counted"), data=form),
        await anonymous.post(page_of(counted, "/change"), data={"receipt": hostile}),
        await anonymous.post("/en/support-receipt-file", data={"receipt": hostile}),
    ):
        assert not answer.is_success
        assert hostile.startswith("{") or hostile not in answer.text
        assert "1337" not in answer.text
