"""Imports every table, so that the migrations and the schema's tests see them all."""

from app.accounts import models as accounts
from app.allegations import models as allegations
from app.audit import models as audit
from app.blobs import models as blobs
from app.cases import models as cases
from app.custody import models as custody
from app.duties import models as duties
from app.evidence import models as evidence
from app.files import models as files
from app.findings import models as findings
from app.inbox import models as inbox
from app.intake import classification_models as classifications
from app.intake import models as intake
from app.intake import relay_models as relays
from app.kernel import idempotency
from app.learning import models as learning
from app.notifications import models as notifications
from app.prooflog import models as prooflog
from app.reports import models as reports
from app.supporting import models as supporting
from app.vault import models as vault
from app.vault import opening_models as openings
from app.vault import resharing_models as resharing

__all__ = [
    "accounts",
    "allegations",
    "audit",
    "blobs",
    "cases",
    "classifications",
    "custody",
    "duties",
    "evidence",
    "files",
    "findings",
    "idempotency",
    "inbox",
    "intake",
    "learning",
    "notifications",
    "openings",
    "prooflog",
    "relays",
    "reports",
    "resharing",
    "supporting",
    "vault",
]
