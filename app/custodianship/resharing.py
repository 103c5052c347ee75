"""Re-sharing, as the custodians' clients carry it out: deals, acceptances, new shares. The service never holds a piece."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import service as accounts
from app.audit import log
from app.crypto import resharing as crypto
from app.crypto.errors import NotAuthentic
from app.custodianship.schemas import (
    AcceptanceIn,
    AcceptanceOut,
    DealIn,
    DealOut,
    NewSharing,
    OldSharing,
    Recipient,
    ResharingOut,
    ShareIn,
    Step,
)
from app.custodianship.shares import Place, SignatureRefused, place_called, place_of, require_share
from app.custody import directory
from app.kernel import clock, logs
from app.kernel.octets import spell
from app.kernel.pages import Page, PageQuery
from app.kernel.problems import Conflict, NotFound, Problem
from app.policy.actors import Role, Staff
from app.vault import resharing, subjects
from app.vault.lifecycle import STANDING
from app.vault.opening_models import Opening
from app.vault.resharing import Resharing
from app.vault.resharing_models import ResharingAcceptance, ResharingBox, ResharingDeal
from app.vault.subjects import KINDS, Held, Kind, Subject


class NothingToReshare(Conflict):
    """It is shared among the custodians of the newest manifest already, by its threshold."""

    title = "There is nothing to share anew"


class DealMalformed(Problem):
    """The deal does not have the form that docs/formats.md gives it: commitments, recipients, or the length or key of a box."""

    status = 422
    title = "This is no deal"


class AcceptanceMalformed(Problem):
    """The acceptance does not have one commitment for each of your new pieces."""

    status = 422
    title = "This is no acceptance"


class DealingOver(Conflict):
    """A new custodian has put their pieces together from what was dealt, so that nothing more is dealt for this manifest."""

    title = "The dealing is over"


class DealsMissing(Conflict):
    """Too few old custodians have dealt so far. `needed` says how many it takes."""

    title = "Deals are missing"


class DealsDisagree(Conflict):
    """Two old custodians dealt different things for a piece that both hold, so one of them lies: `custodians` are all who dealt it.

    Whoever else holds that piece can tell who. Suspend that account, or take the role from it, and what it dealt counts no more.
    """

    title = "Deals disagree"


class AcceptancesMissing(Conflict):
    """Not every new custodian has said which new pieces they have, or two say different things of one. Wait, or accept again."""

    title = "Acceptances are missing or differ"


class OpeningUnderWay(Conflict):
    """Somebody has asked to open this, and what custodians approved fits the present shares alone. Come again after `until`.

    Nothing is lost by that: the old shares stand and open until the last new one is in.
    """

    title = "This is being opened"


class AcceptanceOver(Conflict):
    """A new share is in already, made under the commitments of all: they change no more for this manifest."""

    title = "The accepting is over"


async def _where(session: AsyncSession, place: Place, of: Sequence[Subject]) -> list[Resharing]:
    manifest = place.in_force.manifest
    held = Held(manifest.threshold, {one.id: one.sealing_key for one in manifest.custodians})
    ids = {one for subject in of for one in subject.shares} | held.keys.keys()
    account_of = await directory.accounts_of(session, place.channel.organisation_id, ids)
    fit = await accounts.public_keys(session, place.channel.organisation_id, list(account_of.values()), Role.CUSTODIAN)
    able = [one for one, account_id in account_of.items() if account_id in fit]
    return await resharing.under_way(session, of, held, place.in_force.digest, able)


async def list_due(session: AsyncSession, actor: Staff, slug: str, page: PageQuery) -> Page[ResharingOut]:
    """Return one page of what is to be shared anew in a channel.

    Raises:
        NotFound: there is no such channel, or the actor never was its custodian.
        ManifestMissing: it has no manifest yet.
        ChannelAltered: it was altered behind the service.

    """
    place = await place_called(session, actor, slug)
    manifest = place.in_force.manifest
    held = Held(manifest.threshold, {one.id: one.sealing_key for one in manifest.custodians})
    found: list[ResharingOut] = []
    for kind, tables in KINDS.items():
        due = subjects.due_in(kind, actor.organisation_id, place.channel.id, held)
        wanted = select(tables.subjects.id).where(
            tables.subjects.organisation_id == actor.organisation_id, tables.subjects.id.in_(due)
        )
        ids = list((await session.execute(page.apply(wanted, tables.subjects.id))).scalars())
        of = [one for one in await subjects.load(session, kind, actor.organisation_id, ids) if one.is_whole]
        found += [_shown(one, place) for one in await _where(session, place, of)]
    rows, following = page.cut(sorted(found, key=lambda one: one.id, reverse=True))
    return Page(items=list(rows), next=following)


def _shown(of: Resharing, place: Place) -> ResharingOut:
    old = next((one for one in of.subject.shares if one in place.mine), None)
    new = next((one for one in of.change.recipients if one in place.mine), None)
    return ResharingOut(
        id=of.subject.row.id,
        kind=of.subject.kind,
        subject_id=of.subject.row.id,
        case_id=of.subject.row.case_id,
        reference=spell(of.change.old.reference),
        step=_step(of, old, new),
        deals_needed=of.needed,
        disputed=sorted(sorted(dealers) for dealers in set(of.disputed.values())),
        old=OldSharing(
            threshold=of.change.old.threshold,
            custodians=sorted(of.change.old.custodians),
            commitments=[spell(one) for one in of.change.old.commitments],
            custodian_id=old,
            share=None if old is None else spell(of.subject.shares[old].share),
        ),
        new=NewSharing(
            manifest=of.change.manifest.hex(),
            threshold=of.change.threshold,
            custodians=[Recipient(id=one, sealing_key=spell(key)) for one, key in sorted(of.change.recipients.items())],
            custodian_id=new,
        ),
        deals=[_deal_shown(of, dealer, new) for dealer in sorted(of.deals)],
        acceptances=[
            AcceptanceOut(
                custodian_id=one,
                commitments=[spell(part) for part in resharing.split(acceptance.commitments)],
                signature=spell(acceptance.signature),
            )
            for one, acceptance in sorted(of.acceptances.items())
        ],
    )


def _deal_shown(of: Resharing, dealer: UUID, recipient: UUID | None) -> DealOut:
    deal, boxes = of.deals[dealer], {one: box.box for one, box in of.boxes[dealer].items()}
    return DealOut(
        custodian_id=dealer,
        commitments=[spell(one) for one in resharing.split(deal.commitments)],
        box=None if recipient is None else spell(boxes[recipient]),
        box_digests=[spell(one) for one in crypto.digests(boxes)],
        signature=spell(deal.signature),
    )


def _step(of: Resharing, old: UUID | None, new: UUID | None) -> Step:
    if old is not None and old not in of.deals and not of.is_dealt:
        return Step.DEAL
    if new is not None and new not in of.acceptances and of.is_dealt:
        return Step.ACCEPT
    if new is not None and of.agreed is not None and of.acceptances[new].share is None:
        return Step.FINISH
    return Step.WAIT


async def _due(session: AsyncSession, actor: Staff, kind: Kind, subject_id: UUID) -> tuple[Place, Resharing]:
    place, subject = await place_of(session, actor, kind, subject_id)
    if not subject.is_whole:
        raise NotFound
    (of,) = await _where(session, place, [subject])
    if of.change.threshold == subject.row.threshold and set(of.change.recipients) == set(subject.shares):
        raise NothingToReshare
    return place, of


async def deal(session: AsyncSession, actor: Staff, kind: Kind, subject_id: UUID, draft: DealIn) -> ResharingOut:
    """Return where the re-sharing stands after the actor's deal. An earlier deal of theirs is replaced.

    Raises:
        NotFound: there is no such thing, or the actor holds no share of it.
        ManifestMissing: the channel has no manifest yet.
        ChannelAltered: it was altered behind the service.
        NothingToReshare: it is shared as the newest manifest says.
        DealingOver: a new custodian has accepted.
        DealMalformed: the deal does not have its form.
        SignatureRefused: it was not signed with the actor's key of the last manifest that names them.

    """
    place, of = await _due(session, actor, kind, subject_id)
    dealer = next((one for one in of.subject.shares if one in place.mine), None)
    if dealer is None:
        raise NotFound
    if of.acceptances and of.is_dealt:
        raise DealingOver
    _require_form(of, dealer, draft)
    entry = await directory.last_naming(session, actor.organisation_id, place.channel.id, place.in_force.digest, dealer)
    if entry is None:
        raise SignatureRefused
    try:
        crypto.require_deal(
            entry.signing_key, draft.signature, of.change, dealer, draft.commitments, crypto.digests(draft.boxes)
        )
    except NotAuthentic as error:
        raise SignatureRefused from error
    row = of.subject.row
    gone = await resharing.earlier(session, row.organisation_id, row.id, place.in_force.digest, dealer)
    await resharing.remove(session, gone)
    made = ResharingDeal(
        organisation_id=row.organisation_id,
        case_id=row.case_id,
        kind=kind,
        subject_id=row.id,
        manifest_digest=place.in_force.digest,
        custodian_id=dealer,
        commitments=b"".join(draft.commitments),
        signature=draft.signature,
    )
    session.add(made)
    await session.flush()
    boxes = [
        ResharingBox(organisation_id=row.organisation_id, deal_id=made.id, custodian_id=one, box=box)
        for one, box in draft.boxes.items()
    ]
    session.add_all(boxes)
    await log.record(session, actor, "resharing.dealt", made, *boxes, case_id=row.case_id, removed=gone)
    (after,) = await _where(session, place, [of.subject])
    if after.disputed:
        event = "deals of a re-sharing disagree"
        logs.log.error(event, extra={"event": event, "channel": str(place.channel.id)})
        await log.record(session, actor, "resharing.disputed", case_id=row.case_id)
    return _shown(after, place)


def _require_form(of: Resharing, dealer: UUID, draft: DealIn) -> None:
    change = of.change
    is_right = len(draft.commitments) == len(change.old.held[dealer]) * change.pieces
    is_right = is_right and set(draft.boxes) == set(change.recipients)
    if not is_right or not all(
        len(box) == change.box_bytes(dealer, one) and subjects.is_sealed_to(box, change.recipients[one])
        for one, box in draft.boxes.items()
    ):
        raise DealMalformed


async def accept(
    session: AsyncSession, actor: Staff, kind: Kind, subject_id: UUID, draft: AcceptanceIn
) -> ResharingOut:
    """Return where the re-sharing stands after the actor's acceptance. An earlier one of theirs is replaced.

    Raises:
        NotFound: there is no such thing, or the actor is not to hold a share of it.
        ManifestMissing: the channel has no manifest yet.
        ChannelAltered: it was altered behind the service.
        NothingToReshare: it is shared as the newest manifest says.
        DealsMissing: too few have dealt.
        DealsDisagree: two dealt different things.
        AcceptanceOver: a new share is in.
        AcceptanceMalformed: it has not one commitment for each new piece of the actor.
        SignatureRefused: it was not signed with the actor's key of the newest manifest.

    """
    place, of = await _due(session, actor, kind, subject_id)
    recipient = _recipient(place, of)
    _require_dealt(of)
    if any(one.share is not None for one in of.acceptances.values()):
        raise AcceptanceOver
    if len(draft.commitments) != len(of.change.held[recipient]):
        raise AcceptanceMalformed
    entry = place.in_force.manifest.custodian(recipient)
    assert entry is not None  # noqa: S101 recipients are the custodians of the manifest
    try:
        crypto.require_acceptance(entry.signing_key, draft.signature, of.change, recipient, draft.commitments)
    except NotAuthentic as error:
        raise SignatureRefused from error
    row = of.subject.row
    gone = await resharing.earlier_acceptances(session, row.organisation_id, row.id, place.in_force.digest, recipient)
    await resharing.remove(session, gone)
    made = ResharingAcceptance(
        organisation_id=row.organisation_id,
        case_id=row.case_id,
        kind=kind,
        subject_id=row.id,
        manifest_digest=place.in_force.digest,
        custodian_id=recipient,
        commitments=b"".join(draft.commitments),
        signature=draft.signature,
        share=None,
    )
    session.add(made)
    await log.record(session, actor, "resharing.accepted", made, case_id=row.case_id, removed=gone)
    (after,) = await _where(session, place, [of.subject])
    return _shown(after, place)


async def finish(session: AsyncSession, actor: Staff, kind: Kind, subject_id: UUID, draft: ShareIn) -> None:
    """The actor's new share is in; with the last of them, the new shares stand in place of the old.

    Raises:
        NotFound: there is no such thing, or the actor is not to hold a share of it.
        ManifestMissing: the channel has no manifest yet.
        ChannelAltered: it was altered behind the service.
        NothingToReshare: it is shared as the newest manifest says.
        DealsMissing: too few have dealt.
        DealsDisagree: two dealt different things.
        AcceptancesMissing: not all have accepted, or they do not agree.
        OpeningUnderWay: it would be the last share, and a request to open the thing stands.
        ShareMalformed: what is given cannot be the share.
        SignatureRefused: it was not signed with the actor's key of the newest manifest.

    """
    place, of = await _due(session, actor, kind, subject_id)
    recipient = _recipient(place, of)
    _require_dealt(of)
    if of.agreed is None:
        raise AcceptancesMissing
    require_share(place, of.subject, recipient, draft, of.change.threshold, len(of.change.recipients))
    acceptance, case_id = of.acceptances[recipient], of.subject.row.case_id
    acceptance.share = draft.share
    await log.record(session, actor, "resharing.share_kept", acceptance, case_id=case_id)
    if of.is_complete:
        await _require_not_asked_for(session, of.subject)
        changed, gone = await resharing.exchange(session, of)
        await log.record(session, actor, f"{kind}.reshared", *changed, case_id=case_id, removed=gone)


async def _require_not_asked_for(session: AsyncSession, subject: Subject) -> None:
    """Return if no request to open the thing stands. The case is held, so that none is made meanwhile."""
    row = subject.row
    statement = select(func.max(Opening.expires_at)).where(
        Opening.organisation_id == row.organisation_id,
        Opening.case_id == row.case_id,
        Opening.subject_id == row.id,
        Opening.state.in_(STANDING),
        Opening.expires_at > clock.now(),
    )
    until = await session.scalar(statement)
    if until is not None:
        raise OpeningUnderWay(until=until.isoformat())


def _recipient(place: Place, of: Resharing) -> UUID:
    recipient = next((one for one in of.change.recipients if one in place.mine), None)
    if recipient is None:
        raise NotFound
    return recipient


def _require_dealt(of: Resharing) -> None:
    if of.disputed:
        raise DealsDisagree(custodians=[str(one) for one in sorted(set().union(*of.disputed.values()))])
    if not of.is_dealt:
        raise DealsMissing(needed=of.needed)
