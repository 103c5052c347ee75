"""The pages in Chromium: judged by axe-core, without script, by keyboard alone, on small screens and with large text."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.builders.intake import HEADLINE, NARRATIVE
from tests.portal.reader import ALL_STATES, a_page, fill, states, words_of
from tests.promises.process import ServiceProcess

pytestmark = pytest.mark.xdist_group("browser")
languages = pytest.mark.parametrize("language", ["en", "cy"])
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LARGE = "document.documentElement.style.fontSize = '225%'"
"""Twice the size that the stylesheet asks for."""


async def violations(page: Page, options: dict[str, Any]) -> list[str]:
    """Return what axe-core finds wrong with a page, and where."""
    found = await page.evaluate("options => axe.run(document, options)", options)
    assert found["passes"], "axe looked at nothing"
    return [f"{one['id']}: {node['target']}" for one in found["violations"] for node in one["nodes"]]


@languages
async def test_no_page_in_any_state_breaks_a_rule_of_wcag_22_aa(
    browser: Browser, portal: ServiceProcess, axe: str, language: str
) -> None:
    wrong, seen = [], []
    async with a_page(browser, portal) as page:
        async for state in states(page, language):
            seen.append(state)
            await page.evaluate(axe)
            wrong += [f"{state}: {one}" for one in await violations(page, {"runOnly": TAGS})]
            await page.emulate_media(color_scheme="dark")
            colours = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
            wrong += [f"{state}, dark: {one}" for one in await violations(page, colours)]
            await page.emulate_media(color_scheme="light")
            assert await page.get_attribute("html", "lang") == language
    assert wrong == []
    assert len(seen) == ALL_STATES


async def test_axe_finds_what_is_wrong(browser: Browser, portal: ServiceProcess, axe: str) -> None:
    async with a_page(browser, portal) as page:
        await page.goto("/en/inbox/open")
        await page.evaluate("document.querySelector('label').remove()")
        await page.evaluate(axe)
        assert any(one.startswith("label:") for one in await violations(page, {"runOnly": TAGS}))


async def overflow(page: Page) -> list[str]:
    """Return what is wider than the window, or cuts its own text off."""
    script = """() => [...document.querySelectorAll('body, body *')].filter(one =>
        !one.closest('.skip, .first') && (one.getBoundingClientRect().right > innerWidth + 1
            || (one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0 && !one.matches('input') && getComputedStyle(one).overflowX !== 'visible')))
        .map(one => one.tagName + '.' + one.className)"""
    found: list[str] = await page.evaluate(script)
    return found


@languages
async def test_on_320_pixels_and_with_text_twice_as_large_nothing_scrolls_sideways(
    browser: Browser, portal: ServiceProcess, language: str
) -> None:
    wide = []
    async with a_page(browser, portal, viewport={"width": 320, "height": 640}) as page:
        async for state in states(page, language):
            wide += [f"{state}: {one}" for one in await overflow(page)]
            await page.set_viewport_size({"width": 640, "height": 640})
            await page.evaluate(LARGE)
            wide += [f"{state}, large: {one}" for one in await overflow(page)]
            await page.evaluate("document.documentElement.style.fontSize = ''")
            await page.set_viewport_size({"width": 320, "height": 640})
    assert wide == []


async def test_the_whole_journey_needs_no_script_sets_one_cookie_and_asks_nobody_else(
    browser: Browser, portal: ServiceProcess
) -> None:
    asked: list[str] = []
    async with a_page(browser, portal, java_script_enabled=False) as page:
        page.on("request", lambda request: asked.append(request.url))
        cookies = {}
        async for state in states(page, "en"):
            cookies[state] = await page.context.cookies()
            if state == "inbox":
                assert await page.locator("dl.said dd").first.inner_text() == HEADLINE
                assert " ".join(NARRATIVE.split()) in " ".join((await page.locator("main").inner_text()).split())
    held = [state for state, found in cookies.items() if found]
    open_pages = [state for state in cookies if state.startswith(("messages", "files", "detriment", "identity"))]
    assert held == ["inbox", *open_pages]
    assert len(open_pages) > 10
    (cookie,) = cookies["inbox"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"], cookie["expires"]) == (True, "Strict", "/", -1)
    assert asked
    assert all(url.startswith(f"{portal.address}/") for url in asked)


async def test_a_receipt_that_is_loaded_again_or_sent_twice_is_the_same_receipt(
    browser: Browser, portal: ServiceProcess
) -> None:
    async with a_page(browser, portal) as page:
        async for state in states(page, "en"):
            if state == "receipt":
                break
        words = await words_of(page)
        await page.reload()
        assert await words_of(page) == words
        await page.reload()
        assert await words_of(page) == words


async def test_after_leaving_the_way_back_shows_nothing(browser: Browser, portal: ServiceProcess) -> None:
    async with a_page(browser, portal) as page:
        async for state in states(page, "en"):
            if state == "left":
                break
        await page.go_back()
        assert HEADLINE not in await page.content()
        assert await page.locator("#receipt").input_value() == ""


async def test_what_was_written_is_kept_when_the_language_is_changed(browser: Browser, portal: ServiceProcess) -> None:
    async with a_page(browser, portal) as page:
        await page.goto("/en/report/children-services/form")
        await fill(page)
        await page.click("header button.link")
        assert await page.get_attribute("html", "lang") == "cy"
        assert await page.input_value("#headline") == HEADLINE
        assert await page.locator("textarea[name=allegation]").count() == 2


FOCUSED = """() => { const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    return {what: one.id || one.getAttribute('href') || one.value || one.tagName,
        is_seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && box.bottom > 0 && box.top < innerHeight}; }"""


class Keyboard:
    """Somebody who has a keyboard and nothing else."""

    def __init__(self, page: Page) -> None:
        """Sit before a page."""
        self.page = page
        self.unseen: list[str] = []

    async def tab_to(self, selector: str) -> None:
        """Press Tab until the focus is there; every stop on the way must be seen."""
        for _ in range(60):
            await self.page.keyboard.press("Tab")
            focused = await self.page.evaluate(FOCUSED)
            if focused["what"] != "BODY" and not focused["is_seen"]:
                self.unseen.append(f"{self.page.url}: {focused['what']}")
            if await self.page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                return
        raise AssertionError(f"the keyboard does not reach {selector}")

    async def types(self, selector: str, text: str) -> None:
        """Reach a field and type."""
        await self.tab_to(selector)
        await self.page.keyboard.type(text)

    async def presses(self, selector: str, key: str = "Enter") -> None:
        """Reach a link or button and press it; the next page is there."""
        await self.tab_to(selector)
        async with self.page.expect_navigation():
            await self.page.keyboard.press(key)


async def test_the_whole_journey_is_made_by_keyboard_alone(browser: Browser, portal: ServiceProcess) -> None:
    async with a_page(browser, portal) as page:
        keyboard = Keyboard(page)
        await page.goto("/en")
        await page.keyboard.press("Tab")
        assert (await page.evaluate(FOCUSED))["what"] == "#main", "the first stop skips to the content"
        await page.keyboard.press("Enter")
        await keyboard.presses("ul.doors a")
        await keyboard.presses("main a.button")
        await keyboard.types("#headline", HEADLINE)
        async with page.expect_navigation():  # Enter in a line checks the form
            await page.keyboard.press("Enter")
        await expect(page.locator(".summary")).to_be_focused()
        await keyboard.tab_to(".summary a[href='#narrative']")
        await page.keyboard.press("Enter")
        await page.keyboard.type("In my own words.")
        await keyboard.presses("button[value=another]", "Space")
        await expect(page.locator("#allegation-2")).to_be_focused()
        await page.keyboard.type("A point.")
        await keyboard.tab_to("input[type=radio]")
        await page.keyboard.press("Space")
        await keyboard.presses("button[value=check]:not(.first)")
        await keyboard.presses("main form button:not(.quiet)")
        words = await words_of(page)
        await keyboard.presses("main a.button")
        await keyboard.types("#receipt", words)
        await keyboard.presses("main form button")
        await keyboard.presses("form.leave button")
        assert page.url.endswith("/en/inbox/left")
        await keyboard.presses("a[href='/en']")
        assert keyboard.unseen == []
