"""Mail says that there is something, at fixed hours, and nothing else: to a real mail server."""

from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import select

from app.kernel.settings import Settings
from app.notifications import mail, outbox
from app.notifications.models import Delivery, Notice, NoticeSlot
from tests.builders import cases
from tests.builders.intake import a_grievance, submitted
from tests.builders.notices import MORNING, NEXT_SLOT, OFFICER, OTHER, counted, has_address, nothing_waits, told
from tests.conftest import Clock, Service
from tests.notifications.conftest import MailServer, Sending, deliver


async def test_the_raw_mail_is_this_and_nothing_else(
    service: Service, actors: SimpleNamespace, clock: Clock, mail_server: MailServer, sending: Sending
) -> None:
    await has_address(actors.case_officer, OFFICER)
    await has_address(actors.other_case_officer, OTHER, language="cy")
    clock.set(NEXT_SLOT + timedelta(minutes=7, seconds=31))
    await deliver(sending(mail_server))
    by_recipient = dict(zip(mail_server.recipients, mail_server.mails, strict=True))
    ids = {message_from_bytes(raw)["Message-ID"] for raw in by_recipient.values()}
    assert len(ids) == 2
    english, welsh = by_recipient[OFFICER], by_recipient[OTHER]
    assert english == (
        b"From: candour@northmoor.example\r\n"
        b"To: officer@northmoor.example\r\n"
        b"Subject: Candour\r\n"
        b"Date: Mon, 02 Mar 2026 15:00:00 +0000\r\n"
        b"Message-ID: " + message_from_bytes(english)["Message-ID"].encode() + b"\r\n"
        b"Auto-Submitted: auto-generated\r\n"
        b'Content-Type: text/plain; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"MIME-Version: 1.0\r\n"
        b"\r\n"
        b"There is something for you in Candour. Sign in.\r\n"
    )
    assert b"Mae rhywbeth i chi yn Candour. Mewngofnodwch." in welsh
    assert mail_server.greetings == {mail.LOCAL_NAME}
    assert await counted(service, Notice) == 0


async def test_whatever_happens_nobody_gets_more_than_one_mail_in_a_slot_and_all_mails_are_alike(
    service: Service, actors: SimpleNamespace, clock: Clock, mail_server: MailServer, sending: Sending
) -> None:
    await has_address(actors.case_officer, OFFICER)
    await told(service, *[actors.case_officer] * 3)
    await told(service, actors.case_officer)
    runtime = sending(mail_server)
    clock.set(NEXT_SLOT)
    await deliver(runtime)
    await told(service, actors.case_officer)  # after the slot was gathered: for the next one
    await deliver(runtime)
    assert len(mail_server.mails) == 1
    clock.set(MORNING)
    await deliver(runtime)
    first, second = mail_server.mails
    assert len(first) == len(second)
    changing = ("Date", "Message-ID")
    one, other = message_from_bytes(first), message_from_bytes(second)
    assert [pair for pair in one.items() if pair[0] not in changing] == [
        pair for pair in other.items() if pair[0] not in changing
    ]
    assert one.get_payload() == other.get_payload()


async def test_without_news_there_is_no_mail_but_for_who_wants_one_always(
    service: Service, actors: SimpleNamespace, clock: Clock, mail_server: MailServer, sending: Sending
) -> None:
    await has_address(actors.case_officer, OFFICER)
    await has_address(actors.other_case_officer, OTHER, always=True)
    await nothing_waits(service)
    for day in range(3):
        clock.set(NEXT_SLOT + timedelta(days=day))
        await deliver(sending(mail_server))
    assert mail_server.recipients == [OTHER] * 3
    answer = await actors.other_case_officer.get("/v1/me/mail-address")
    assert answer.status_code == 401 or answer.json()["always"] is True


async def test_what_a_reporter_did_is_told_from_the_next_day_on_so_that_no_slot_tells_the_half_of_a_day(
    service: Service,
    actors: SimpleNamespace,
    anonymous: httpx.AsyncClient,
    clock: Clock,
    mail_server: MailServer,
    sending: Sending,
) -> None:
    await has_address(actors.case_officer, OFFICER)
    await nothing_waits(service)
    await submitted(anonymous)
    clock.set(NEXT_SLOT)
    await deliver(sending(mail_server))
    assert mail_server.mails == []
    clock.set(MORNING)
    await deliver(sending(mail_server))
    assert mail_server.recipients == [OFFICER]


async def test_a_wall_that_is_raised_after_the_slot_was_gathered_still_holds(
    service: Service, actors: SimpleNamespace, clock: Clock, mail_server: MailServer, sending: Sending
) -> None:
    three = (actors.case_officer, actors.other_case_officer, actors.third_case_officer)
    case = await cases.an_open_file(service, officers=three)
    await has_address(actors.other_case_officer, OTHER)
    await nothing_waits(service)
    await told(service, actors.other_case_officer, case_id=case.id)
    runtime = sending(mail_server)
    mail_server.behave("refuse")
    clock.set(NEXT_SLOT)
    await deliver(runtime)
    mail_server.behave("accept")
    await actors.case_officer.sign_in()
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    clock.advance(timedelta(minutes=5))
    await deliver(runtime)
    assert mail_server.mails == []
    async with service.runtime.database.session(write=False) as session:
        assert (await session.scalars(select(Delivery.state))).all() == ["dropped"]


async def test_who_is_walled_off_from_one_case_is_told_of_another(
    service: Service, actors: SimpleNamespace, clock: Clock, mail_server: MailServer, sending: Sending
) -> None:
    three = (actors.case_officer, actors.other_case_officer, actors.third_case_officer)
    walled, other = await cases.an_open_file(service, officers=three), await cases.an_open_file(service)
    await cases.wall_off(actors.case_officer, walled, actors.other_case_officer)
    await has_address(actors.other_case_officer, OTHER)
    await nothing_waits(service)
    for case in (walled, other):
        await told(service, actors.other_case_officer, case_id=case.id)
    clock.set(NEXT_SLOT)
    await deliver(sending(mail_server))
    assert mail_server.recipients == [OTHER]


async def test_no_canary_of_a_case_is_in_a_mail_a_log_line_or_a_row_of_the_outbox(
    service: Service,
    actors: SimpleNamespace,
    anonymous: httpx.AsyncClient,
    clock: Clock,
    mail_server: MailServer,
    sending: Sending,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await has_address(actors.case_officer, OFFICER)
    said = a_grievance(narrative="The canary sings of Dr Quill.", headline="The canary of Dr Quill")
    made = await submitted(anonymous, said)
    clock.set(MORNING)
    await deliver(sending(mail_server))
    async with service.runtime.database.session(write=False) as session:
        rows = [*(await session.scalars(select(Delivery))).all(), *(await session.scalars(select(NoticeSlot))).all()]
    everything = b"".join(mail_server.mails).decode() + str([vars(row) for row in rows])
    everything += str([vars(record) for record in caplog.records])
    assert mail_server.mails != []
    for canary in ("canary", "Quill", made["reference"], made["receipt"], "grievance", "case"):
        assert canary not in everything.replace("case_officer", "")


async def test_no_mail_without_a_server_an_address_or_an_active_account(
    service: Service, actors: SimpleNamespace, clock: Clock, mail_server: MailServer, sending: Sending
) -> None:
    await has_address(actors.other_case_officer, OTHER)
    assert (await actors.other_case_officer.delete("/v1/me/mail-address")).status_code == 204
    assert (await actors.other_case_officer.delete("/v1/me/mail-address")).status_code == 204
    await has_address(actors.hr, "hr@northmoor.example")
    suspended = await actors.administrator.post(f"/v1/accounts/{actors.hr.account_id}/suspension")
    assert suspended.status_code < 300, suspended.text
    clock.set(NEXT_SLOT)
    await deliver(sending(mail_server))
    assert mail_server.mails == []
    await told(service, actors.investigator)
    clock.set(MORNING)
    await deliver(sending())
    assert await counted(service, Notice) == 0


async def test_the_address_is_sealed_and_is_what_a_mail_server_understands(
    service: Service, actors: SimpleNamespace
) -> None:
    officer = actors.case_officer
    for wrong in ("nobody", "a@b", "a b@example.org", "x@example.org\r\nBcc: y@example.org", "ü@example.org", "@"):
        answer = await officer.put("/v1/me/mail-address", json={"address": wrong})
        assert answer.status_code == 422, wrong
        assert wrong not in answer.text or wrong == "@"
    await has_address(officer, "officer@bücher.example")
    assert (await officer.get("/v1/me/mail-address")).json() == {
        "address": "officer@xn--bcher-kva.example", "language": "en", "always": False,
    }  # fmt: skip
    assert (await actors.hr.get("/v1/me/mail-address")).json()["address"] is None


async def test_old_slots_are_forgotten_and_what_is_on_its_way_is_not(
    service: Service, actors: SimpleNamespace, clock: Clock, mail_server: MailServer, sending: Sending
) -> None:
    await has_address(actors.case_officer, OFFICER)
    await has_address(actors.other_case_officer, OTHER)
    clock.set(NEXT_SLOT)
    await deliver(sending(mail_server))
    mail_server.behave("refuse")
    await told(service, actors.case_officer)
    clock.set(MORNING)
    await deliver(sending(mail_server))
    clock.advance(timedelta(days=outbox.KEPT_DAYS, minutes=1))
    async with service.runtime.database.session(write=True) as session:
        await outbox.remove_old(session)
    assert (await counted(service, Delivery), await counted(service, NoticeSlot)) == (1, 0)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"smtp_host": "mail.example.org"}, "CANDOUR_MAIL_FROM"),
        ({"smtp_host": "mail.example.org", "mail_from": "a@example.org", "smtp_security": "none"}, "to this machine"),
        ({"smtp_host": "192.0.2.1", "mail_from": "a@example.org", "smtp_security": "none"}, "to this machine"),
        ({"notice_slots": (24,)}, "less than or equal to 23"),
        ({"notice_slots": ()}, "at least 1"),
        ({"webhook_hosts": ["*.example.org"]}, "pattern"),
    ],
)
def test_settings_that_would_send_in_clear_or_from_nobody_are_refused(given: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValidationError, match=rule):
        Settings(**given)


def test_the_password_may_be_in_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("secret of the mail server\n")
    file.chmod(0o644)
    settings = Settings(smtp_host="localhost", smtp_security="none", mail_from="a@example.org", smtp_password_file=file)
    with pytest.raises(ValueError, match="open to others"):
        settings.read_smtp_password()
    file.chmod(0o400)
    assert settings.read_smtp_password() == "secret of the mail server"
    given = settings.model_copy(update={"smtp_password_file": None, "smtp_password": SecretStr("given")})
    assert given.read_smtp_password() == "given"
    assert given.model_copy(update={"smtp_password": None}).read_smtp_password() is None
