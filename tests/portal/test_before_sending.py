"""What the pages offer before and around sending: who handles it, categories, who must not see it, hints, and the slow lane."""

import re
from html import unescape
from typing import Any

import httpx
import pytest

from app.detection.self_identification import HintKind
from app.duties.profiles import PROFILES, LawProfile
from app.intake import categories
from app.intake.categories import Relation
from app.intake.hints_schemas import HintOut
from app.kernel.pressure import Policy
from app.portal.languages import Language
from app.portal.marks import marked
from app.portal.offers import terms_of
from app.portal.words import of
from tests.builders.intake import case_called, inbox_of
from tests.conftest import CHANNEL, Service
from tests.intake.test_barring import handle, require_barred
from tests.intake.test_entrance import a_face
from tests.portal.people import a_report, form_of, hidden, let_in, reported, sent_to, words_of

ELSEWHERE = "Protect, the whistleblowing charity."


async def settled(service: Service, **settings: Any) -> None:  # noqa: ANN401 any setting
    """The administrator has settled this of the channel."""
    headers = {"If-Match": '"1"'}
    answer = await service.actors.administrator.patch(f"/v1/channels/{CHANNEL}", json=settings, headers=headers)
    assert answer.status_code == 200, answer.text


async def test_the_page_of_a_channel_says_who_will_handle_it_by_number_or_by_name(
    anonymous: httpx.AsyncClient, service: Service
) -> None:
    page = (await anonymous.get(f"/en/report/{CHANNEL}")).text
    assert "<li>Case officer 1</li>" in page
    assert "<li>Case officer 2</li>" in page
    assert "Case Officer" not in page
    assert "Swyddog achos 1" in (await anonymous.get(f"/cy/report/{CHANNEL}")).text
    await settled(service, shows_officers=True)
    named = (await anonymous.get(f"/en/report/{CHANNEL}")).text
    assert "<li>Other Case Officer</li>" in named
    assert "Case officer 1" not in named


async def test_the_channels_own_texts_are_in_the_language_of_the_page_and_marked_where_they_cannot_be(
    anonymous: httpx.AsyncClient, service: Service
) -> None:
    welsh = (await anonymous.get(f"/cy/report/{CHANNEL}")).text
    assert '<h1 lang="en">' in welsh
    assert of(Language.WELSH)("before.other_texts") in unescape(welsh)
    translations = [
        {"language": "cy", "name": "Gwasanaethau plant", "procedure_text": "Gweithdrefn.", "elsewhere": "Protect."},
        {"language": "pl", "name": "Usługi", "procedure_text": "Procedura.", "elsewhere": None},
    ]
    await settled(service, translations=translations, elsewhere=ELSEWHERE)
    welsh = (await anonymous.get(f"/cy/report/{CHANNEL}")).text
    assert '<h1 lang="cy">Gwasanaethau plant</h1>' in welsh
    assert '<p class="written" lang="cy">Protect.</p>' in welsh
    assert "Gwasanaethau plant" in (await anonymous.get("/cy")).text
    assert ELSEWHERE in (await anonymous.get(f"/en/report/{CHANNEL}")).text
    polish = (await anonymous.get(f"/en/report/{CHANNEL}?texts=pl")).text
    assert '<h1 lang="pl">Usługi</h1>' in polish
    assert f'href="/cy/report/{CHANNEL}"' in polish
    assert (await anonymous.get(f"/en/report/{CHANNEL}?texts=%22%3E")).status_code == 404


@pytest.mark.parametrize("profile", LawProfile)
def test_the_days_of_every_law_are_worded_in_every_language_and_every_law_has_categories_or_none(
    profile: LawProfile,
) -> None:
    terms = terms_of(profile)
    assert terms.ends_on_working_day == PROFILES[profile].ends_on_working_day
    for language in Language:
        assert of(language)(terms.acknowledge)
        assert of(language)(terms.feed_back)
    assert profile in categories.OF_LAW


async def test_a_channel_says_the_days_of_its_own_law(anonymous: httpx.AsyncClient) -> None:
    assert "Within seven days somebody confirms" in (await anonymous.get(f"/en/report/{CHANNEL}")).text
    assert terms_of(LawProfile.NHS_FTSU).acknowledge == "term.working_days_2"
    assert of(Language.WELSH)("term.working_days_2") == "dau ddiwrnod gwaith"


async def test_what_is_chosen_in_the_form_is_in_the_report(anonymous: httpx.AsyncClient, service: Service) -> None:
    await settled(service, own_categories=[{"code": "bullying", "names": [{"language": "en", "text": "Bullying"}]}])
    form = (await anonymous.get(form_of())).text
    assert form.index("The law names these") < form.index('value="crime"') < form.index("The law does not name these")
    assert form.index("The law does not name these") < form.index('value="bullying"')
    for relation in Relation:
        assert f'<option value="{relation.value}">' in form
    chosen = {"category": ["crime", "bullying"], "relation": "volunteer", "conflicted": ["", "The head of nights"]}
    checked = await anonymous.post(form_of(), data=await a_report(anonymous, **chosen) | {"do": "check"})
    for said in ("A crime", "Bullying", "I am a volunteer", "The head of nights", "Case officer 1"):
        assert said in checked.text
    welsh = await anonymous.post(form_of(language="cy"), data=await a_report(anonymous, **chosen) | {"do": "change"})
    assert 'value="crime" checked' in welsh.text
    assert '<label for="category-bullying" lang="en">' in welsh.text
    assert '<label for="category-crime">Trosedd' in welsh.text
    words = await reported(anonymous, **chosen)
    officer = service.actors.case_officer
    reference = (await inbox_of(anonymous, receipt=words))["reference"]
    case_id = await case_called(officer, reference)
    (grievance,) = (await officer.get(f"/v1/cases/{case_id}/grievances")).json()["items"]
    assert grievance["classification"]["relation"] == "volunteer"
    assert {one["code"]: one["is_qualifying"] for one in grievance["classification"]["categories"]} == {
        "crime": True,
        "bullying": False,
    }
    (described,) = (await officer.get(f"/v1/cases/{case_id}/conflicts")).json()["items"]
    assert described["description"] == "The head of nights"


async def test_who_is_barred_on_the_page_has_no_part_in_it(anonymous: httpx.AsyncClient, service: Service) -> None:
    barred = await handle(service, service.actors.other_case_officer)
    assert f'value="{barred}"' in (await anonymous.get(form_of())).text
    report = await a_report(anonymous, barred=[barred])
    checked = await anonymous.post(form_of(), data=report | {"do": "check"})
    assert checked.status_code == 200
    assert f'name="barred" value="{barred}"' in checked.text
    handled, _, kept_out = checked.text.partition("Who must not handle it</dt>")
    assert len(re.findall(r"<dd>Case officer \d</dd>", handled)) == 1
    assert len(re.findall(r"<dd>Case officer \d</dd>", kept_out)) == 1
    words = words_of(await anonymous.post(sent_to(), data=report))
    await require_barred(service, (await inbox_of(anonymous, receipt=words))["reference"])


async def test_where_nobody_is_left_the_page_says_so_names_other_ways_and_keeps_the_text(
    anonymous: httpx.AsyncClient, service: Service
) -> None:
    await settled(service, elsewhere=ELSEWHERE)
    actors = service.actors
    barred = [await handle(service, one) for one in (actors.case_officer, actors.other_case_officer)]
    report = await a_report(anonymous, barred=barred)
    for answer in (
        await anonymous.post(form_of(), data=report | {"do": "check"}),
        await anonymous.post(sent_to(), data=report),
    ):
        assert answer.status_code == 409
        assert "Nobody is left to handle this here" in answer.text
        assert ELSEWHERE in answer.text
        assert hidden(answer)["narrative"] == report["narrative"]
        assert f'action="{form_of()}"' in answer.text
    again = await anonymous.post(sent_to(), data=report | {"barred": barred[:1]})
    assert again.status_code == 201, "the same mark, another report"


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"category": "witchcraft"}, "category", "choose again"),
        ({"category": "<b>"}, "category", "choose again"),
        ({"barred": "5b0d2d4e-0000-4000-8000-000000000000"}, "barred", "choose again"),
        ({"barred": "x"}, "barred", "choose again"),
        ({"relation": "king"}, "relation", "cannot be used"),
        ({"conflicted": ["", "x" * 301]}, "conflicted-2", "too long"),
    ],
)
async def test_what_the_channel_does_not_have_is_said_at_its_field_before_and_when_it_is_sent(
    anonymous: httpx.AsyncClient, changes: dict[str, Any], field: str, says: str
) -> None:
    report = await a_report(anonymous, **changes)
    for answer in (
        await anonymous.post(form_of(), data=report | {"do": "check"}),
        await anonymous.post(sent_to(), data=report),
    ):
        assert answer.status_code == 422
        assert re.search(rf'<a href="#{field}">[^<]*{says}', answer.text)
        assert f'id="{field}-error"' in answer.text
        assert "nobody at the door" in answer.text


async def test_another_person_can_be_described_without_losing_what_was_written(anonymous: httpx.AsyncClient) -> None:
    report = await a_report(anonymous, conflicted=["The head of nights"])
    longer = await anonymous.post(form_of(), data=report | {"do": "another_person"})
    assert longer.text.count('name="conflicted"') == 2
    assert re.search(r'id="conflicted-2"[^>]*autofocus', longer.text)
    assert 'value="The head of nights"' in longer.text
    full = await anonymous.post(form_of(), data=report | {"do": "another_person", "conflicted": ["x"] * 20})
    assert full.text.count('name="conflicted"') == 20
    assert "no room for more people" in full.text


@pytest.mark.parametrize(("language", "advice"), [("en", "you may know you by it"), ("cy", "adnabod chi")])
async def test_what_may_tell_who_wrote_it_is_marked_with_advice_and_stops_nobody(
    anonymous: httpx.AsyncClient, language: str, advice: str
) -> None:
    narrative = "As the night nurse I saw it.\nI told my manager. Call me on 07700 900456."
    report = await a_report(anonymous, narrative=narrative)
    checked = await anonymous.post(form_of(language=language), data=report | {"do": "check"})
    page = unescape(checked.text)
    assert checked.status_code == 200
    assert "<mark>my manager</mark>" in page
    assert "<q>07700 900456</q>" in page
    assert of(Language(language))("check.hints") in page
    assert re.search(r'<dd class="advice">.*</dd>', page, re.DOTALL)
    assert "".join(re.findall(r"nurse|nyrs", page))
    assert (advice in page) or "<q>" in page
    assert (await anonymous.post(sent_to(), data=report)).status_code == 201


async def test_a_text_without_such_places_is_said_to_be_no_proof(anonymous: httpx.AsyncClient) -> None:
    report = await a_report(
        anonymous, headline="Visits", narrative="Visits were recorded.", allegation=[""], capacity=""
    )
    page = (await anonymous.post(form_of(), data=report | {"do": "check"})).text
    assert "found nothing" in page
    assert "<mark>" not in page


def test_the_pieces_of_a_marked_text_are_the_text() -> None:
    text = "one two three two"
    hints = [
        HintOut(pointer="/narrative", start=start, end=start + 3, kind=HintKind.OWN_NAME, advice="Leave it out.")
        for start in (14, 4)
    ]
    found = marked(text, hints)
    assert "".join(piece.text for piece in found.pieces) == text
    assert [piece.text for piece in found.pieces if piece.is_marked] == ["two", "two"]
    assert [(list(one.places), one.advice) for one in found.advice] == [(["two"], "Leave it out.")]
    assert [piece.text for piece in marked("", []).pieces] == []


async def test_while_too_many_ask_the_check_page_comes_without_hints(service: Service) -> None:
    async with a_face(service, proof_of_work=Policy.ALWAYS, slow_lane_per_minute=1) as anybody:
        report = await a_report(anybody)
        pages = [await anybody.post(form_of(), data=report | {"do": "check"}) for _ in "12"]
        assert [page.status_code for page in pages] == [200, 200]
        assert ["was not looked through" in page.text for page in pages] == [False, True]


async def test_a_page_that_costs_stands_in_the_slow_lane_and_keeps_what_was_written(service: Service) -> None:
    async with a_face(service, proof_of_work=Policy.ALWAYS, slow_lane_per_minute=1) as anybody:
        words = await reported(anybody)
        report = await a_report(anybody)
        refused = await anybody.post(sent_to(language="cy"), data=report)
        assert refused.status_code == 428
        assert int(refused.headers["retry-after"]) > 0
        assert of(Language.WELSH)("problem.proof-of-work-needed.title") in refused.text
        kept = hidden(refused)
        assert kept["narrative"] == report["narrative"]
        assert kept["once"] == report["once"]
        assert f'action="{sent_to(language="cy")}"' in refused.text
        assert (await let_in(anybody, words)).status_code == 200, "the slow lane of another door"
        shut = await anybody.post("/en/inbox/open", data={"receipt": words})
        assert shut.status_code == 428
        assert hidden(shut) == {"receipt": words}
    async with a_face(service, intake_per_minute=2, proof_of_work=Policy.OFF) as anybody:
        report = await a_report(anybody)
        answers = [await anybody.post(sent_to(), data=report | {"headline": f"{number}"}) for number in range(2)]
        assert [answer.status_code for answer in answers] == [201, 503]
        assert hidden(answers[1])["narrative"] == report["narrative"]
