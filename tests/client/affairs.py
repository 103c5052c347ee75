"""A request that stands between honest people and a service that lies to them."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.crypto import manifests
from app.crypto.documents import Signed
from app.crypto.manifests import Manifest
from tests.client.liar import Liar, lying
from tests.client.people import CHANNEL, PASSPHRASE, Council, Person
from tests.client.test_ceremony import written

ALARM = 3


def decoded(text: str) -> bytes:
    """Return bytes from base64."""
    return base64.b64decode(text)


def signed_manifests(council: Council) -> list[Signed]:
    """Return the manifests of the channel as the root signed them."""
    content = json.loads(Path(council.chain).read_bytes())
    return [Signed(decoded(one["document"]), decoded(one["signature"])) for one in content["items"]]


def manifest_of(council: Council) -> Manifest:
    """Return the manifest in force."""
    return manifests.read(signed_manifests(council)[-1])


@dataclass
class Affair:
    """A request that two custodians have yet to answer, everybody's client turned to the liar."""

    council: Council
    liar: Liar
    case: str
    subject: str
    request: str

    def shown(self, change: Callable[[dict[str, Any]], None], ending: str) -> None:
        """From now on the liar changes every answer at such a path."""

        def alter(path: str, answer: Any) -> Any:  # noqa: ANN401 any JSON
            if path.partition("?")[0].endswith(ending):
                change(answer)
            return answer

        self.liar.alter = alter

    async def approving(self, custodian: Person, code: int = ALARM) -> str:
        """Return why somebody's client does not approve."""
        arguments = ("openings", "approve", self.request, "--key", custodian.key)
        return await custodian.fails(*arguments, typed=f"{PASSPHRASE}\nyes\n", code=code)

    @property
    def combine(self) -> tuple[str, ...]:
        """What the requester's client is told."""
        return ("openings", "combine", self.request, "--channel", CHANNEL, "--key", self.council.officer.key)

    def is_answered(self) -> bool:
        """Whether any share left a custodian's machine."""
        return any(method == "POST" and path.endswith("/shares") for method, path in self.liar.asked)

    def outcomes(self) -> list[dict[str, Any]]:
        """Return what the requester's client told the service that it found."""
        posted = zip(self.liar.asked, self.liar.bodies, strict=True)
        return [json.loads(body) for (_, path), body in posted if path.endswith("/outcome")]

    async def recorded(self) -> tuple[str, list[str]]:
        """Return the state of the request as the service truly has it, and who it says lied."""
        listed = await self.council.as_(self.council.officer, "GET", f"/v1/cases/{self.case}/openings")
        [found] = [one for one in listed["items"] if one["id"] == self.request]
        return found["state"], found["liars"]

    def id_of(self, custodian: Person) -> str:
        """Return the id of somebody as a custodian."""
        [found] = [one.id for one in manifest_of(self.council).custodians if str(one.account) == custodian.account]
        return str(found)


@asynccontextmanager
async def an_affair(council: Council, folder: Path) -> AsyncIterator[Affair]:
    """A request that nobody has answered, with clients that ask the liar."""
    _, case, subject = await council.raised(folder / "reporter", written(folder))
    request = (await council.asked(case, subject)).value("request")
    people, words = (*council.custodians, council.officer), await council.root_words()
    with lying(council.address) as liar:
        for person in people:
            person.turn_to(liar.address)
            arguments = ("--root-key", words, "--server", liar.address, "--channel", CHANNEL)
            await person.runs("manifest", "check", *arguments)
        yield Affair(council, liar, case, subject, request)
    for person in people:
        person.turn_to(council.address)
