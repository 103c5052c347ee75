"""Somebody has everything that the service stores and everything that the union and its representative hold, and tries.

They have the database with its order of rows and the transactions that wrote them, the pepper and the service's keys, the private
key of the union, the codes in the order in which they were printed, who was sent what and what was answered, and the representative's
own account. They still do not find out whose support is whose.
"""

import hmac
import math
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select, text

from app.audit.models import AuditEvent
from app.crypto import blind_signatures, contexts
from app.crypto.blind_signatures import PSS_RANDOMISED
from app.crypto.ids import id_of
from app.crypto.supporter_tokens import EVERY_ALLEGATION, message
from app.intake.receipts import derive
from app.kernel.db import Base
from app.supporting import codes
from app.supporting.ballots import choice_lookup
from app.supporting.models import CountedSupporter, SpentToken, SupporterCode, SupporterIdentity
from tests.builders.intake import IDENTITY
from tests.builders.supporting import a_count, a_round, spelled, supports, union_keys
from tests.conftest import FROZEN, Clock, Service

PEOPLE = 12
OWN = ("counted_supporters", "spent_tokens", "supporter_codes", "supporter_identities")


async def everything(service: Service) -> dict[str, list[dict[str, Any]]]:
    """Every row of the database, in the order in which it gives them, with the transaction that wrote it where it tells that."""
    found = {}
    async with service.runtime.database.session(write=False) as session:
        for table in Base.metadata.sorted_tables:
            hidden = "" if service.runtime.database.is_sqlite else ", xmin::text AS written_by, ctid::text AS lies_at"
            statement = text(f"SELECT *{hidden} FROM {table.name}")  # noqa: S608 names of our own tables
            found[table.name] = [dict(row) for row in (await session.execute(statement)).mappings()]
    return found


def as_bytes(value: Any) -> Iterable[bytes]:  # noqa: ANN401 whatever a column holds
    """Whatever a column holds, as bytes that can be compared."""
    if isinstance(value, bytes | memoryview):
        yield bytes(value)
    elif value is not None:
        yield str(value).encode()
        yield str(value).replace("-", "").encode()


async def test_a_code_leads_to_no_supporter_by_value_order_or_transaction(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    counted = await a_count(actors.representative, "codes", PEOPLE)
    count_id = await _count_id(service)
    digests = [codes.stored_lookup(service.runtime.keys, count_id, code) for code in counted.codes]
    unused = [row["lookup"] for row in (await everything(service))["supporter_codes"]]
    assert sorted(unused) == sorted(digests)
    assert unused != digests  # one in 12! that the order is that of the printed sheet
    receipts = []
    for number in range(PEOPLE - 2):
        clock.set(FROZEN + timedelta(days=number % 4))
        receipts += [await supports(anonymous, counted, number, 1 + number % 3)]
    clock.set(FROZEN + timedelta(days=5))
    await a_round(service)
    rows = await everything(service)
    assert {bytes(row["lookup"]) for row in rows["supporter_codes"]} == set(digests[-2:])
    held = _values(rows, skip={"supporter_codes"})
    for code, digest in zip(counted.codes, digests, strict=True):
        for trace in (digest, digest.hex().encode(), code.encode(), sha256(code.encode()).digest()):
            assert not any(trace in value for value in held)
    supporters = rows["counted_supporters"]
    assert len({row.get("written_by") for row in supporters}) == 1
    assert {"code", "code_id", "token", "serial", "identity_id"}.isdisjoint(supporters[0])
    assert {str(row["changed_on"])[:10] for row in supporters} == {counted.body["opens_on"]}
    assert {UUID(str(row["id"])).int >> 80 for row in supporters} == {id_of(FROZEN.date()).int >> 80}
    in_order = [_lookup(service, receipt) for receipt in receipts]
    assert [bytes(row["lookup"]) for row in supporters] != in_order


async def test_rows_of_supporters_have_no_number_and_are_mixed_by_the_round(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    counted = await a_count(actors.representative, "codes", 8)
    for number in range(8):
        await supports(anonymous, counted, number, 1)
    if service.runtime.database.is_sqlite:
        async with service.runtime.database.session(write=False) as session:
            made = (await session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))).all()
        assert {name for name, sql in made if "WITHOUT ROWID" in sql} == set(OWN)
        return
    before = [(bytes(row["lookup"]), row["written_by"]) for row in (await everything(service))["counted_supporters"]]
    assert len({transaction for _, transaction in before}) == 8
    clock.advance(timedelta(days=1))
    await a_round(service)
    after = [(bytes(row["lookup"]), row["written_by"]) for row in (await everything(service))["counted_supporters"]]
    assert len({transaction for _, transaction in after}) == 1
    assert {one for one, _ in after} == {one for one, _ in before}
    assert [one for one, _ in after] != [one for one, _ in before]  # one in 8!


async def test_every_token_fits_every_issuance(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    """Whatever the union was sent can be the blinding of whatever token: there is a factor for each pair, and each is as likely."""
    counted = await a_count(actors.representative, "tokens")
    grievance, n = UUID(counted.grievance_id), union_keys().private[0].private_numbers().public_numbers.n
    tokens = []
    for number in range(6):
        _, token = counted.signed(EVERY_ALLEGATION, f"member {number}")
        tokens.append(token)
        body = {"token": spelled(token), "allegations": [1 + number % 3]}
        assert (await anonymous.post(counted.place, json=body)).status_code == 201
    private = union_keys().private[0].private_numbers()
    for token in tokens:
        prepared = token[:32] + message(grievance, EVERY_ALLEGATION)
        signature = int.from_bytes(token[32:])
        for _, sent, answered in counted.issued:
            factor = int.from_bytes(answered) * pow(signature, -1, n) % n
            assert math.gcd(factor, n) == 1
            encoded = pow(signature, private.public_numbers.e, n)
            assert encoded * pow(factor, private.public_numbers.e, n) % n == int.from_bytes(sent)
            again = blind_signatures.finish(
                PSS_RANDOMISED, union_keys().private[0].public_key(), prepared, answered, pow(factor, -1, n)
            )
            assert again == token[32:]
    held = _values(await everything(service))
    for _, sent, answered in counted.issued:
        assert not any(sent in value or answered in value for value in held)


async def test_what_the_union_is_sent_is_spread_evenly(actors: SimpleNamespace) -> None:
    """Blinded numbers of one and the same message, told apart by nothing: their bits are ones and noughts alike."""
    key = union_keys().private[0].public_key()
    sent = [blind_signatures.blind(PSS_RANDOMISED, key, b"one message").message for _ in range(60)]
    share = sum(int.from_bytes(one).bit_count() for one in sent) / (60 * 3072)
    assert abs(share - 0.5) < 0.01  # more than eight standard deviations
    assert len(set(sent)) == 60


async def test_a_spent_token_and_a_choice_have_nothing_in_common(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    counted = await a_count(actors.representative, "tokens_by_allegation")
    for number in range(4):
        for allegation in (1, 3):
            await supports(anonymous, counted, number, allegation)
    clock.advance(timedelta(days=1))
    await a_round(service)
    rows = await everything(service)
    assert (len(rows["counted_supporters"]), len(rows["spent_tokens"])) == (8, 8)
    for one in rows["counted_supporters"]:
        mine = {value for name in ("id", "lookup", "choice") for value in as_bytes(one[name])}
        for other in (*rows["spent_tokens"], *rows["supporter_identities"]):
            theirs = {
                value
                for name in ("id", "lookup", "serial", "identity_id")
                if name in other
                for value in as_bytes(other[name])
            }
            assert mine.isdisjoint(theirs)
    assert len({len(row["choice"]) for row in rows["counted_supporters"]}) == 1
    assert {row.get("written_by") for row in rows["counted_supporters"]}.isdisjoint(
        {row.get("written_by", "-") for row in rows["spent_tokens"]}
    )


async def test_who_has_the_database_and_the_codes_reads_no_choice_without_the_service_key(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    """The reporters' face too holds no key that opens a choice: it seals to a public key."""
    counted = await a_count(actors.representative, "codes", 2)
    await supports(anonymous, counted, 0, 1)
    await supports(anonymous, counted, 1, 1, 2, 3)
    rows = (await everything(service))["counted_supporters"]
    assert len({len(row["choice"]) for row in rows}) == 1
    assert len({bytes(row["choice"]) for row in rows}) == 2


async def test_no_event_and_no_row_tells_when_a_supporter_came(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    counted = await a_count(actors.representative, "codes", 6)
    async with service.runtime.database.session(write=False) as session:
        before = len((await session.execute(select(AuditEvent.sequence))).all())
    for number in range(6):
        clock.advance(timedelta(minutes=7))
        await supports(anonymous, counted, number, 1, identity=IDENTITY)
    rows = await everything(service)
    assert len(rows["audit_events"]) == before
    for table in OWN:
        for row in rows[table]:
            assert not any(
                ":" in str(value) for name, value in row.items() if name.endswith(("_on", "_at")) and name != "lies_at"
            )
            assert {UUID(str(row["id"])).int >> 80} == {UUID(counted.grievance_id).int >> 80}  # the day and no more
    clock.set(FROZEN + timedelta(days=1))
    await a_round(service)
    async with service.runtime.database.session(write=False) as session:
        events = (await session.execute(select(AuditEvent).order_by(AuditEvent.at))).scalars().all()
    made = [event for event in events if event.event in {"identity.sealed", "support.told"} and event.actor_id is None]
    assert [event.event for event in made if event.at.date() == clock.at.date()] == ["identity.sealed", "support.told"]
    assert {(event.at.hour, event.at.minute) for event in made} == {(0, 0)}


async def test_the_receipt_alone_joins_a_choice_and_an_identity(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    counted = await a_count(actors.representative, "codes", 3)
    for number in range(3):
        await supports(anonymous, counted, number, 1, identity=IDENTITY)
    rows = await everything(service)
    choices = {bytes(row["lookup"]) for row in rows["counted_supporters"]}
    identities = {bytes(row["lookup"]) for row in rows["supporter_identities"]}
    assert choices.isdisjoint(identities)
    assert len(choices) == len(identities) == 3


def _lookup(service: Service, receipt: str) -> bytes:
    """What only the holder of a receipt can compute."""
    return choice_lookup(service.runtime.keys, derive(service.runtime.keys, receipt).lookup)


def _values(rows: dict[str, list[dict[str, Any]]], skip: Iterable[str] = ()) -> list[bytes]:
    found = [
        value
        for table, own in rows.items()
        if table not in skip
        for row in own
        for column in row.values()
        for value in as_bytes(column)
    ]
    assert len(found) > 100
    return found


async def _count_id(service: Service) -> UUID:
    async with service.runtime.database.session(write=False) as session:
        return (await session.execute(select(SupporterCode.count_id))).scalars().first() or UUID(int=0)


def test_the_digest_of_a_code_takes_the_pepper(service: Service) -> None:
    """A hash that everybody can compute would find the code of the sheet again in the database."""
    count_id = UUID(int=7)
    digest = codes.stored_lookup(service.runtime.keys, count_id, "7H3KD-0Q9XW-M2RTA-5JB8C")
    context = contexts.encode("supporter-code", count_id, "7H3KD-0Q9XW-M2RTA-5JB8C")
    assert digest not in {sha256(context).digest(), hmac.digest(b"", context, sha256)}
    assert {
        CountedSupporter.__tablename__,
        SpentToken.__tablename__,
        SupporterCode.__tablename__,
        SupporterIdentity.__tablename__,
    } == set(OWN)
