"""People at their own machines: each runs the client as a process of its own, against a service that is a process too."""

import asyncio
import base64
import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pyotp

from app.crypto import hpke, identity, keyfiles, openings
from app.crypto.documents import spell
from app.crypto.identity import Sharing
from tests.promises.process import ServiceProcess

ROOT = Path(__file__).parents[2]
PASSWORD = "slate heron over Mersea"
PASSPHRASE = "nine herons on a wet roof"
CHANNEL = "children-services"
NOTICE = "The case officer has asked the custodians to learn who you are."
AN_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ONE_TIME_PASSWORD = re.compile(r"\b[0-9A-Z]{5}(?:-[0-9A-Z]{5}){3}\b")


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    arguments: tuple[str, ...]
    code: int
    out: str
    errors: str

    def value(self, name: str) -> str:
        """Return what the command shows beside a name."""
        (found,) = re.findall(rf"^{name} +(.+)$", self.out, re.MULTILINE)
        return str(found)


@dataclass
class Person:
    """Somebody with a machine of their own, and perhaps an account."""

    name: str
    folder: Path
    account: str = ""
    key_name: str = "own.key"
    ran: list[Ran] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Have an empty machine."""
        self.folder.mkdir(parents=True)

    @property
    def key(self) -> str:
        """Where the key file is."""
        return str(self.folder / self.key_name)

    async def tries(self, *arguments: str, typed: str = "", **environment: str) -> Ran:
        """Return what a command does, to which these lines are typed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app", "client", *arguments,
            cwd=ROOT, env={**os.environ, "CANDOUR_CLIENT_FOLDER": str(self.folder / "client"), **environment},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, errors = await process.communicate(typed.encode())
        ran = Ran(arguments, process.returncode or 0, out.decode(), errors.decode())
        self.ran.append(ran)
        assert "Traceback" not in ran.out + ran.errors, ran
        return ran

    async def runs(self, *arguments: str, typed: str = "") -> Ran:
        """Return what a command did that went well."""
        ran = await self.tries(*arguments, typed=typed)
        assert ran.code == 0, ran
        return ran

    async def fails(self, *arguments: str, typed: str = "", code: int = 1) -> str:
        """Return the one line of a command that failed."""
        ran = await self.tries(*arguments, typed=typed)
        assert ran.code == code, ran
        assert ran.errors.count("\n") == 1, ran.errors
        return ran.errors.strip()

    async def makes_keys(self, kind: str) -> dict[str, Any]:
        """Return the key file of new keys, whose private halves nobody sees in it."""
        await self.runs("keys", "new", self.key, "--kind", kind, typed=f"{PASSPHRASE}\n")
        return self.key_file()

    def key_bytes(self) -> bytes:
        """Return the key file as it is."""
        return Path(self.key).read_bytes()

    def key_file(self) -> dict[str, Any]:
        """Return the key file."""
        found: dict[str, Any] = json.loads(self.key_bytes())
        return found

    async def signs_in(self, address: str, username: str, totp_secret: str) -> None:
        """Be signed in at the service."""
        typed = f"{username}\n{PASSWORD}\n{pyotp.TOTP(totp_secret).now()}\n"
        ran = await self.runs("login", "--server", address, typed=typed)
        self.account = re.findall(r"account ([0-9a-f-]{36})", ran.out)[0]

    async def enrols(self, label: str) -> str:
        """Return the file to hand to the holder of the root."""
        out = str(self.folder / "enrolment.json")
        arguments = ("enrol", self.key, "--account", self.account, "--label", label, "--out", out)
        await self.runs(*arguments, typed=f"{PASSPHRASE}\n")
        return out

    def turn_to(self, address: str) -> None:
        """The session goes on at another address, as if the service were there."""
        file = self.folder / "client" / "session.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"server": address}))

    def session(self) -> dict[str, str]:
        """Return the headers of the session, for what only a test asks."""
        kept = json.loads((self.folder / "client" / "session.json").read_text())
        return {"Authorization": f"Bearer {kept['access_token']}", "X-Unlock": kept["unlock_secret"]}


class Council:
    """A service with an administrator, a case officer who may ask, three custodians and the holder of the root."""

    def __init__(self, service: ServiceProcess, folder: Path) -> None:
        """Know the service, which runs."""
        self.service = service
        self.folder = folder
        names = ("administrator", "officer", "ann", "bob", "cleo", "dora", "root")
        self.people = {name: Person(name, folder / name) for name in names}
        self.custodians = [self.ann, self.bob, self.cleo]

    def __getattr__(self, name: str) -> Person:
        """Return somebody by name."""
        if name == "people" or name not in self.people:
            raise AttributeError(name)
        return self.people[name]

    @property
    def address(self) -> str:
        """Where the service is."""
        return self.service.address

    def visitor(self, folder: Path) -> Person:
        """Return somebody without an account."""
        return Person("visitor", folder)

    async def settle(self) -> None:
        """Everybody has an account and keys, the channel is open, and its first manifest in force."""
        [one_time_password] = ONE_TIME_PASSWORD.findall(self.service.log.read_text())
        await self.activates(self.administrator, "administrator", one_time_password)
        for person, role in (
            (self.officer, "case_officer"),
            *((one, "custodian") for one in (*self.custodians, self.dora)),
        ):
            body = {"username": person.name, "display_name": person.name, "roles": [role]}
            invited = await self.as_(self.administrator, "POST", "/v1/accounts", body)
            await self.activates(person, person.name, invited["one_time_password"])
        for person in (*self.custodians, self.dora):
            await person.makes_keys("custodian")
        await self.officer.makes_keys("requester")
        await self.root.makes_keys("root")
        await self._opens_the_channel()
        await self.signs_and_publishes()

    async def activates(self, person: Person, username: str, one_time_password: str) -> None:
        """Somebody who was invited has a password and a second factor, and is signed in."""
        body = {"username": username, "one_time_password": one_time_password, "password": PASSWORD}
        async with self.service.client() as client:
            answer = await client.post("/v1/auth/activation", json=body)
        assert answer.status_code == 200, answer.text
        await person.signs_in(self.address, username, answer.json()["totp_secret"])

    async def forgets_the_password(self, person: Person) -> None:
        """Somebody was reset and is signed in anew, and the next manifest names their new key."""
        invited = await self.as_(self.administrator, "POST", f"/v1/accounts/{person.account}/reset")
        await self.activates(person, person.name, invited["one_time_password"])
        await self.signs_and_publishes("--previous", self.chain)

    async def _opens_the_channel(self) -> None:
        custodians = [
            {
                "account_id": person.account,
                "label": person.name,
                "public_key": person.key_file()["sealing_key"],
            }
            for person in self.custodians
        ]
        body = {
            "slug": CHANNEL, "name": "Children's services", "procedure_text": "Procedure, 2026.", "law_profile": "uk_pida",
            "threshold": 2, "custodians": custodians, "case_officers": [self.officer.account],
        }  # fmt: skip
        await self.as_(self.administrator, "POST", "/v1/channels", body)

    async def signs_and_publishes(self, *more: str) -> None:
        """The next manifest, which names these custodians and the officer as requester, is in force."""
        prepared, chain = str(self.folder / "channel.json"), self.chain
        await self.administrator.runs("manifest", "prepare", "--channel", CHANNEL, "--out", prepared)
        files = [part for one in self.custodians for part in ("--custodian", await one.enrols(one.name))]
        arguments = (
            "manifest", "sign", "--root", self.root.key, "--channel", prepared, "--threshold", "2", *files,
            "--requester", await self.officer.enrols("officer"), "--out", chain, *more,
        )  # fmt: skip
        await self.root.runs(*arguments, typed=f"yes\n{PASSPHRASE}\n")
        await self.administrator.runs("manifest", "publish", chain)

    @property
    def chain(self) -> str:
        """Where the chain of manifests is."""
        return str(self.folder / "chain.json")

    async def log_key(self) -> str:
        """Return the key of the log, as its operator would hand it out."""
        keys = await self.as_(self.administrator, "GET", f"/v1/channels/{CHANNEL}/keys")
        async with self.service.client() as client:
            return (await client.get(f"/v1/log/{keys['organisation_id']}/key")).text

    async def root_words(self) -> str:
        """Return the words of the root's key."""
        return (await self.root.runs("keys", "show", self.root.key)).value("words")

    async def raised(self, folder: Path, file: str) -> tuple[str, str, str]:
        """Return receipt, case and identity of a grievance that somebody raised with the client."""
        reporter = self.visitor(folder)
        arguments = ("--server", self.address, "--channel", CHANNEL, "--root-key", await self.root_words())
        sent = await reporter.runs("submit", file, *arguments)
        reference = sent.value("reference")
        cases = await self.as_(self.officer, "GET", "/v1/cases?limit=200")
        [case] = [one["id"] for one in cases["items"] if one["reference"] == reference]
        shown = await self.officer.runs("openings", "subjects", case)
        [subject] = re.findall(AN_ID, shown.out)
        return sent.out.strip().splitlines()[-1], case, subject

    async def asked(self, case: str, subject: str, reason: str = "To protect them.") -> Ran:
        """Return what the officer's client shows of a request that it made."""
        await self.pins(self.officer)
        arguments = (case, "--subject", subject, "--channel", CHANNEL, "--key", self.officer.key, "--hours", "24")
        typed = f"{PASSPHRASE}\n{reason}\nArticle 16(2)\n{NOTICE}\n"
        return await self.officer.runs("openings", "request", *arguments, typed=typed)

    async def approves(self, custodian: Person, request: str) -> Ran:
        """Return what a custodian's client shows who approved a request."""
        await self.pins(custodian)
        return await self.approves_at(custodian, request)

    async def approves_at(self, custodian: Person, request: str) -> Ran:
        """Return what a custodian's client shows, wherever it was turned to."""
        arguments = ("openings", "approve", request, "--key", custodian.key)
        return await custodian.runs(*arguments, typed=f"{PASSPHRASE}\nyes\n")

    async def lies(self, custodian: Person, request: str) -> None:
        """A custodian has signed and released pieces that are not theirs."""
        own = keyfiles.open_keys(custodian.key_bytes(), PASSPHRASE)
        assert own.sealing_seed is not None
        shown = await self.as_(custodian, "GET", f"/v1/openings/{request}")
        me = UUID(shown["custodian_id"])
        signed = openings.open_paper(
            hpke.PrivateKey(own.sealing_seed), UUID(request), me, base64.b64decode(shown["paper"])
        )
        of = Sharing(
            base64.b64decode(shown["sharing"]["reference"]),
            shown["sharing"]["threshold"],
            frozenset(map(UUID, shown["sharing"]["custodians"])),
            tuple(map(base64.b64decode, shown["sharing"]["commitments"])),
        )
        pieces = {number: bytes(32) for number in of.held[me]}
        digest = openings.request_digest(signed)
        release = identity.release_share(pieces, of, me, digest, openings.read_request(signed).key)
        signature = openings.sign_approval(own.signing_seed, digest, of, me, release)
        body = {"release": spell(release), "signature": spell(signature)}
        await self.as_(custodian, "POST", f"/v1/openings/{request}/shares", body)

    async def pins(self, person: Person) -> None:
        """Somebody has pinned the root of the channel."""
        words = await self.root_words()
        await person.runs("manifest", "check", "--root-key", words, "--server", self.address, "--channel", CHANNEL)

    async def as_(self, person: Person, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
        """Return what the service answers somebody who asks it without the client."""
        async with httpx.AsyncClient(base_url=self.address, headers=person.session(), timeout=30) as client:
            answer = await client.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None
