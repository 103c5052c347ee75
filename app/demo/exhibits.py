"""The evidence of the case as exhibits, and what each does to which allegation. It knows no service.

A link's note is a phrase of southampton.json wherever that file has one; the test counts that none is missing.
"""

from dataclasses import dataclass
from itertools import count

from app.demo.facts import FACTS, in_words

_INVESTIGATION = FACTS["investigation"]
_EXAMPLES = _INVESTIGATION["case_examples"]
_REQUESTED = _INVESTIGATION["evidence_requested_and_not_available"][0]
_INQUIRY, _REGULATOR = FACTS["linked_reviews"]
_COMMUNICATIONS, _POLICIES, _INSPECTION, _APPRECIATION, _CHAT = _INVESTIGATION["documents"]


@dataclass(frozen=True)
class Link:
    """What an exhibit does to one allegation."""

    allegation: str
    bearing: str
    note: str


@dataclass(frozen=True)
class ExhibitFacts:
    """One exhibit, or a request for one and the answer that came."""

    number: str
    kind: str
    title: str
    description: str
    links: tuple[Link, ...] = ()
    reliability: str | None = None
    dated_on: str | None = None
    absent: str | None = None
    """What was answered where there is no such evidence."""


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _supports(allegation: str, note: str) -> Link:
    return Link(allegation, "supports", note)


def _contradicts(allegation: str, note: str) -> Link:
    return Link(allegation, "contradicts", note)


def _context(allegation: str, note: str) -> Link:
    return Link(allegation, "context", note)


_FEAR = "view widely held by interviewed managers, signatories or not"
_CASELOADS = "interviews"
_SAID = {
    1: (_context("1.1", "explained how the grievance came about and what its examples stand for"),),
    2: (_supports("1.1", "alternative support was unavailable or unsuitable"),),
    3: (_supports("2.2", "interviews"),),
    4: (_supports("3.5", "consultants directed cases without explanation"),),
    6: (_supports("5.2", "anecdotal, from two interviewees"),),
    8: (_supports("5.4", "uncommunicated change continued afterwards"),),
    12: (_supports("2.3", "managers' accounts of isolated closures under pressure"),),
    13: (_contradicts("3.1", "a few staff asked to work from home during inspection: marginal effect"),),
    15: (_supports("5.2", "anecdotal, from two interviewees"),),
    16: (_supports("2.2", "interviews"), _supports("5.3", _CASELOADS)),
}
"""What single interviews bear on. All others bear on caseloads (even numbers) or on the culture of fear (odd ones)."""

_STRATA = {
    "representative": "Interview with the representative",
    "signatory": "Interview with somebody who signed",
    "non_signatory": "Interview with somebody who did not sign",
}


def _interviews() -> tuple[ExhibitFacts, ...]:
    number = count(1)
    found = []
    for stratum in _INVESTIGATION["interviews"]["strata"]:
        for place in range(1, stratum["count"] + 1):
            at = next(number)
            usual = (_supports("5.3", _CASELOADS),) if at % 2 == 0 else (_supports("5.1", _FEAR),)
            links = _SAID.get(at, usual)
            selection = f" Selection: {stratum['selection']}." if "selection" in stratum else ""
            found.append(
                ExhibitFacts(
                    f"I{at}",
                    "interview",
                    f"{_STRATA[stratum['stratum']]}, {place} of {stratum['count']}",
                    f"Stratum: {stratum['stratum']}.{selection} Record kept by: {_INVESTIGATION['assistant']['capacity']}.",
                    links,
                    reliability="anecdotal" if any(link.allegation == "5.2" for link in links) else "direct",
                )
            )
    return tuple(found)


INTERVIEWS = _interviews()
"""One exhibit for each interview: the representative, those who signed, and those who did not."""

RECORDS = (
    ExhibitFacts(
        "R1", "case_record_review", f"Review of {_EXAMPLES['reviewed']} case records in {_EXAMPLES['record_system']}",
        f"Case examples: {_EXAMPLES['alleged']} alleged, {_EXAMPLES['alleged_with_evidence']} of these with evidence, "
        f"{_EXAMPLES['reviewed']} reviewed, {_EXAMPLES['upheld']} upheld. Record system: {_EXAMPLES['record_system']}.",
        (_supports("1.1", "21 case reviews, 13 upheld"),), reliability="direct",
    ),
    ExhibitFacts(
        "R2", "case_record_review", "The case said to have been kept from the inspectors",
        "Record PARIS-204417, read from its opening to its closure.",
        (_contradicts("3.2", "the one case named was handled appropriately"),), reliability="direct",
    ),
)  # fmt: skip

PAPERS = (
    ExhibitFacts(
        "C1", "communication", _capital(_COMMUNICATIONS),
        "Read for decisions on cases, for instructions on closing cases, and for how changes were announced.",
        (
            _contradicts("2.1", "decisions found in emails"),
            _contradicts("2.3", "senior managers acted on inappropriate closure"),
        ), reliability="direct",
    ),
    ExhibitFacts(
        "C2", "communication", "Request to amend a case record",
        "An email from derek.halloway@southampton.example asks for an amendment to a record.",
        (_contradicts("2.1", "one example of a requested amendment, unrelated to the decision"),), reliability="direct",
    ),
    ExhibitFacts(
        "C3", "communication", "Notice to the peripatetic teams",
        "The letter by which the teams learned of their end.",
        (_supports("2.2", "one week's notice served at Christmas"),), reliability="direct",
    ),
    ExhibitFacts(
        "D1", "document", "Minutes of planning meetings",
        "Plans for children agreed by several professions, set beside what was then decided.",
        (_supports("1.1", "collective planning arrangements overridden by senior managers alone"),), reliability="direct",
    ),
    ExhibitFacts(
        "D2", "document", "Papers on the change to hub teams",
        "What there is in writing on the change from peripatetic to hub teams.",
        (_supports("2.2", "no business case, no operating procedures"),), reliability="direct",
    ),
    ExhibitFacts(
        "D3", "document", "Structure of the assessment teams before and after the inspection",
        "Two charts of the service.",
        (_supports("3.3", "assessment teams cut from four to three shortly afterwards"),), reliability="direct",
    ),
    ExhibitFacts(
        "D4", "document", "Contracts and assignments of consultants",
        "For what each consultant was taken on and what each then did.",
        (_supports("4.1", "consultants moved on to operational roles"),), reliability="direct",
    ),
    ExhibitFacts(
        "D5", "document", "Personnel decisions on middle managers",
        "Letters of suspension, read in the presence of human resources.",
        (_supports("5.1", "suspension of two middle managers"),), reliability="direct",
    ),
    ExhibitFacts(
        "P1", "policy", f"{_capital(_POLICIES)}: managing change",
        "The human resources policy on changes to teams and posts.",
        (_supports("2.2", "changes made outside human resources policy"),), reliability="direct",
    ),
    ExhibitFacts(
        "P2", "policy", f"{_capital(_POLICIES)}: appointing consultants",
        "The policy by which consultants are to be appointed.",
        (_supports("4.1", "appointment policy not followed"),), reliability="direct",
    ),
)  # fmt: skip

FIGURES = (
    ExhibitFacts(
        "F1", "data", _CHAT, "Monthly extracts of the national tool on open cases and caseloads.",
        (_supports("3.5", "sharp rise in open cases in early 2019"), _supports("5.3", "ChAT data")), reliability="direct",
    ),
    ExhibitFacts(
        "F2", "data", "Staffing figures at inspection", "Posts filled, vacant and held by agency workers.",
        (_contradicts("3.4", "staffing figures at inspection"),), reliability="direct",
    ),
    ExhibitFacts(
        "F3", "data", _capital(_REQUESTED["what"]),
        f"Asked for by the investigator; see paragraph {_REQUESTED['paragraph']}.",
        (_context("5.3", "the monthly data asked for does not exist"),),
        absent=f"The service answered: {_REQUESTED['answer']}.",
    ),
)  # fmt: skip

LINKED_REVIEWS = (
    ExhibitFacts(
        "L1", "linked_review", _capital(_APPRECIATION),
        f"{_INQUIRY['title']}, completed in {in_words(_INQUIRY['completed_in'])}, commissioned by the "
        f"{_INQUIRY['commissioned_by']}. {_INQUIRY['recommendations']} recommendations, "
        f"{_INQUIRY['recommendations_relevant']} of them relevant here. Not shared with staff.",
        (
            _supports("5.1", "Appreciative Inquiry"),
            _supports("5.4", "neither summary nor recommendations shared with managers and staff"),
        ), reliability="direct",
    ),
    ExhibitFacts(
        "L2", "linked_review", _capital(_INSPECTION),
        f"{_REGULATOR['title']}, {in_words(_REGULATOR['from'])} to {in_words(_REGULATOR['to'])}, published on "
        f"{in_words(_REGULATOR['published_on'])}. Judgement: {_REGULATOR['judgement']}.",
        (_contradicts("3.4", "regulator's report on rising referrals"), _supports("5.3", "regulator's report")),
        reliability="direct", dated_on=_REGULATOR["published_on"],
    ),
)  # fmt: skip

EXHIBITS = (*INTERVIEWS, *RECORDS, *PAPERS, *FIGURES, *LINKED_REVIEWS)
"""All evidence, in the order in which it is entered."""


def cited_for(allegation: str) -> list[str]:
    """Return the numbers of the received exhibits that bear on an allegation: those that its finding cites."""
    return [
        exhibit.number
        for exhibit in EXHIBITS
        if exhibit.absent is None and any(link.allegation == allegation for link in exhibit.links)
    ]
