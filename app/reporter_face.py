"""The reporters' side of the service: what it serves. It imports no route that is for staff alone, and needs no key of theirs."""

from app.custodianship import routes as custodianship
from app.intake import routes as intake

ROUTERS = (intake.reporter_router, custodianship.reporter_router)
