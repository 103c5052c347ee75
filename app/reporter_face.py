"""The reporters' side of the service: what it serves. It imports no route that is for staff alone, and needs no key of theirs."""

from app.custodianship import routes as custodianship
from app.files import routes as files
from app.inbox import detriment_routes as detriments
from app.inbox import routes as inbox
from app.intake import channel_routes as channels
from app.intake import routes as intake
from app.supporting import routes as supporting

ROUTERS = (
    channels.reporter_router,
    intake.reporter_router,
    custodianship.reporter_router,
    inbox.reporter_router,
    detriments.reporter_router,
    files.reporter_router,
    supporting.reporter_router,
)
