"""Mail servers that refuse, hang or die, workers that do, and who may read what is on its way."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from app.kernel.runtime import Runtime
from app.notifications import mail, outbox
from app.notifications.models import Delivery, DeliveryState, Notice
from tests.builders.notices import NEXT_SLOT, OFFICER, counted, has_address
from tests.conftest import Clock, Service
from tests.notifications.conftest import MailServer, Papers, Sending, deliver


@pytest.mark.parametrize("behaviour", ["refuse", "drop"])
async def test_what_is_refused_for_now_is_tried_again_later_with_the_same_id(
    service: Service,
    actors: SimpleNamespace,
    clock: Clock,
    mail_server: MailServer,
    sending: Sending,
    behaviour: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await has_address(actors.case_officer, OFFICER)
    runtime = sending(mail_server)
    mail_server.behave(behaviour)
    clock.set(NEXT_SLOT)
    await deliver(runtime)
    mail_server.behave("accept")
    await deliver(runtime)  # not yet
    assert mail_server.mails == []
    clock.advance(timedelta(minutes=1))
    await deliver(runtime)
    assert mail_server.recipients == [OFFICER]
    assert b"Date: Mon, 02 Mar 2026 15:00:00 +0000" in mail_server.mails[0]
    [line] = [vars(record) for record in caplog.records if record.levelno == logging.ERROR]
    assert line["event"] == "a notice was not delivered"
    assert OFFICER not in str(line)


async def test_a_server_that_hangs_is_left_alone_after_a_while(
    service: Service,
    actors: SimpleNamespace,
    clock: Clock,
    mail_server: MailServer,
    sending: Sending,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await has_address(actors.case_officer, OFFICER)
    monkeypatch.setattr(mail, "WHOLE_SECONDS", 1)
    mail_server.behave("hang")
    clock.set(NEXT_SLOT)
    await asyncio.wait_for(deliver(sending(mail_server)), 20)
    mail_server.behave("accept")
    clock.advance(timedelta(minutes=1))
    await deliver(sending(mail_server))
    assert mail_server.recipients == [OFFICER]


async def test_what_fails_too_often_is_given_up_and_the_log_names_no_address(
    service: Service,
    actors: SimpleNamespace,
    clock: Clock,
    mail_server: MailServer,
    sending: Sending,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await has_address(actors.case_officer, OFFICER)
    runtime = sending(mail_server, notice_attempts=3)
    mail_server.behave("refuse")
    clock.set(NEXT_SLOT)
    for minutes in (1, 2, 4, 8):
        await deliver(runtime)
        clock.advance(timedelta(minutes=minutes))
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 3
    assert vars(caplog.records[-1])["event"] == "a notice was given up"
    assert vars(caplog.records[-1])["account"] == str(actors.case_officer.account_id)
    assert OFFICER not in "".join(str(vars(record)) for record in caplog.records)
    assert await counted(service, Notice) == 0


async def test_two_workers_at_once_send_once(
    service: Service, actors: SimpleNamespace, clock: Clock, mail_server: MailServer, sending: Sending
) -> None:
    names = ("case_officer", "other_case_officer", "third_case_officer", "investigator", "reviewer", "custodian")
    for name in names:
        await has_address(getattr(actors, name), f"{name}@northmoor.example")
    clock.set(NEXT_SLOT)
    workers = [Runtime.from_settings(sending(mail_server).settings) for _ in range(3)]
    try:
        await asyncio.gather(*(deliver(worker) for worker in workers))
    finally:
        for worker in workers:
            await worker.close()
    assert sorted(mail_server.recipients) == sorted(f"{name}@northmoor.example" for name in names)


async def test_who_is_killed_between_sending_and_saying_so_sends_it_at_most_once_more_with_the_same_id(
    service: Service, actors: SimpleNamespace, clock: Clock, mail_server: MailServer, sending: Sending
) -> None:
    await has_address(actors.case_officer, OFFICER)
    runtime = sending(mail_server)
    mail_server.behave("keep-and-hang")
    clock.set(NEXT_SLOT)
    killed = asyncio.create_task(deliver(runtime))
    for _ in range(500):
        if mail_server.mails:
            break
        await asyncio.sleep(0.02)
    killed.cancel()
    with suppress(asyncio.CancelledError):
        await killed
    mail_server.behave("accept")
    await deliver(runtime)  # the lease holds
    assert len(mail_server.mails) == 1
    clock.advance(outbox.LEASE)
    await deliver(runtime)
    clock.advance(outbox.LEASE)
    await deliver(runtime)
    first, second = mail_server.mails
    assert first == second


@pytest.mark.parametrize("how", ["starttls", "tls"])
async def test_mail_goes_over_tls_to_whom_the_certificate_names(
    service: Service,
    actors: SimpleNamespace,
    clock: Clock,
    start_mail_server: Callable[..., Awaitable[MailServer]],
    papers: Papers,
    sending: Sending,
    how: str,
) -> None:
    server = await start_mail_server(str(papers.certificate), str(papers.key), how)
    await has_address(actors.case_officer, OFFICER)
    clock.set(NEXT_SLOT)
    await deliver(sending(server, smtp_security=how, outgoing_roots=None))  # nobody vouches for it
    assert server.mails == []
    clock.advance(timedelta(minutes=1))
    await deliver(sending(server, smtp_security=how))
    assert server.recipients == [OFFICER]


async def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(
    service: Service, actors: SimpleNamespace, clock: Clock, mail_server: MailServer, sending: Sending
) -> None:
    await has_address(actors.case_officer, OFFICER)
    clock.set(NEXT_SLOT)
    await deliver(sending(mail_server, smtp_security="starttls"))
    assert mail_server.mails == []


async def test_who_lost_the_lease_says_nothing_of_what_became_of_it(
    service: Service, actors: SimpleNamespace, clock: Clock, mail_server: MailServer, sending: Sending
) -> None:
    await has_address(actors.case_officer, OFFICER)
    mail_server.behave("refuse")
    clock.set(NEXT_SLOT)
    await deliver(sending(mail_server))
    clock.advance(timedelta(minutes=1))
    async with service.runtime.database.session(write=True) as session:
        [slow] = await outbox.claim(session)
    clock.advance(outbox.LEASE)
    async with service.runtime.database.session(write=True) as session:
        [quick] = await outbox.claim(session)
        assert (quick.id, quick.attempts) == (slow.id, 3)
        await outbox.settle(session, slow, DeliveryState.SENT)
        assert (await session.scalars(select(Delivery.state))).all() == ["waiting"]
        await outbox.settle(session, quick, DeliveryState.SENT)
        assert (await session.scalars(select(Delivery.state))).all() == ["sent"]
