"""What those who work a case get of its files: the copy without metadata, the original by its own permission, nothing behind a wall."""

import io
import zipfile
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.audit.verify import verify
from app.files import cleaning
from app.files.models import GrievanceFile
from app.intake.models import Grievance
from tests.builders import files, intake
from tests.builders.files import CORPUS, MARK, PORTION, Sender, a_reporter, a_representative, a_text
from tests.builders.intake import created
from tests.conftest import Service


async def a_case(service: Service, actors: SimpleNamespace) -> tuple[Sender, str]:
    """Return a reporter and their case, which an investigator, an assistant and a reviewer were appointed to."""
    sender, submitted = await a_reporter(service)
    case_id = await intake.case_called(actors.case_officer, submitted["reference"])
    for tail, body in (
        ("acknowledgement", {}),
        (
            "triage",
            {
                "likelihood": "high", "impact": "high", "immediate_risk": False, "knowledge": "first_hand",
                "previously_reported": True, "procedure": "whistleblowing", "reason": "It concerns safety.",
            },
        ),
        ("decision", {"outcome": "accepted", "reason": "It must be looked into."}),
        *(
            ("appointments", {"account_id": str(getattr(actors, one).account_id), "capacity": one})
            for one in ("investigator", "assistant", "reviewer")
        ),
        ("appointments", {"account_id": str(actors.third_case_officer.account_id), "capacity": "case_officer"}),
    ):  # fmt: skip
        answer = await actors.case_officer.post(f"/v1/cases/{case_id}/{tail}", json=body)
        assert answer.is_success, answer.text
    return sender, case_id


def unpacked(content: bytes) -> bytes:
    """Return a file with everything that is packed in it."""
    found = content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            found += b"".join(opened.read(name) for name in opened.namelist())
    return found


@pytest.mark.parametrize("name", CORPUS)
async def test_the_copy_says_nothing_of_who_made_it_and_the_original_is_whole(
    service: Service, actors: SimpleNamespace, name: str
) -> None:
    sender, case_id = await a_case(service, actors)
    original = CORPUS[name]()
    assert MARK.encode() in unpacked(original) or MARK.encode("utf-16-be") in original
    kept = await sender.send(original, f"{MARK}.{name}")
    assert (kept["cleaned"], kept["cleaning"]) == (True, "There is a copy without metadata.")
    at = f"/v1/cases/{case_id}/files/{kept['id']}"
    copy = await actors.investigator.get(f"{at}/content")
    assert copy.status_code == 200
    assert MARK.encode() not in unpacked(copy.content)
    assert MARK.encode("utf-16-be") not in copy.content
    assert MARK not in copy.headers["content-disposition"]
    assert len(copy.content) > 40
    whole = await actors.investigator.get(f"{at}/original")
    assert sha256(whole.content).hexdigest() == kept["sha256"] == sha256(original).hexdigest()
    assert (await sender.client.get(sender.at(kept["id"], "/content"))).content == original


async def test_where_mat2_is_not_installed_the_file_is_plainly_marked(
    service: Service, actors: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, case_id = await a_case(service, actors)
    monkeypatch.setenv("PATH", "/nowhere")
    kept = await sender.send(files.a_jpeg(), "a.jpg")
    assert kept["cleaned"] is False
    assert "mat2 is not installed" in kept["cleaning"]
    (listed,) = (await actors.reviewer.get(f"/v1/cases/{case_id}/files")).json()["items"]
    assert (listed["cleaned"], listed["cleaning"], listed["copy_size"]) == (False, kept["cleaning"], None)
    answer = await actors.reviewer.get(f"/v1/cases/{case_id}/files/{kept['id']}/content")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "not-cleaned-here")


async def test_where_no_folder_is_in_memory_nothing_is_cleaned(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, _ = await a_reporter(service)
    monkeypatch.setattr(cleaning, "memory_folder", lambda: None)
    kept = await sender.send(files.a_jpeg(), "a.jpg")
    assert "must not touch a disk" in kept["cleaning"]


async def test_a_damaged_file_is_kept_and_marked(service: Service) -> None:
    sender, _ = await a_reporter(service)
    kept = await sender.send(files.a_jpeg()[:60] + bytes(100), "a.jpg")
    assert (kept["media_type"], kept["cleaned"]) == ("image/jpeg", False)
    assert kept["cleaning"].startswith("Not cleaned: mat2 could not")


async def test_the_original_has_a_permission_of_its_own_and_every_reading_of_it_is_in_the_log(
    service: Service, actors: SimpleNamespace
) -> None:
    sender, case_id = await a_case(service, actors)
    kept = await sender.send(a_text(), "rota.txt")
    at = f"/v1/cases/{case_id}/files/{kept['id']}"
    for name, original in (("case_officer", 200), ("investigator", 200), ("assistant", 403), ("reviewer", 403)):
        actor = getattr(actors, name)
        assert (await actor.get(f"{at}/content")).status_code == 200
        assert (await actor.get(f"{at}/original")).status_code == original
    for name in ("administrator", "other_investigator", "custodian", "auditor", "representative"):
        for tail in ("/content", "/original"):
            assert (await getattr(actors, name).get(at + tail)).status_code == 404
    async with service.runtime.database.session(write=False) as session:
        events = (await session.scalars(select(AuditEvent).where(AuditEvent.event == "file.original_read"))).all()
    assert [one.actor_id for one in events] == [actors.case_officer.account_id, actors.investigator.account_id]
    assert [(table, row) for table, row, _ in events[0].touched] == [("grievance_files", kept["id"])]


async def test_a_walled_officer_gets_404_for_every_door(service: Service, actors: SimpleNamespace) -> None:
    sender, case_id = await a_case(service, actors)
    kept = await sender.send(a_text())
    body = {"account_id": str(actors.other_case_officer.account_id), "reason": "Is named in the grievance."}
    created(await actors.case_officer.post(f"/v1/cases/{case_id}/walls", json=body))
    for tail in ("", f"/{kept['id']}/content", f"/{kept['id']}/original"):
        hidden = await actors.other_case_officer.get(f"/v1/cases/{case_id}/files{tail}")
        nowhere = await actors.other_case_officer.get(f"/v1/cases/{kept['id']}/files{tail}")
        assert (hidden.status_code, hidden.content) == (404, nowhere.content)


async def test_a_representative_sends_files_with_their_own_grievance_alone(
    service: Service, actors: SimpleNamespace
) -> None:
    made = await intake.submitted_for_many(actors.representative)
    sender = a_representative(actors.representative, made["id"])
    kept = await sender.send(a_text(PORTION + 1), "signatures.txt")
    assert (await actors.representative.get(sender.at(kept["id"], "/content"))).content == a_text(PORTION + 1)
    begun = await sender.begin(10)
    assert (await actors.representative.get(sender.at(begun["id"]))).headers["upload-offset"] == "0"
    assert len((await sender.listed())["on_their_way"]) == 1
    other = a_representative(actors.other_representative, made["id"])
    for answer in (
        await other.client.get(other.files),
        await other.client.post(other.files, json={"name": "a", "size": 1}),
        await other.put(begun["id"], 0, b"0123456789"),
        await other.complete(begun["id"]),
        await other.client.delete(other.at(begun["id"])),
        await other.client.get(other.at(kept["id"], "/content")),
    ):
        assert answer.status_code == 404
    assert (await actors.representative.delete(sender.at(begun["id"]))).status_code == 204
    case_id = await intake.case_called(actors.case_officer, made["reference"])
    (listed,) = (await actors.case_officer.get(f"/v1/cases/{case_id}/files")).json()["items"]
    assert (listed["id"], listed["grievance_id"], listed["name"]) == (kept["id"], made["id"], "signatures.txt")


async def test_custody_begins_with_an_event_that_tells_of_a_reporter_the_day_alone(
    service: Service, actors: SimpleNamespace
) -> None:
    sender, _ = await a_reporter(service)
    kept = await sender.send(a_text())
    async with service.runtime.database.session(write=False) as session:
        (event,) = (await session.scalars(select(AuditEvent).where(AuditEvent.event == "file.received"))).all()
        assert (await verify(session, service.runtime.keys)).faults == []
    assert (event.actor_id, event.at.hour, event.at.minute) == (None, 0, 0)
    assert [(table, row) for table, row, _ in event.touched] == [("grievance_files", kept["id"])]


async def test_an_altered_row_of_a_file_differs_from_its_event(service: Service) -> None:
    sender, _ = await a_reporter(service)
    await sender.send(a_text())
    async with service.runtime.database.session(write=True) as session:
        file = (await session.scalars(select(GrievanceFile))).one()
        file.size += 1
    async with service.runtime.database.session(write=False) as session:
        (fault,) = (await verify(session, service.runtime.keys)).faults
    assert fault.what == "a row of grievance_files differs from its newest event"


async def test_the_files_stay_readable_when_keys_turn_and_their_bytes_stay(
    service: Service, actors: SimpleNamespace
) -> None:
    client = service.client()
    submitted = await intake.submitted(client)
    client.headers.update(await intake.inbox_opened(client, receipt=submitted["receipt"]))
    sender = Sender(client)
    kept = await sender.send(files.a_png(), "a.png")
    content = a_text(2 * PORTION)
    begun = await sender.begin(len(content), "half.txt")
    await sender.put(begun["id"], 0, content[:PORTION])
    before = {path: path.read_bytes() for path in files.stored_in(service)}
    case_id = await intake.case_called(actors.case_officer, submitted["reference"])
    third = {"account_id": str(actors.third_case_officer.account_id), "capacity": "case_officer"}
    created(await actors.case_officer.post(f"/v1/cases/{case_id}/appointments", json=third))
    body = {"account_id": str(actors.other_case_officer.account_id), "reason": "Is named in the grievance."}
    created(await actors.case_officer.post(f"/v1/cases/{case_id}/walls", json=body))
    await service.runtime.background.settled()
    async with service.runtime.database.session(write=False) as session:
        assert await session.scalar(select(Grievance.key_version)) == 2
        file = (await session.scalars(select(GrievanceFile))).one()
        assert file.file_key_sealed[:4] == file.copy_key_sealed[:4] == (2).to_bytes(4)  # type: ignore[attr-defined]
    assert (await client.get(files.INBOX)).status_code == 401, "an open inbox is closed by it"
    client.headers.update(await intake.inbox_opened(client, receipt=submitted["receipt"]))
    assert {path: path.read_bytes() for path in files.stored_in(service)} == before
    assert (await client.get(sender.at(kept["id"], "/content"))).content == files.a_png()
    at = f"/v1/cases/{case_id}/files/{kept['id']}"
    assert (await actors.case_officer.get(f"{at}/original")).content == files.a_png()
    assert (await actors.case_officer.get(f"{at}/content")).status_code == 200
    assert (await sender.put(begun["id"], PORTION, content[PORTION:])).status_code == 204
    assert (await sender.complete(begun["id"])).json()["sha256"] == sha256(content).hexdigest()
    async with service.runtime.database.session(write=False) as session:
        assert (await verify(session, service.runtime.keys)).faults == []


async def test_stored_bytes_that_were_altered_moved_or_lost_are_never_handed_out(
    service: Service, actors: SimpleNamespace
) -> None:
    sender, _ = await a_reporter(service)
    first, second = await sender.send(a_text(100)), await sender.send(a_text(200))
    one, two = ([path for path in files.stored_in(service) if path.stat().st_size == size] for size in (173, 273))
    assert one  # and its copy without metadata, which is as long where there was none
    for damage in (
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]),
        lambda path: path.write_bytes(two[0].read_bytes()),
        Path.unlink,
    ):
        for path in one:
            damage(path)
        answer = await sender.client.get(sender.at(first["id"], "/content"))
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (500, "sealed-content-broken")
    assert (await sender.client.get(sender.at(second["id"], "/content"))).status_code == 200
