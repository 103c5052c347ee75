"""How many shares of what was sealed can still be used, and the alarm when few more are left than it takes."""

from contextlib import suppress
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import service as accounts
from app.audit import log
from app.custodianship.schemas import CustodianState, CustodyOut
from app.custody.models import Custodian
from app.intake import doors
from app.intake.models import Channel
from app.kernel import logs
from app.policy.actors import Role, Staff
from app.vault import subjects
from app.vault.subjects import KINDS, Held

SPARE = 1
"""As many usable shares more than it takes, or fewer, are an alarm: with one more loss, each that is left is needed."""


async def state_of(session: AsyncSession, channel: Channel) -> CustodyOut:
    """Return the state of custody of a channel.

    A share is usable if its custodian stands, their account is active and holds the role, and it is sealed to their key of the
    newest manifest. What would be sealed next counts too, so that a channel without a grievance is told in time.

    Raises:
        ChannelAltered: the channel was altered behind the service.

    """
    custodians = await doors.require_ours(session, channel)
    fit = await accounts.public_keys(
        session, channel.organisation_id, [one.account_id for one in custodians], Role.CUSTODIAN
    )
    usable = [one.id for one in custodians if one.account_id in fit]
    held = Held.by(channel.threshold, custodians)
    counts = {
        kind: await subjects.count(session, kind, channel.organisation_id, channel.id, held, usable) for kind in KINDS
    }
    least = [one.usable_at_least for one in counts.values() if one.usable_at_least is not None]
    spare = [one.spare_at_least for one in counts.values() if one.spare_at_least is not None]
    return CustodyOut(
        threshold=channel.threshold,
        custodians=[
            CustodianState(id=one.id, label=one.label, account_id=one.account_id, is_usable=one.id in usable)
            for one in custodians
        ],
        subjects={KINDS[kind].plural: one.subjects for kind, one in counts.items()},
        shares_due=sum(one.due for one in counts.values()),
        usable_at_least=min(least, default=len(usable)),
        alarm=min([len(usable) - channel.threshold, *spare]) <= SPARE,
    )


async def record_alarm(session: AsyncSession, actor: Staff, channel: Channel) -> None:
    """If the channel is in the alarm, the log of the organisation and the operator are told."""
    if (await state_of(session, channel)).alarm:
        await log.record(session, actor, "custody.alarm", channel)
        tell(channel.id)


async def record_alarms(session: AsyncSession, actor: Staff, account_id: UUID) -> None:
    """The log and the operator are told of every channel in the alarm of which this account, which changed, is a custodian."""
    custodian_of = select(Custodian.channel_id).where(
        Custodian.organisation_id == actor.organisation_id,
        Custodian.account_id == account_id,
        Custodian.ended_on.is_(None),
    )
    channels = select(Channel).where(Channel.organisation_id == actor.organisation_id, Channel.id.in_(custodian_of))
    for channel in (await session.scalars(channels.order_by(Channel.id))).all():
        with suppress(doors.ChannelAltered):  # told of by its own line
            await record_alarm(session, actor, channel)


def tell(channel_id: UUID) -> None:
    """The operator is told that a channel is in the alarm."""
    logs.log.error(
        "few usable shares are left", extra={"event": "few usable shares are left", "channel": str(channel_id)}
    )


async def watch(session: AsyncSession) -> None:
    """The operator is told of every channel in the alarm; a channel that was altered is told of by its own line."""
    for channel in (await session.execute(select(Channel).order_by(Channel.id))).scalars().all():
        with suppress(doors.ChannelAltered):
            if (await state_of(session, channel)).alarm:
                tell(channel.id)
