"""The side of those who have accounts: what it serves, the keys that sign their tokens, and the jobs.

A process that serves reporters alone never imports it.
"""

from pathlib import Path

from fastapi import FastAPI

from app import worker
from app.accounts import authentication
from app.accounts import own_routes as own_accounts
from app.accounts import routes as accounts
from app.accounts.tokens import SigningKey, TokenKeys
from app.allegations import routes as allegations
from app.cases import duty_routes as duties
from app.cases import log_routes as audit
from app.cases import routes as cases
from app.cases.resealing import ColumnsOfCases
from app.custodianship import custody
from app.custodianship import routes as custodianship
from app.custodianship.older_keys import ResharingsOfOlderKeys
from app.evidence import routes as evidence
from app.files import routes as files
from app.findings import routes as findings
from app.inbox import detriment_routes as detriments
from app.inbox import routes as inbox
from app.intake import case_routes as grievances
from app.intake import channel_routes as channels
from app.intake import doors
from app.intake import duty_routes as raised_duties
from app.intake import routes as intake
from app.intake.turning import Conversations
from app.kernel.keyring import KeyFilesUnsafe, read_private
from app.kernel.settings import Settings
from app.learning import routes as learning
from app.notifications import routes as notifications
from app.openings import recovery_routes as recoveries
from app.openings import routes as openings
from app.prooflog import routes as prooflog
from app.reports import routes as reports
from app.supporting import routes as supporting

ROUTERS = (
    accounts.router,
    own_accounts.router,
    audit.router,
    prooflog.auditor_router,
    channels.staff_router,
    intake.staff_router,
    supporting.staff_router,
    files.staff_router,
    custodianship.staff_router,
    cases.router,
    grievances.router,
    duties.router,
    raised_duties.router,
    notifications.router,
    openings.router,
    recoveries.router,
    allegations.router,
    evidence.router,
    findings.router,
    reports.router,
    learning.router,
    inbox.staff_router,
    detriments.staff_router,
)


def read_token_keys(folder: Path) -> TokenKeys:
    """Return the keys that sign access tokens: the newest of the folder signs, the others still verify.

    Raises:
        KeyFilesUnsafe: a key file is open to others.

    """
    newest_first = sorted(
        folder.glob("tokens-*.pem"), key=lambda path: int(path.stem.removeprefix("tokens-")), reverse=True
    )
    if not newest_first:
        message = "there is no key that signs access tokens"
        raise KeyFilesUnsafe(message)
    active, *previous = (SigningKey(read_private(path)) for path in newest_first)
    return TokenKeys(active, tuple(previous))


def equip(app: FastAPI, settings: Settings) -> None:
    """The application has what its routes for staff ask it for.

    Raises:
        KeyFilesUnsafe: a key that signs access tokens is missing or open to others.

    """
    app.state.token_keys = read_token_keys(settings.keys_folder)
    app.state.authenticate = authentication.authenticate
    app.state.find_holders = doors.find_holders
    app.state.fitness_changed = custody.record_alarms
    app.state.sealed_parts = (Conversations(), ColumnsOfCases(), ResharingsOfOlderKeys())
    app.state.work = worker.work
