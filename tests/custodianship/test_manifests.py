"""Only what the root of a channel signed, and only the next of its chain, changes whose keys count."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import delete, insert, select, update

from app.crypto import hpke, manifests, signing
from app.crypto.documents import Signed
from app.crypto.manifests import Manifest, RequesterEntry
from app.custody.models import Custodian, StoredManifest
from app.intake.models import Channel
from app.kernel.db import table_of
from app.kernel.ids import new_id
from app.kernel.octets import spell
from tests import conftest
from tests.builders import custody, intake
from tests.builders.accounts import events, problem_of, put_roles
from tests.builders.custody import ROOT_SEED, Chain, a_chain, a_chain_in_force, joining, post
from tests.conftest import CHANNEL, Service

MANIFESTS, CUSTODIANS, CHANNELS = table_of(StoredManifest), table_of(Custodian), table_of(Channel)
OTHER_ROOT = bytes(range(32))


@pytest.fixture
async def chain(service: Service) -> Chain:
    """The chain of the channel, its first manifest in force."""
    return await a_chain_in_force(service)


async def page(client: httpx.AsyncClient) -> dict[str, Any]:
    """Return the channel's public page."""
    answer = await client.get(f"/v1/channels/{CHANNEL}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refused(service: Service, manifest: Manifest, seed: bytes = ROOT_SEED) -> tuple[int, str]:
    """Return the refusal of a manifest, which changed nothing."""
    return await refused_bytes(service, manifests.sign_manifest(manifest, seed))


async def refused_bytes(service: Service, signed: Signed) -> tuple[int, str]:
    """Return the refusal of a document, which changed nothing."""
    before = await conftest._snapshot(service.runtime)
    answer = await post(service.actors.administrator, signed)
    assert await conftest._snapshot(service.runtime) == before
    return problem_of(answer)


async def test_a_channel_without_a_manifest_says_that_its_keys_are_on_the_administrators_word(
    anonymous: httpx.AsyncClient,
) -> None:
    assert (await page(anonymous))["manifest"] is None
    assert (await anonymous.get(f"/v1/channels/{CHANNEL}/manifests")).json() == {"items": []}


async def test_the_first_manifest_is_read_back_byte_for_byte_by_anybody(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    chain = await a_chain(service)
    published = await chain.publish(actors)
    digest = manifests.digest(chain.signed[0]).hex()
    assert published == {"epoch": 1, "digest": digest, "issued_on": "2026-03-02"}
    assert (await page(anonymous))["manifest"] == {"epoch": 1, "digest": digest, "root": spell(chain.manifest.root)}
    (shown,) = (await anonymous.get(f"/v1/channels/{CHANNEL}/manifests")).json()["items"]
    assert shown == {
        "epoch": 1,
        "digest": digest,
        "document": spell(chain.signed[0].document),
        "signature": spell(chain.signed[0].signature),
    }


async def test_a_client_that_pins_the_root_verifies_the_whole_chain(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace, chain: Chain
) -> None:
    await chain.publish(actors, [chain.holders[0].with_a_new_key(), *chain.holders[1:]])
    items = (await anonymous.get(f"/v1/channels/{CHANNEL}/manifests")).json()["items"]
    signed = [custody.signed_of(item) for item in items]
    assert manifests.read_chain(signed, signing.public_key(ROOT_SEED))[-1] == chain.manifest


async def test_who_joins_and_who_leaves_and_a_new_threshold_are_in_force_at_once(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace, chain: Chain
) -> None:
    for name in ("staff", "panel"):
        await put_roles(actors.administrator, getattr(actors, name).account_id, "custodian")
    stays, _, also = chain.holders
    holders = [stays, also, joining(actors.staff, "Ombudsperson"), joining(actors.panel, "Auditor of the union")]
    await chain.publish(actors, holders, threshold=3)
    shown = await page(anonymous)
    assert shown["threshold"] == 3
    assert {one["id"]: one["public_key"] for one in shown["custodians"]} == {
        str(one.id): spell(hpke.public_key(one.sealing_seed)) for one in holders
    }
    await intake.submitted(anonymous)
    async with service.runtime.database.session(write=False) as session:
        (identity,) = await intake.identities_in(session)
    assert set(identity.shares) == {one.id for one in holders}
    key = intake.erasure_keys_in(service.runtime.settings.erasure_folder)[identity.id]
    three = {one.id: one.sealing_seed for one in holders[1:]}
    assert identity.open(three, key) == intake.IDENTITY


async def test_who_left_may_come_back_under_another_id(
    service: Service, actors: SimpleNamespace, chain: Chain, anonymous: httpx.AsyncClient
) -> None:
    first, second, third = chain.holders
    await chain.publish(actors, [first, second])
    assert await refused(service, chain.next([first, second, third])) == (409, "manifest-differs")
    again = replace(third, id=uuid4())
    await chain.publish(actors, [first, second, again])
    assert {one["id"] for one in (await page(anonymous))["custodians"]} == {
        str(one.id) for one in (first, second, again)
    }


async def test_publishing_is_in_the_log_and_the_log_verifies(
    service: Service, actors: SimpleNamespace, chain: Chain
) -> None:
    await chain.publish(actors, chain.holders[:2])
    assert (await custody.faults(service)) == []
    assert (await events(service)).count("manifest.published") == 2


async def test_an_administrator_without_the_root_changes_no_key(service: Service, chain: Chain) -> None:
    """Their own key as root, somebody else's signature, or none."""
    seed = OTHER_ROOT
    swapped = chain.next([chain.holders[0].with_a_new_key(), *chain.holders[1:]])
    own = replace(swapped, root=signing.public_key(seed))
    assert await refused(service, own, seed) == (409, "manifest-not-next")
    signed = manifests.sign_manifest(own, seed)
    forged = Signed(signed.document.replace(spell(own.root).encode(), spell(swapped.root).encode()), signed.signature)
    assert await refused_bytes(service, forged) == (422, "manifest-invalid")
    good = manifests.sign_manifest(swapped, ROOT_SEED)
    for bad in (bytes(64), good.signature[::-1], chain.signed[0].signature):
        assert await refused_bytes(service, Signed(good.document, bad)) == (422, "manifest-invalid")


async def test_no_patch_of_a_channel_reaches_a_custodian(actors: SimpleNamespace, chain: Chain) -> None:
    key = spell(hpke.public_key(hpke.new_seed()))
    for body in ({"custodians": [{"public_key": key}]}, {"threshold": 1}, {"manifest_digest": None}):
        answer = await actors.administrator.patch(f"/v1/channels/{CHANNEL}", json=body, headers={"If-Match": '"2"'})
        assert answer.status_code == 422


async def test_an_older_epoch_a_fork_a_gap_and_another_channel_do_not_follow(
    service: Service, actors: SimpleNamespace, chain: Chain
) -> None:
    first = chain.signed[0]
    await chain.publish(actors)
    for signed in chain.signed:
        assert await refused_bytes(service, signed) == (409, "manifest-not-next")
    following = chain.next()
    for wrong in (
        replace(following, previous=manifests.digest(first)),
        replace(following, epoch=2, previous=manifests.digest(first)),
        replace(following, epoch=following.epoch + 1),
        replace(following, epoch=1, previous=None),
        replace(following, organisation=uuid4()),
        replace(following, channel=uuid4()),
        replace(following, slug="elsewhere"),
    ):
        assert await refused(service, wrong) == (409, "manifest-not-next")


async def test_a_chain_starts_with_the_first_epoch(service: Service) -> None:
    chain = await a_chain(service)
    later = replace(chain.manifest, epoch=2, previous=bytes(32))
    assert await refused(service, later) == (409, "manifest-not-next")
    assert await refused(service, replace(chain.manifest, organisation=uuid4())) == (409, "manifest-not-next")


async def test_the_first_manifest_changes_nothing_of_the_channel(service: Service) -> None:
    chain = await a_chain(service)
    for wrong in (
        chain.next([chain.holders[0].with_a_new_key(), *chain.holders[1:]]),
        chain.next(chain.holders[:2]),
        chain.next([replace(chain.holders[0], id=uuid4()), *chain.holders[1:]]),
        chain.next(threshold=3),
    ):
        assert await refused(service, wrong) == (409, "manifest-differs")


async def test_a_manifest_names_accounts_that_are_fit_and_the_officers_that_there_are(
    service: Service, actors: SimpleNamespace, chain: Chain
) -> None:
    first, second, third = chain.holders
    officers, (requester,) = chain.manifest.officers, chain.manifest.requesters
    unknown = RequesterEntry(uuid4(), "Nobody", requester.signing_key)
    for wrong in (
        chain.next([first, second, third, joining(actors.staff, "Without the role")]),
        chain.next([first, second, replace(joining(actors.custodian, "Twice"), actor=actors.case_officer)]),
        chain.next([replace(first, id=second.id), replace(second, id=first.id), third]),
        chain.next([replace(first, id=uuid4()), second, third]),
        chain.next(officers=officers[:1]),
        chain.next(officers=(replace(officers[0], sealing_key=officers[1].sealing_key), officers[1])),
        chain.next(officers=(replace(officers[0], account=actors.staff.account_id), officers[1])),
        chain.next(requesters=(unknown,)),
        chain.next(custodians=(replace(first.entry(), sealing_key=bytes(1216)), second.entry(), third.entry())),
    ):
        assert await refused(service, wrong) == (409, "manifest-differs")
    suspended = f"/v1/accounts/{actors.second_custodian.account_id}/suspension"
    assert (await actors.administrator.post(suspended)).status_code == 200
    assert await refused(service, chain.next()) == (409, "manifest-differs")
    await chain.publish(actors, [first, third])


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"[]", b"{}", b'{"format":"candour/manifest/1"}', b"\xff", b"[" * 60_000],
    ids=["empty", "cut", "a list", "no members", "few members", "not UTF-8", "deep"],
)
async def test_what_is_no_manifest_is_refused_by_name(
    service: Service, actors: SimpleNamespace, document: bytes
) -> None:
    signed = Signed(document, signing.sign_context(ROOT_SEED, "manifest", document))
    expected = (422, "invalid-input") if len(document) < 2 else (422, "manifest-invalid")
    assert await refused_bytes(service, signed) == expected


async def test_a_channel_that_is_not_there_or_not_ones_own_takes_no_manifest(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    chain = await a_chain(service)
    signed = manifests.sign_manifest(chain.manifest, ROOT_SEED)
    assert problem_of(await post(actors.administrator, signed, "elsewhere")) == (404, "not-found")
    assert (await anonymous.get("/v1/channels/elsewhere/manifests")).status_code == 404


async def _swap_a_signing_key(session: Any, chain: Chain) -> None:  # noqa: ANN401 a session
    forged = chain.next([replace(chain.holders[0], signing_seed=OTHER_ROOT), *chain.holders[1:]])
    signed = manifests.sign_manifest(replace(forged, root=signing.public_key(OTHER_ROOT)), OTHER_ROOT)
    values = {"document": signed.document, "signature": signed.signature, "digest": manifests.digest(signed)}
    await session.execute(update(MANIFESTS).values(**values))
    await session.execute(update(CHANNELS).values(manifest_digest=values["digest"]))


async def _keep_the_name_of_another_document(session: Any, chain: Chain) -> None:  # noqa: ANN401
    signed = manifests.sign_manifest(chain.next(), ROOT_SEED)
    await session.execute(update(MANIFESTS).values(document=signed.document, signature=signed.signature))


async def _break_the_signature(session: Any, chain: Chain) -> None:  # noqa: ANN401
    await session.execute(update(MANIFESTS).values(signature=bytes(64)))


async def _remove_it(session: Any, chain: Chain) -> None:  # noqa: ANN401
    await session.execute(delete(MANIFESTS))


async def _forget_it(session: Any, chain: Chain) -> None:  # noqa: ANN401
    await session.execute(update(CHANNELS).values(manifest_digest=None))


async def _let_a_custodian_back_in(session: Any, chain: Chain) -> None:  # noqa: ANN401
    row: dict[str, Any] = dict((await session.execute(select(CUSTODIANS).limit(1))).mappings().one())
    await session.execute(
        insert(CUSTODIANS), [{**row, "id": new_id(), "account_id": chain.manifest.officers[0].account}]
    )


@pytest.mark.parametrize(
    "attack",
    [
        _swap_a_signing_key, _keep_the_name_of_another_document, _break_the_signature, _remove_it, _forget_it,
        _let_a_custodian_back_in,
    ],
    ids=lambda one: one.__name__,
)  # fmt: skip
async def test_what_somebody_wrote_into_the_database_is_no_manifest(
    service: Service,
    actors: SimpleNamespace,
    anonymous: httpx.AsyncClient,
    chain: Chain,
    attack: Any,  # noqa: ANN401
) -> None:
    async with service.runtime.database.session(write=True) as session:
        await attack(session, chain)
        await session.execute(update(CHANNELS).values(version=CHANNELS.c.version + 1))
    assert problem_of(await anonymous.get(f"/v1/channels/{CHANNEL}")) == (503, "channel-altered")
    answer = await post(actors.administrator, manifests.sign_manifest(chain.next(), ROOT_SEED))
    assert problem_of(answer) == (503, "channel-altered")
    assert await custody.faults(service) != []


async def test_two_manifests_at_once_leave_one_chain(service: Service, actors: SimpleNamespace, chain: Chain) -> None:
    one, other = chain.next(), chain.next(chain.holders[:2])
    answers = await asyncio.gather(
        *(post(actors.administrator, manifests.sign_manifest(each, ROOT_SEED)) for each in (one, other))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_a_repeat_with_the_same_key_publishes_once(
    service: Service, actors: SimpleNamespace, chain: Chain
) -> None:
    signed = manifests.sign_manifest(chain.next(), ROOT_SEED)
    body = {"document": spell(signed.document), "signature": spell(signed.signature)}
    headers = {"Idempotency-Key": "a-fresh-random-key-0001"}
    path = f"/v1/channels/{CHANNEL}/manifests"
    first, second = [await actors.administrator.post(path, json=body, headers=headers) for _ in range(2)]
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (201, first.json())
