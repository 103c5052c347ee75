"""Makes the deployment of this folder with the code that wrote revision 0005. README.md says how it was run, once."""

import asyncio
import base64
import json
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyotp

from app import setup
from app.crypto import hpke
from app.kernel import clock
from app.kernel.settings import Settings
from app.main import create_app

NOW = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
PASSWORD = "a long enough passphrase for tests"
CHANNEL = "children-services"
ROLES = {
    "case_officer": "case_officer",
    "other_case_officer": "case_officer",
    "third_case_officer": "case_officer",
    "investigator": "investigator",
    "representative": "representative",
    "custodian": "custodian",
    "second_custodian": "custodian",
}
NARRATIVE = "Visits were recorded that nobody made."


class Then(httpx.AsyncClient):
    """Somebody who speaks to the service of then."""

    async def done(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer to a request that succeeded."""
        answer = await self.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found


async def _enrol(app: Any, username: str, one_time_password: str) -> tuple[Then, dict[str, str]]:  # noqa: ANN401
    client = Then(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000")
    activation = {"username": username, "one_time_password": one_time_password, "password": PASSWORD}
    secret = (await client.done("POST", "/v1/auth/activation", activation))["totp_secret"]
    code = pyotp.TOTP(secret).at(NOW)
    body = {"username": username, "password": PASSWORD, "totp_code": code}
    tokens = await client.done("POST", "/v1/auth/token", body)
    client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    client.headers["X-Unlock"] = tokens["unlock_secret"]
    return client, {"username": username, "password": PASSWORD, "totp_secret": secret}


async def _play(app: Any, one_time_password: str) -> dict[str, Any]:  # noqa: ANN401 FastAPI's
    administrator, known = await _enrol(app, "administrator", one_time_password)
    people, accounts, ids = {"administrator": administrator}, {"administrator": known}, {}
    for name, role in ROLES.items():
        draft = {"username": name, "display_name": name.replace("_", " "), "roles": [role]}
        made = await administrator.done("POST", "/v1/accounts", draft)
        people[name], accounts[name] = await _enrol(app, name, made["one_time_password"])
        ids[name] = made["id"]
    custodians = [
        {
            "account_id": ids[name],
            "label": name,
            "public_key": base64.b64encode(hpke.public_key(hpke.new_seed())).decode(),
        }
        for name in ("custodian", "second_custodian")
    ]
    channel = {
        "slug": CHANNEL, "name": "Children's services", "procedure_text": "The procedure.", "law_profile": "uk_pida",
        "threshold": 2, "custodians": custodians,
        "case_officers": [ids[name] for name, role in ROLES.items() if role == "case_officer"],
    }  # fmt: skip
    await administrator.done("POST", "/v1/channels", channel)
    grievance = {
        "confidentiality": "anonymous", "headline": "Visits", "narrative": NARRATIVE, "capacity": "employee",
        "allegations": [{"label": "1.1", "statement": "Records were altered."}],
    }  # fmt: skip
    reporter = Then(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000")
    door = f"/v1/channels/{CHANNEL}"
    received, acknowledged, walled = [await reporter.done("POST", f"{door}/grievances", grievance) for _ in range(3)]
    collective = await people["representative"].done(
        "POST",
        f"{door}/collective-grievances",
        {
            **grievance,
            "confidentiality": "confidential",
            "headcount_claims": [{"number": 31, "basis": "signed", "source": "Signatures", "claimed_on": "2026-01-10"}],
            "supporters": [{"identity": {"name": "Supporter", "contact": "07700900001"}}],
        },
    )
    officer = people["case_officer"]
    listed = {one["reference"]: one["id"] for one in (await officer.done("GET", "/v1/cases"))["items"]}
    cases = {
        name: {"id": listed[made["reference"]], "receipt": made.get("receipt")}
        for name, made in (
            ("received", received), ("acknowledged", acknowledged), ("walled", walled), ("collective", collective),
        )
    }  # fmt: skip
    for name in ("acknowledged", "collective"):
        await officer.done("POST", f"/v1/cases/{cases[name]['id']}/acknowledgement")
    place = f"/v1/cases/{cases['acknowledged']['id']}"
    await officer.done(
        "POST",
        f"{place}/triage",
        {
            "likelihood": "high", "impact": "high", "immediate_risk": False, "knowledge": "first_hand",
            "previously_reported": False, "procedure": "whistleblowing", "reason": "It concerns safety.",
        },
    )  # fmt: skip
    await officer.done("POST", f"{place}/decision", {"outcome": "accepted", "reason": "It must be looked into."})
    await officer.done("POST", f"{place}/appointments", {"account_id": ids["investigator"], "capacity": "investigator"})
    wall = {"account_id": ids["third_case_officer"], "reason": "A close relative."}
    return {"accounts": accounts, "ids": ids, "cases": cases, "wall": wall, "people": people}


async def _make(folder: Path, into: Path) -> None:
    clock.replace(lambda: NOW)
    settings = Settings(
        data_folder=folder / "data", password_memory_kib=19_456, password_iterations=2, organisation_name="Northmoor"
    )
    invitation = await asyncio.to_thread(setup.set_up, settings)
    assert invitation is not None
    app = create_app(settings)
    played = await _play(app, invitation.one_time_password)
    with sqlite3.connect(settings.data_folder / "candour.db") as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(case_key_grants)")]
        row = connection.execute(
            "SELECT * FROM case_key_grants WHERE lower(case_id) = ? AND lower(account_id) = ?",
            (played["cases"]["walled"]["id"].replace("-", ""), played["ids"]["third_case_officer"].replace("-", "")),
        ).fetchone()
    grant = {name: value.hex() if isinstance(value, bytes) else value for name, value in zip(names, row, strict=True)}
    walled = played["cases"]["walled"]["id"]
    await played.pop("people")["case_officer"].done("POST", f"/v1/cases/{walled}/walls", played.pop("wall"))
    await app.state.runtime.close()
    files = {
        str(path.relative_to(settings.data_folder)): path.read_bytes().hex()
        for sub in ("keys", "erasure-keys")
        for path in sorted((settings.data_folder / sub).rglob("*"))
        if path.is_file()
    }
    with sqlite3.connect(settings.data_folder / "candour.db") as connection:
        (into / "candour.sql").write_text("\n".join(connection.iterdump()) + "\n")
    kept = {**played, "narrative": NARRATIVE, "removed_grant": grant, "files": files}
    (into / "deployment.json").write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(_make(Path(temporary), Path(sys.argv[1]).absolute()))
