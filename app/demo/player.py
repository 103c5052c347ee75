"""Plays the whole case over HTTP, from the administrator's one-time password to the last reader."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from app.demo import cast, ending, journey
from app.demo.cast import Actor

Progress = Callable[[str, str], None]
"""Is told the stage and what was just done in it."""

INVITING = "The cast is invited and signs in"
STAGES: tuple[tuple[str, Callable[[journey.Play], Awaitable[None]]], ...] = (
    ("A channel with custodians opens", journey.open_channel),
    ("The union submits a collective grievance", journey.submit),
    ("The case is acknowledged, triaged and accepted", journey.accept),
    ("Investigator, assistant and reviewer are appointed", journey.appoint),
    ("Allegations are grouped into themes", journey.arrange),
    ("Evidence is recorded", journey.gather),
    ("Each allegation gets its finding", journey.find),
    ("The full report is sealed", ending.seal),
    ("A learning summary is drafted and redacted", ending.summarise),
    ("A second person approves and it is released", ending.release),
    ("Its audiences read it", ending.read_released),
)
"""What happens, in order, once everybody is there."""


@dataclass(frozen=True)
class Played:
    """The case after the play."""

    reference: str
    actors: dict[str, Actor]
    """By name of the part, such as "hr": each with password and authenticator secret, and signed in."""
    ids: dict[str, str]
    """One id for each path parameter, such as `case_id`."""
    refs: dict[str, str]
    """Ids by what they are called in the case, such as "allegation 5.3"."""
    custodian_seeds: dict[str, bytes] = field(repr=False)


async def play(
    client: httpx.AsyncClient,
    one_time_password: str,
    progress: Progress,
    now: Callable[[], datetime] = cast.system_time,
) -> Played:
    """Return the case after it was played on a service that had its first start only.

    Raises:
        Unexpected: the service answered otherwise than the case needs.

    """
    actors = await cast.assemble(client, one_time_password, now, lambda act: progress(INVITING, act))
    acting = journey.Play(actors, lambda act: progress(INVITING, act))
    for stage, perform in STAGES:
        acting.tell = _teller(progress, stage)
        await perform(acting)
    ids = acting.ids | {"account_id": actors["case_officer"].account_id}
    return Played(acting.reference, actors, ids, acting.refs, acting.custodian_seeds)


def _teller(progress: Progress, stage: str) -> Callable[[str], None]:
    return lambda act: progress(stage, act)
