"""Work in the background belongs to the process: once for each key, and ended with it."""

import asyncio

import pytest

from app.kernel.background import Background


async def test_work_of_one_key_is_begun_once_while_it_runs() -> None:
    background, begun, go_on = Background(), [], asyncio.Event()

    async def work() -> None:
        begun.append(1)
        await go_on.wait()

    for key in ("a", "a", "b"):
        background.begin(key, work)
    await asyncio.sleep(0)
    assert len(begun) == 2
    go_on.set()
    await background.settled()
    background.begin("a", work)
    await background.settled()
    assert len(begun) == 3


async def test_closing_waits_for_what_is_at_work_and_begins_nothing_more() -> None:
    background, done, go_on = Background(), [], asyncio.Event()

    async def work() -> None:
        await go_on.wait()
        done.append(background.is_closing)

    background.begin("a", work)
    closing = asyncio.create_task(background.close())
    await asyncio.sleep(0)
    assert not closing.done()
    go_on.set()
    await closing
    assert done == [True]
    background.begin("a", work)
    await background.settled()
    assert done == [True]


async def test_work_that_fails_tells_where_and_never_what(caplog: pytest.LogCaptureFixture) -> None:
    background = Background()

    async def work() -> None:
        raise RuntimeError("secret")

    background.begin("a", work)
    await background.settled()
    [line] = caplog.records
    assert line.getMessage() == "background work failed"
    assert line.__dict__["failure"] == "RuntimeError"
    assert "secret" not in str(line.__dict__)
