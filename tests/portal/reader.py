"""Somebody who reads the pages in a browser, and the states in which a page can be seen on the way from first to last."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, FilePayload, Page

from tests.builders.intake import HEADLINE, NARRATIVE, STATEMENTS
from tests.builders.supporting import Counted
from tests.conftest import CHANNEL
from tests.promises.process import ServiceProcess

CHECK = "button[name=do][value=check]:not(.first)"
WAIT_MILLISECONDS = 15_000
REVEALING = " As the only night nurse I told my manager. Call me on 07700 900456."
"""What may tell who wrote it."""
COUNTED: list[Counted] = []
"""The count of supporters that the service of the fixture `portal` has, with codes that nobody used."""
ANOTHER = "button[name=do][value=another]"


@asynccontextmanager
async def a_page(browser: Browser, portal: ServiceProcess, **options: Any) -> AsyncIterator[Page]:  # noqa: ANN401 as new_context
    """Open a window that knows nothing of any other."""
    context = await browser.new_context(**{"base_url": portal.address, "locale": "en-GB"} | options)
    context.set_default_timeout(WAIT_MILLISECONDS)
    yield await context.new_page()
    await context.close()


async def fill(page: Page) -> None:
    """What is asked for stands in the form."""
    await page.fill("#headline", HEADLINE)
    await page.fill("#narrative", NARRATIVE)
    await page.fill("#allegation-1", STATEMENTS[0])
    await page.click(ANOTHER)
    await page.fill("#allegation-2", STATEMENTS[1])
    await page.fill("#capacity", "employee")


async def words_of(page: Page) -> str:
    """Return the receipt that the page shows."""
    return " ".join(await page.locator("ol.words li").all_inner_texts())


async def inside(page: Page, language: str) -> AsyncIterator[str]:
    """Walk through the pages of an open inbox, and back to the first."""
    await page.goto(f"/{language}/inbox/messages")
    yield "messages-none"
    await page.click("main form button")
    yield "messages-error"
    await page.fill("#text", NARRATIVE)
    await page.click("main form button")
    yield "messages"
    await page.goto(f"/{language}/inbox/files")
    yield "files-none"
    await page.click("main form button")
    yield "files-error"
    rota = FilePayload(
        name="rota-of-March_and_April_and_May_2026_final_version.txt", mimeType="", buffer=b"They lied.\n"
    )
    await page.set_input_files("#file", rota)
    await page.click("main form button")
    yield "files"
    await page.goto(f"/{language}/inbox/detriment")
    yield "detriment-none"
    await page.click("main form button")
    yield "detriment-error"
    await page.fill("#what", STATEMENTS[0])
    await page.click("label[for=since_speaking_up-yes]")
    await page.click("main form button")
    yield "detriment"
    await page.goto(f"/{language}/inbox/identity")
    yield "identity"
    await page.click("main form button")
    yield "identity-error"
    await page.fill("#name", "Robin Ashe")
    await page.click("label[for=confidentiality-open]")
    await page.click("main form button")
    yield "identity-check"
    await page.click("main form button")
    yield "identity-given"
    await page.click("main a.button")
    yield "identity-withdrawal"
    await page.goto(f"/{language}/inbox/messages")
    await page.fill("#text", NARRATIVE)
    (cookie,) = await page.context.cookies()
    await page.context.clear_cookies()
    await page.click("main form button")
    yield "inbox-closed-unsent"
    await page.context.add_cookies(
        [{"name": cookie["name"], "value": cookie["value"], "domain": cookie["domain"], "path": "/", "httpOnly": True,
          "sameSite": "Strict"}]
    )  # fmt: skip
    await page.goto(f"/{language}/inbox")


async def states(page: Page, language: str) -> AsyncIterator[str]:
    """Walk from the first page to the last, and name each state of each page while it is seen."""
    await page.goto(f"/{language}")
    yield "home"
    await page.click("ul.doors a")
    yield "channel"
    await page.locator("main a.button").first.click()
    yield "form-empty"
    await page.click(CHECK)
    yield "form-errors"
    await fill(page)
    await page.click("label[for=confidentiality-confidential]")
    await page.click(CHECK)
    yield "form-one-error"
    await page.fill("#name", "Robin Ashe")
    await page.fill("#contact", "07700 900123")
    yield "form-filled"
    async for state in _with_more(page):
        yield state
    await page.click("main form button:not(.quiet)")
    yield "receipt"
    words = await words_of(page)
    await page.click("main a.button")
    yield "sign-in"
    await page.fill("#receipt", "abacus abacus abacus")
    await page.click("main button")
    yield "sign-in-error"
    await page.fill("#receipt", words.upper().replace(" ", " - "))
    await page.click("main button")
    yield "inbox"
    async for state in inside(page, language):
        yield state
    await page.click("form.leave button")
    yield "left"
    await page.goto(f"/{language}/inbox")
    yield "inbox-closed"
    await page.goto(f"/{language}/report/{CHANNEL}x")
    yield "not-found"
    await page.goto(f"/{language}/receipt-file")
    yield "wrong-method"
    async for state in _of_a_supporter(page, language):
        yield state


async def _with_more(page: Page) -> AsyncIterator[str]:
    """Walk from the filled form to the page that checks it."""
    barred = page.locator("input[name=barred]")
    for number in (0, 1):
        await barred.nth(number).check(force=True)
    await page.click(CHECK)
    yield "nobody-left"
    await page.click("main form button")
    await barred.nth(0).uncheck(force=True)
    await page.check("#category-health_and_safety", force=True)
    await page.select_option("#relation", "employee")
    await page.fill("#conflicted-1", "The head of the night service")
    await page.fill("#narrative", NARRATIVE + REVEALING)
    await page.click("button[value=another_person]")
    yield "form-another-person"
    await page.click(CHECK)
    yield "check"


async def _of_a_supporter(page: Page, language: str) -> AsyncIterator[str]:
    """Walk through the pages of a supporter."""
    (counted,) = COUNTED
    await page.goto(f"/{language}/support/{counted.grievance_id}")
    yield "support"
    await page.fill("#code", "not a code")
    await page.fill("#contact", "07700 900123")
    await page.click("main form button")
    yield "support-errors"
    await page.fill("#code", counted.codes.pop())
    await page.fill("#name", "Robin Ashe")
    await page.check("#supports-1", force=True)
    await page.click("main form button")
    yield "support-receipt"
    words = await words_of(page)
    await page.click("main a[href$=change]")
    yield "support-change"
    await page.fill("#receipt", "abacus")
    await page.click("main form button")
    yield "support-change-error"
    await page.fill("#receipt", words)
    await page.check("#supports-2", force=True)
    await page.click("main form button")
    yield "support-changed"
    await page.goto(f"/{language}/support/{counted.grievance_id}/withdraw")
    yield "support-withdraw"
    await page.fill("#receipt", words)
    await page.click("main form button")
    yield "support-withdrawn"


ALL_STATES = 41
