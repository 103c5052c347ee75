"""Somebody who uses the pages by their forms alone, without a browser."""

import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

import httpx

from tests.builders.intake import HEADLINE, NARRATIVE
from tests.conftest import CHANNEL

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
WORD = re.compile(r'<li lang="en">([a-z]+)</li>')

Fields = Mapping[str, str | Sequence[str]]


def form_of(channel: str = CHANNEL, language: str = "en") -> str:
    """Return where the form of a channel is."""
    return f"/{language}/report/{channel}/form"


def sent_to(channel: str = CHANNEL, language: str = "en") -> str:
    """Return where the form of a channel is sent to."""
    return f"/{language}/report/{channel}/sent"


def hidden(answer: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of a page."""
    return {name: unescape(value) for name, value in HIDDEN.findall(answer.text)}


def words_of(answer: httpx.Response) -> str:
    """Return the receipt that a page shows."""
    return " ".join(WORD.findall(answer.text))


async def a_report(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 text or texts
    """Return the fields of a report that the form has given its mark."""
    page = await client.get(form_of())
    fields: dict[str, Any] = {
        "once": hidden(page)["once"],
        "headline": HEADLINE,
        "narrative": NARRATIVE,
        "allegation": ["Records were altered.", ""],
        "capacity": "employee",
        "confidentiality": "anonymous",
        "name": "",
        "contact": "",
        "employee_number": "",
    }
    return fields | changes


async def reported(client: httpx.AsyncClient, **changes: Any) -> str:  # noqa: ANN401 text or texts
    """Return the receipt of a report that was sent."""
    answer = await client.post(sent_to(), data=await a_report(client, **changes))
    assert answer.status_code == 201, answer.text
    return words_of(answer)


async def let_in(client: httpx.AsyncClient, words: str, language: str = "en") -> httpx.Response:
    """Return the inbox, opened by its words."""
    answer = await client.post(f"/{language}/inbox/open", data={"receipt": words})
    assert answer.status_code == 303, answer.text
    return await client.get(answer.headers["location"])
