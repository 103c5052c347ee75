"""What is no step of a re-sharing is refused by name, and changes nothing."""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

from app.kernel.octets import spell
from tests.builders.accounts import problem_of
from tests.builders.custody import (
    Chain,
    Holder,
    accept_all,
    acceptance_body,
    deal_all,
    deal_body,
    finish_all,
    new_share,
    post_acceptance,
    post_deal,
    post_new_share,
    resharing_of,
    resharings_of,
)
from tests.builders.unchanged import unchanged
from tests.conftest import Service

EDITS: list[tuple[Any, str]] = [
    (lambda body: body["commitments"].pop(), "deal-malformed"),
    (lambda body: body["commitments"].append(body["commitments"][0]), "deal-malformed"),
    (lambda body: body["boxes"].popitem(), "deal-malformed"),
    (lambda body: body["boxes"].update({str(uuid4()): next(iter(body["boxes"].values()))}), "deal-malformed"),
    (lambda body: body.update(boxes=dict.fromkeys(body["boxes"], spell(b"short"))), "deal-malformed"),
    (
        lambda body: body.update(boxes=dict.fromkeys(body["boxes"], next(iter(body["boxes"].values())))),
        "deal-malformed",
    ),
    (lambda body: body["commitments"].reverse(), "signature-refused"),
    (lambda body: body.update(signature=spell(bytes(64))), "signature-refused"),
    (lambda body: body.update(signature="AAAA"), "invalid-input"),
    (lambda body: body.update(commitments=["AAAA"]), "invalid-input"),
    (lambda body: body.update(commitments=["not base64"]), "invalid-input"),
    (lambda body: body.pop("boxes"), "invalid-input"),
    (lambda body: body.update(more=1), "invalid-input"),
]


async def test_after_a_new_share_is_in_nobody_accepts_anew(
    service: Service, chain: Chain, subject: str, new: list[Holder]
) -> None:
    await deal_all(chain.founders, subject)
    await accept_all(new, subject)
    item = await resharing_of(new[0], subject)
    await finish_all(new[1:2], subject)
    async with unchanged(service):
        answer = await post_acceptance(new[0], subject, acceptance_body(new[0], item))
        assert problem_of(answer) == (409, "acceptance-over")


async def test_a_deal_without_its_form_is_refused_by_name_and_changes_nothing(
    service: Service, chain: Chain, subject: str, new: list[Holder]
) -> None:
    good = json.dumps(deal_body(chain.founders[0], await resharing_of(chain.founders[0], subject)))
    async with unchanged(service):
        for edit, problem in EDITS:
            body = json.loads(good)
            edit(body)
            assert problem_of(await post_deal(chain.founders[0], subject, body)) == (422, problem)


async def test_a_stolen_session_without_the_signing_key_deals_accepts_and_hands_in_nothing(
    service: Service, chain: Chain, subject: str, new: list[Holder]
) -> None:
    item = await resharing_of(new[0], subject)
    thief = replace(new[0], signing_seed=bytes(range(32)))
    async with unchanged(service):
        assert problem_of(await post_deal(thief, subject, deal_body(thief, item))) == (422, "signature-refused")
    await deal_all(chain.founders, subject)
    item = await resharing_of(new[0], subject)
    async with unchanged(service):
        answer = await post_acceptance(thief, subject, acceptance_body(thief, item))
        assert problem_of(answer) == (422, "signature-refused")
    await accept_all(new, subject)
    item = await resharing_of(new[0], subject)
    share = new_share(new[0], item)
    async with unchanged(service):
        assert problem_of(await post_new_share(thief, subject, share)) == (422, "signature-refused")
        assert problem_of(await post_new_share(new[0], subject, share[:-1])) == (422, "share-malformed")


async def test_only_who_hands_over_deals_and_only_who_receives_accepts(
    service: Service, chain: Chain, subject: str, new: list[Holder]
) -> None:
    joined, leaver = new[2], chain.founders[2]
    body = deal_body(chain.founders[0], await resharing_of(chain.founders[0], subject))
    async with unchanged(service):
        assert problem_of(await post_deal(joined, subject, body)) == (404, "not-found")
        assert problem_of(await post_deal(leaver, subject, body)) == (422, "signature-refused")
        assert problem_of(await post_deal(leaver, str(uuid4()), body)) == (404, "not-found")
    await deal_all(chain.founders, subject)
    accepted = acceptance_body(joined, await resharing_of(joined, subject))
    async with unchanged(service):
        assert problem_of(await post_acceptance(leaver, subject, accepted)) == (404, "not-found")
        assert problem_of(await post_acceptance(new[0], subject, accepted)) == (422, "signature-refused")
        few = {**accepted, "commitments": accepted["commitments"][:1]}
        assert problem_of(await post_acceptance(joined, subject, few)) == (422, "acceptance-malformed")


async def test_what_is_shared_as_it_should_be_is_not_shared_anew(service: Service, chain: Chain, subject: str) -> None:
    body = {"commitments": [], "boxes": {}, "signature": spell(bytes(64))}
    async with unchanged(service):
        assert problem_of(await post_deal(chain.founders[0], subject, body)) == (409, "nothing-to-reshare")
    assert await resharings_of(chain.founders[0]) == []
