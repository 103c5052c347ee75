"""The reporters' side of the service: what it serves. It imports no route that is for staff alone, and needs no key of theirs."""

from fastapi import FastAPI

from app.custodianship import routes as custodianship
from app.files import routes as files
from app.inbox import detriment_routes as detriments
from app.inbox import routes as inbox
from app.intake import channel_routes as channels
from app.intake import routes as intake
from app.portal import detriment_routes as portal_detriment
from app.portal import files_routes as portal_files
from app.portal import identity_routes as portal_identity
from app.portal import inbox_routes as portal_inbox
from app.portal import messages_routes as portal_messages
from app.portal import routes as portal
from app.portal import support_routes as portal_support
from app.portal.problem_pages import show_problem
from app.supporting import routes as supporting

ROUTERS = (
    channels.reporter_router,
    intake.reporter_router,
    custodianship.reporter_router,
    inbox.reporter_router,
    detriments.reporter_router,
    files.reporter_router,
    supporting.reporter_router,
    portal.router,
    portal_inbox.router,
    portal_support.router,
    portal_messages.router,
    portal_identity.router,
    portal_detriment.router,
    portal_files.router,
    portal_files.upload_router,
)


def equip(app: FastAPI) -> None:
    """The application shows refusals of the portal as pages."""
    app.state.show_problem = show_problem
