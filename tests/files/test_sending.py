"""Sending files: resumable, bounded, encrypted part by part; seen by who may, and by nobody before it is complete."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from types import SimpleNamespace

import httpx
import pytest

from app.files import access
from tests.builders import files, intake
from tests.builders.files import PORTION, Sender, a_png, a_reporter, a_text
from tests.conftest import CHANNEL, Service


@pytest.fixture
async def reporter(service: Service) -> AsyncIterator[Sender]:
    """A reporter whose inbox is open."""
    sender, _ = await a_reporter(service)
    yield sender
    await sender.client.aclose()


async def test_a_file_comes_back_as_it_was_sent(reporter: Sender) -> None:
    content = a_text(2 * PORTION + 12_345)
    kept = await reporter.send(content, "rota of March.txt")
    assert (kept["name"], kept["size"], kept["media_type"]) == ("rota of March.txt", len(content), "text/plain")
    assert kept["sha256"] == sha256(content).hexdigest()
    answer = await reporter.client.get(reporter.at(kept["id"], "/content"))
    assert answer.content == content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''rota%20of%20March.txt"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert not {"last-modified", "etag", "date", "set-cookie"} & set(answer.headers)


async def test_a_cut_upload_goes_on_from_where_it_is_told(reporter: Sender) -> None:
    content = a_text(3 * PORTION + 7)
    begun = await reporter.begin(len(content))
    assert (begun["offset"], begun["part_bytes"], begun["state"]) == (0, PORTION, "on_its_way")
    answer = await reporter.put(begun["id"], 0, content[: PORTION + 500])
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(PORTION))
    state = await reporter.client.get(reporter.at(begun["id"]))
    assert (state.json()["offset"], state.headers["upload-offset"]) == (PORTION, str(PORTION))
    answer = await reporter.put(begun["id"], PORTION, content[PORTION:])
    assert answer.headers["upload-offset"] == str(len(content))
    kept = (await reporter.complete(begun["id"])).json()
    assert kept["sha256"] == sha256(content).hexdigest()
    assert (await reporter.client.get(reporter.at(begun["id"]))).json()["state"] == "kept"


async def test_a_wrong_offset_is_answered_with_the_right_one(reporter: Sender) -> None:
    file_id = (await reporter.begin(2 * PORTION))["id"]
    await reporter.put(file_id, 0, bytes(PORTION))
    for wrong in (0, 1, PORTION - 1, PORTION + 1, 2 * PORTION):
        answer = await reporter.put(file_id, wrong, bytes(10))
        assert (answer.status_code, answer.json()["offset"]) == (409, PORTION)
        assert answer.json()["type"].endswith("/offset-differs")


@pytest.mark.parametrize("said", ["", "-1", "1.0", "9" * 16, "x"])
async def test_an_offset_that_is_no_number_is_refused(reporter: Sender, said: str) -> None:
    file_id = (await reporter.begin(10))["id"]
    answer = await reporter.client.patch(
        reporter.at(file_id), content=b"x", headers=[(b"Upload-Offset", said.encode())]
    )
    assert answer.status_code == 422
    assert (await reporter.client.patch(reporter.at(file_id), content=b"x")).status_code == 422


async def test_who_sends_nothing_for_a_while_is_taken_for_cut(
    reporter: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def then_silence() -> AsyncIterator[bytes]:
        yield bytes(PORTION + 5)
        await asyncio.sleep(30)
        yield bytes(5)

    monkeypatch.setattr(access, "SECONDS_WITHOUT_A_BYTE", 0.2)
    file_id = (await reporter.begin(2 * PORTION))["id"]
    answer = await asyncio.wait_for(reporter.put(file_id, 0, then_silence()), 10)
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(PORTION))


async def test_what_fills_no_portion_is_refused_and_not_kept(reporter: Sender) -> None:
    file_id = (await reporter.begin(2 * PORTION))["id"]
    answer = await reporter.put(file_id, 0, bytes(PORTION - 1))
    assert (answer.status_code, answer.json()["part_bytes"]) == (422, PORTION)
    assert (await reporter.client.get(reporter.at(file_id))).json()["offset"] == 0


async def test_more_bytes_than_were_announced_are_refused(reporter: Sender, service: Service) -> None:
    async def more() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield bytes(64 * 1024)

    file_id = (await reporter.begin(PORTION + 10))["id"]
    assert (await reporter.put(file_id, 0, bytes(PORTION + 11))).status_code == 413, "it says so by its length"
    assert (await reporter.put(file_id, 0, more())).status_code == 413, "it shows as it comes"
    assert (await reporter.complete(file_id)).status_code == 409
    assert (await reporter.put(file_id, 0, a_text(PORTION + 10))).status_code == 204


async def test_a_file_larger_than_the_largest_body_is_taken_by_this_door_alone(
    reporter: Sender, service: Service
) -> None:
    most = service.runtime.settings.body_bytes
    assert (await reporter.send(a_text(most + 1)))["size"] == most + 1
    answer = await reporter.client.post(reporter.files, content=b" " * (most + 1))
    assert answer.status_code == 413


async def test_too_large_or_too_many_files_are_refused_before_a_byte_is_sent(
    reporter: Sender, service: Service
) -> None:
    limits = service.runtime.settings
    answer = await reporter.client.post(reporter.files, json={"name": "a", "size": limits.file_bytes + 1})
    assert (answer.status_code, answer.json()["file_bytes"]) == (413, limits.file_bytes)
    for _ in range(limits.grievance_file_bytes // limits.file_bytes):
        await reporter.begin(limits.file_bytes)
    answer = await reporter.client.post(reporter.files, json={"name": "a", "size": 1})
    assert (answer.status_code, answer.json()["total_bytes"]) == (409, limits.grievance_file_bytes)


async def test_no_more_files_than_their_number_are_taken(reporter: Sender, service: Service) -> None:
    most = (await reporter.client.get(f"/v1/channels/{CHANNEL}")).json()["file_rules"]["most_files"]
    for _ in range(most):
        await reporter.begin(1)
    answer = await reporter.client.post(reporter.files, json={"name": "a", "size": 1})
    assert (answer.status_code, answer.json()["files"]) == (409, most)


async def test_a_channel_takes_fewer_smaller_and_other_files_than_the_service(
    reporter: Sender, actors: SimpleNamespace
) -> None:
    rules = {"largest_bytes": 2_000, "most_files": 2, "kinds": ["images"]}
    answer = await actors.administrator.patch(
        f"/v1/channels/{CHANNEL}", json={"file_rules": rules}, headers={"If-Match": '"1"'}
    )
    assert answer.status_code == 200, answer.text
    large = await reporter.client.post(reporter.files, json={"name": "a", "size": 2_001})
    assert (large.status_code, large.json()["file_bytes"]) == (413, 2_000)
    begun = await reporter.begin(len(a_text()))
    await reporter.put(begun["id"], 0, a_text())
    refused = await reporter.complete(begun["id"])
    assert refused.status_code == 415
    assert "image/png" in refused.json()["accepted"]
    assert {one.partition("/")[0] for one in refused.json()["accepted"]} == {"image"}
    assert (await reporter.send(a_png(), "a.png"))["media_type"] == "image/png"
    await reporter.begin(1)
    more = await reporter.client.post(reporter.files, json={"name": "a", "size": 1})
    assert (more.status_code, more.json()["files"]) == (409, 2)


async def test_a_file_is_seen_by_nobody_else_before_it_is_complete(
    reporter: Sender, service: Service, actors: SimpleNamespace
) -> None:
    sender, submitted = await a_reporter(service)
    case_id = await intake.case_called(actors.case_officer, submitted["reference"])
    content = a_text()
    file_id = (await sender.begin(len(content)))["id"]
    await sender.put(file_id, 0, content)
    assert [one["name"] for one in (await sender.listed())["on_their_way"]] == ["rota.txt"]
    assert (await actors.case_officer.get(f"/v1/cases/{case_id}/files")).json()["items"] == []
    for tail in ("content", "original"):
        assert (await actors.case_officer.get(f"/v1/cases/{case_id}/files/{file_id}/{tail}")).status_code == 404
    assert (await sender.client.get(sender.at(file_id, "/content"))).status_code == 404
    await sender.complete(file_id)
    assert (await sender.listed())["on_their_way"] == []
    assert len((await actors.case_officer.get(f"/v1/cases/{case_id}/files")).json()["items"]) == 1


async def test_completing_again_gives_the_same_answer_and_a_complete_file_stays(reporter: Sender) -> None:
    kept = await reporter.send(a_text())
    assert (await reporter.complete(kept["id"])).json() == kept
    assert (await reporter.put(kept["id"], 0, b"x")).json()["type"].endswith("/file-complete")
    assert (await reporter.client.delete(reporter.at(kept["id"]))).status_code == 409
    assert (await reporter.listed())["kept"] == [kept]


async def test_a_file_that_was_discarded_leaves_nothing(reporter: Sender, service: Service) -> None:
    before = files.stored_in(service)
    file_id = (await reporter.begin(2 * PORTION))["id"]
    await reporter.put(file_id, 0, bytes(PORTION))
    assert files.stored_in(service) != before
    assert (await reporter.client.delete(reporter.at(file_id))).status_code == 204
    assert files.stored_in(service) == before
    assert (await reporter.put(file_id, PORTION, bytes(PORTION))).status_code == 404
    assert (await reporter.client.delete(reporter.at(file_id))).status_code == 404


async def test_something_else_than_was_sent_is_not_kept(reporter: Sender, service: Service) -> None:
    before = files.stored_in(service)
    file_id = (await reporter.begin(10))["id"]
    await reporter.put(file_id, 0, b"They lied.")
    answer = await reporter.complete(file_id, sha256=sha256(b"They left.").hexdigest())
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "digest-differs")
    assert (await reporter.complete(file_id)).status_code == 404
    assert files.stored_in(service) == before


async def test_half_a_file_cannot_be_completed(reporter: Sender) -> None:
    file_id = (await reporter.begin(2 * PORTION))["id"]
    await reporter.put(file_id, 0, bytes(PORTION))
    answer = await reporter.complete(file_id)
    assert (answer.status_code, answer.json()["offset"]) == (409, PORTION)


async def test_the_list_in_an_inbox_is_as_long_with_one_file_as_with_none(reporter: Sender) -> None:
    lengths = {len((await reporter.client.get(reporter.files)).content)}
    await reporter.send(a_text(), "a name of some length.txt")
    lengths.add(len((await reporter.client.get(reporter.files)).content))
    assert lengths == {8 * 1024}


async def test_beginning_again_with_the_same_idempotency_key_begins_one_file(reporter: Sender) -> None:
    body, key = {"name": "a", "size": 1}, {"Idempotency-Key": "a-key-of-some-length"}
    answers = [await reporter.client.post(reporter.files, json=body, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len((await reporter.listed())["on_their_way"]) == 1


async def test_a_client_that_opens_for_itself_is_told_to_show_the_receipt(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    own = intake.ReporterClient()
    await intake.submitted(anonymous, intake.a_grievance("anonymous", reporter_keys=own.keys()))
    header = await intake.inbox_opened(anonymous, lookup=own.lookup)
    answer = await anonymous.get(files.INBOX, headers=header)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "inbox-opens-elsewhere")


async def test_another_inbox_does_not_find_the_file(reporter: Sender, service: Service) -> None:
    kept, begun = await reporter.send(a_text()), await reporter.begin(5)
    other, _ = await a_reporter(service)
    nowhere = "019cabd8-3800-7ec2-8dd3-8c1f0f9a2b11"
    for file_id in (kept["id"], begun["id"]):
        for method, tail, more in (
            ("GET", "", {}),
            ("GET", "/content", {}),
            ("PATCH", "", {"content": b"12345", "headers": {"Upload-Offset": "0"}}),
            ("POST", "/completion", {"json": {}}),
            ("DELETE", "", {}),
        ):
            theirs = await other.client.request(method, other.at(file_id, tail), **more)
            none = await other.client.request(method, other.at(nowhere, tail), **more)
            assert (theirs.status_code, theirs.content) == (404, none.content)
    assert (await other.listed())["kept"] == []
    assert (await reporter.listed())["kept"] == [kept]


async def test_who_holds_no_token_gets_401(reporter: Sender, anonymous: httpx.AsyncClient) -> None:
    kept = await reporter.send(a_text())
    assert (await anonymous.get(files.INBOX)).status_code == 401
    assert (await anonymous.get(reporter.at(kept["id"], "/content"))).status_code == 401
    assert (await anonymous.post(files.INBOX, json={"name": "a", "size": 1})).status_code == 401
