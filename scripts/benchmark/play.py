"""Plays what the benchmark needs through the API of a running service: a cast, a channel, and one case from grievance to release."""

import base64
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self, cast

import httpx
import pyotp

from app.crypto import hpke
from scripts.benchmark.load import MARK

PASSWORD = "a long enough passphrase for a benchmark"  # noqa: S105 it opens nothing but a throwaway deployment
CHANNEL = "bench"
ALLEGATIONS = 15
THEMES = 6
RAISED = 10
CREATED = 201
SENTENCE = (
    "The manager told the team that whoever wrote another incident report would not have their contract renewed. "
)


class PlayStopped(Exception):
    """The service refused what the play needs."""


@dataclass
class Actor:
    """Somebody signed in, or nobody."""

    http: httpx.Client
    id: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:  # noqa: ANN401 JSON
        """Return the JSON that answers.

        Raises:
            PlayStopped: the service refused.

        """
        answer = self.http.request(method, path, json=body, headers={**self.headers, **headers})
        if not answer.is_success:
            raise PlayStopped(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json() if answer.content else None

    def get(self, path: str) -> Any:  # noqa: ANN401 JSON
        """Return what the path holds."""
        return self.ask("GET", path)

    def post(self, path: str, body: object = None) -> Any:  # noqa: ANN401 JSON
        """Return what the act answers."""
        return self.ask("POST", path, body if body is not None else {})

    def change(self, method: str, path: str, act: str, body: object) -> Any:  # noqa: ANN401 JSON
        """Return what an act on the version of `path` that stands now answers."""
        return self.ask(method, path + act, body, **{"If-Match": f'"{self.get(path)["version"]}"'})


def text_of(length: int) -> str:
    """Return prose of that length."""
    return (SENTENCE * (length // len(SENTENCE) + 1))[:length].strip().ljust(length, ".")


def grievance(*, with_client_keys: bool) -> dict[str, Any]:
    """Return a grievance of 3 KB of text with ten allegations and one identity; its lookup secret is the mark."""
    draft: dict[str, Any] = {
        "confidentiality": "confidential",
        "headline": text_of(80),
        "narrative": text_of(900),
        "allegations": [{"label": f"{number}", "statement": text_of(200)} for number in range(1, RAISED + 1)],
        "identity": {"name": "Alex Example", "contact": "alex@example.org"},
    }
    if with_client_keys:
        draft["reporter_keys"] = {
            "lookup": MARK,
            "inbox_public_key": _encode(hpke.public_key(hpke.new_seed())),
            "signing_public_key": _encode(secrets.token_bytes(32)),
        }
    return draft


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Play:
    """The cast on a service at `address`."""

    def __init__(self, address: str) -> None:
        """Nobody has signed in yet."""
        self.http = httpx.Client(base_url=address, timeout=60)
        self.nobody = Actor(self.http)

    def __enter__(self) -> Self:
        """Play."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.http.close()

    def enter(self, username: str, one_time_password: str) -> Actor:
        """Return the account, activated and signed in."""
        invitation = {"username": username, "one_time_password": one_time_password, "password": PASSWORD}
        totp = pyotp.TOTP(self.nobody.post("/v1/auth/activation", invitation)["totp_secret"])
        credentials = {"username": username, "password": PASSWORD, "totp_code": totp.now()}
        tokens = self.nobody.post("/v1/auth/token", credentials)
        headers = {"Authorization": f"Bearer {tokens['access_token']}", "X-Unlock": tokens["unlock_secret"]}
        actor = Actor(self.http, headers=headers)
        actor.id = actor.get("/v1/me")["id"]
        return actor

    def invite(self, administrator: Actor, name: str, *roles: str) -> Actor:
        """Return a new account, activated and signed in."""
        invited = administrator.post(
            "/v1/accounts", {"username": name, "display_name": name.replace("_", " ").title(), "roles": list(roles)}
        )
        return self.enter(name, invited["one_time_password"])

    def gather(self, one_time_password: str) -> None:
        """The cast is there, and a channel is open: 2 of 3 custodians, two case officers."""
        administrator = self.enter("administrator", one_time_password)
        self.officer = self.invite(administrator, "officer", "case_officer")
        self.other_officer = self.invite(administrator, "other_officer", "case_officer")
        self.investigator = self.invite(administrator, "investigator", "investigator")
        self.busy_investigator = self.invite(administrator, "busy_investigator", "investigator")
        self.reviewer = self.invite(administrator, "reviewer", "reviewer")
        self.hr = self.invite(administrator, "hr", "hr")
        custodians = [self.invite(administrator, f"custodian_{number}", "custodian") for number in range(3)]
        administrator.post(
            "/v1/channels",
            {
                "slug": CHANNEL,
                "name": "Benchmark",
                "procedure_text": "Say what happened.",
                "law_profile": "uk_pida",
                "threshold": 2,
                "custodians": [
                    {
                        "account_id": custodian.id,
                        "label": f"Custodian {number}",
                        "public_key": _encode(hpke.public_key(hpke.new_seed())),
                    }
                    for number, custodian in enumerate(custodians)
                ],
                "case_officers": [self.officer.id, self.other_officer.id],
            },
        )

    def submit(self) -> str:
        """Return the id of the case of a grievance that just came in, its keys made by the client."""
        draft = grievance(with_client_keys=True)
        draft["reporter_keys"]["lookup"] = _encode(secrets.token_bytes(32))
        reference = self.nobody.post(f"/v1/channels/{CHANNEL}/grievances", draft)["reference"]
        cases = self.officer.get("/v1/cases")["items"]
        return cast("str", next(case["id"] for case in cases if case["reference"] == reference))

    def investigate(self, case_id: str) -> None:
        """The case is under investigation, and its fifteen allegations are recorded under six themes."""
        case = f"/v1/cases/{case_id}"
        self.officer.post(f"{case}/acknowledgement")
        self.officer.post(
            f"{case}/triage",
            {
                "likelihood": "high", "impact": "high", "immediate_risk": False, "knowledge": "first_hand",
                "previously_reported": False, "procedure": "grievance", "reason": text_of(150),
            },
        )  # fmt: skip
        self.officer.post(f"{case}/decision", {"outcome": "accepted", "reason": text_of(150)})
        self.officer.post(f"{case}/appointments", {"account_id": self.investigator.id, "capacity": "investigator"})
        self.officer.post(f"{case}/appointments", {"account_id": self.reviewer.id, "capacity": "reviewer"})
        self.officer.change("PUT", case, "/title", {"title": text_of(60)})
        themes = [
            self.investigator.post(f"{case}/themes", {"label": f"{number}", "title": text_of(60)})["id"]
            for number in range(1, THEMES + 1)
        ]
        for number in range(ALLEGATIONS):
            self.investigator.post(
                f"{case}/allegations",
                {"label": f"5.{number + 1}", "statement": text_of(220), "theme_id": themes[number % THEMES]},
            )

    def find(self, case_id: str) -> None:
        """Every allegation has a final finding that cites an exhibit and that the reviewer agreed to."""
        case = f"/v1/cases/{case_id}"
        exhibit = self.investigator.post(
            f"{case}/exhibits", {"kind": "document", "title": text_of(60), "description": text_of(300)}
        )["id"]
        for number, allegation in enumerate(self.investigator.get(f"{case}/allegations")["items"]):
            finding = self.investigator.post(
                f"{case}/allegations/{allegation['id']}/findings",
                {
                    "outcome": "upheld" if number % 2 else "not_upheld", "reasons": text_of(400), "exhibit_ids": [exhibit],
                    "standard_of_proof": "balance_of_probabilities",
                },
            )["id"]  # fmt: skip
            self.reviewer.change("POST", f"{case}/findings/{finding}", "/review", {"agrees": True})
        self.investigator.post(f"{case}/findings-completion")

    def release(self, case_id: str) -> str:
        """Return the id of a release of the case's learning summary to HR."""
        self.find(case_id)
        case = f"/v1/cases/{case_id}"
        chapters = {"title": text_of(60), **{name: text_of(600) for name in ("introduction", "method", "conclusions")}}
        report = self.investigator.post(f"{case}/reports", chapters)["id"]
        self.investigator.post(f"{case}/reports/{report}/seal")
        summary = f"{case}/summaries/{self.investigator.post(f'{case}/summaries', {'report_id': report})['id']}"
        leaks = self.investigator.post(f"{summary}/checks", {"accepted": []})["leaks"]
        accepted = [{"id": leak["id"], "reason": "It is made up."} for leak in leaks if leak["is_acceptable"]]
        self.investigator.post(f"{summary}/checks", {"accepted": accepted})
        self.reviewer.change("POST", summary, "/approval", {"statement": text_of(100)})
        return cast("str", self.officer.change("POST", summary, "/release", {"audiences": ["hr"]})["id"])

    def read_release(self, release_id: str) -> httpx.Response:
        """Return the release as HR reads it."""
        return self.http.get(f"/v1/releases/{release_id}", headers=self.hr.headers)


def http_request(method: str, path: str, *, headers: Iterable[tuple[str, str]] = (), body: str | None = None) -> str:
    """Return the bytes of a request as text, with its length where it has a body."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1:8000", *(f"{name}: {value}" for name, value in headers)]
    if body is not None:
        lines += ["content-type: application/json", f"content-length: {len(body.encode())}"]
    return "\r\n".join([*lines, "", body or ""])
