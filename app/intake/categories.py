"""What a grievance may be about: the categories of the law, each with the day from which it counts, and its source. Pure.

A grievance is judged by the law on the day of its receipt. What may be named and what counts as a qualifying disclosure are
two questions: sexual harassment could always be named; it makes a disclosure qualify by itself from 6 April 2026.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.duties.profiles import LawProfile

_ERA = "Employment Rights Act 1996, section 43B(1)"
_PIDA_IN_FORCE = date(1999, 7, 2)
"""Source: The Public Interest Disclosure Act 1998 (Commencement) Order 1999, SI 1999/1547, article 2."""
SEXUAL_HARASSMENT_FROM = date(2026, 4, 6)
"""Source: Employment Rights Act 2025, section 23, in force on 6 April 2026 (R-UK-1 of the requirements)."""


class Relation(StrEnum):
    """In which relation to the organisation somebody stands.

    Source: Employment Rights Act 1996, sections 43K and 230 (workers, agency workers); Directive (EU) 2019/1937, Article 4
    (volunteers, applicants, former workers, contractors, facilitators, colleagues).
    """

    EMPLOYEE = "employee"
    AGENCY_WORKER = "agency_worker"
    FORMER_EMPLOYEE = "former_employee"
    VOLUNTEER = "volunteer"
    JOB_APPLICANT = "job_applicant"
    CONTRACTOR = "contractor"
    FACILITATOR = "facilitator"
    COLLEAGUE = "colleague"
    SERVICE_USER = "service_user"
    OTHER = "other"


@dataclass(frozen=True)
class LegalCategory:
    """A category of the law: what a disclosure must tend to show in order to qualify."""

    code: str
    qualifies_from: date
    source: str
    names: dict[str, str]
    """By language."""


PROTECTED_DISCLOSURES = (
    LegalCategory("crime", _PIDA_IN_FORCE, f"{_ERA}(a)", {"en": "A crime", "cy": "Trosedd"}),
    LegalCategory(
        "legal_obligation",
        _PIDA_IN_FORCE,
        f"{_ERA}(b)",
        {"en": "Failure to do what the law requires", "cy": "Methiant i wneud yr hyn y mae'r gyfraith yn ei fynnu"},
    ),
    LegalCategory(
        "miscarriage_of_justice",
        _PIDA_IN_FORCE,
        f"{_ERA}(c)",
        {"en": "A miscarriage of justice", "cy": "Camweinyddu cyfiawnder"},
    ),
    LegalCategory(
        "health_and_safety",
        _PIDA_IN_FORCE,
        f"{_ERA}(d)",
        {"en": "Danger to somebody's health or safety", "cy": "Perygl i iechyd neu ddiogelwch rhywun"},
    ),
    LegalCategory(
        "sexual_harassment",
        SEXUAL_HARASSMENT_FROM,
        f"{_ERA}, as amended by the Employment Rights Act 2025, section 23",
        {"en": "Sexual harassment", "cy": "Aflonyddu rhywiol"},
    ),
    LegalCategory(
        "environment",
        _PIDA_IN_FORCE,
        f"{_ERA}(e)",
        {"en": "Damage to the environment", "cy": "Niwed i'r amgylchedd"},
    ),
    LegalCategory(
        "concealment",
        _PIDA_IN_FORCE,
        f"{_ERA}(f)",
        {"en": "Hiding any of these", "cy": "Celu unrhyw un o'r rhain"},
    ),
)
OF_LAW: dict[LawProfile, tuple[LegalCategory, ...]] = {
    LawProfile.UK_PIDA: PROTECTED_DISCLOSURES,
    LawProfile.NHS_FTSU: PROTECTED_DISCLOSURES,
    LawProfile.EU_2019_1937: (),
    LawProfile.EU_2019_1937_EXTERNAL: (),
    LawProfile.CUSTOM: (),
}
"""The categories that each law names. Where it names none, the organisation's own stand alone."""


def of_law(profile: LawProfile, code: str) -> LegalCategory | None:
    """Return the category of the law with that code, if it has one."""
    return next((one for one in OF_LAW[profile] if one.code == code), None)


def qualifies(profile: LawProfile, code: str, received_on: date) -> bool:
    """Whether a disclosure of that category qualifies by the law on the day of receipt."""
    found = of_law(profile, code)
    return found is not None and received_on >= found.qualifies_from


def unknown(profile: LawProfile, own: Iterable[str], named: Iterable[str]) -> list[str]:
    """Return those of the named codes that neither the law nor the organisation has."""
    known = {one.code for one in OF_LAW[profile]} | set(own)
    return [code for code in named if code not in known]
