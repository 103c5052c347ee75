"""Imports every table, so that the migrations and the schema's tests see them all."""

from app.accounts import models as accounts
from app.allegations import models as allegations
from app.audit import models as audit
from app.cases import models as cases
from app.custody import models as custody
from app.evidence import models as evidence
from app.findings import models as findings
from app.intake import models as intake
from app.kernel import idempotency
from app.learning import models as learning
from app.prooflog import models as prooflog
from app.reports import models as reports
from app.supporting import models as supporting
from app.vault import models as vault
from app.vault import opening_models as openings
from app.vault import resharing_models as resharing

__all__ = [
    "accounts", "allegations", "audit", "cases", "custody", "evidence", "findings", "idempotency", "intake", "learning", "openings", "prooflog",
    "reports", "resharing", "supporting", "vault",
]  # fmt: skip
