"""Who plays: the accounts of the cast, and the supporters, whose names never leave their seals. All names are invented."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """An account to make: what it is called in the play, its user name, its holder's name and its roles."""

    name: str
    username: str
    display_name: str
    roles: tuple[str, ...]
    does: str
    """What its holder does in the case."""
    looks_at: str
    """An address that shows what the service is for this account."""


ADMINISTRATOR = Part(
    "administrator", "administrator", "First administrator", ("administrator",), "accounts and channels, no content",
    "/v1/accounts",
)  # fmt: skip

CAST = (
    Part(
        "representative",
        "n.whitlock",
        "Nora Whitlock",
        ("representative",),
        "submitted the collective grievance",
        "/v1/collective-grievances/{grievance_id}",
    ),
    Part(
        "case_officer",
        "i.farrant",
        "Imogen Farrant",
        ("case_officer",),
        "triage, appointments, walls, release",
        "/v1/cases/{case_id}",
    ),
    Part(
        "accused",
        "d.halloway",
        "Derek Halloway",
        ("case_officer",),
        "is accused: behind a wall, sees no case",
        "/v1/cases/{case_id}",
    ),
    Part(
        "investigator",
        "e.marlowe",
        "Edith Marlowe",
        ("investigator",),
        "allegations, evidence, findings, report",
        "/v1/cases/{case_id}/matrix",
    ),
    Part(
        "assistant",
        "s.okonjo",
        "Samir Okonjo",
        ("investigator",),
        "keeps the interview record",
        "/v1/cases/{case_id}/exhibits",
    ),
    Part(
        "reviewer",
        "h.brandt",
        "Helena Brandt",
        ("reviewer",),
        "agreed every finding, approved the summary",
        "/v1/cases/{case_id}/findings",
    ),
    Part("first_custodian", "t.lindqvist", "Tobias Lindqvist", ("custodian",), "holds one share of three", "/v1/me"),
    Part("second_custodian", "p.raman", "Priya Raman", ("custodian",), "holds one share of three", "/v1/me"),
    Part("third_custodian", "g.ashdown", "Gwen Ashdown", ("custodian",), "holds one share of three", "/v1/me"),
    Part(
        "hr", "o.penrose", "Olive Penrose", ("hr",), "reads the release and nothing else", "/v1/releases/{release_id}"
    ),
    Part(
        "leadership",
        "r.castellan",
        "Rufus Castellan",
        ("leadership",),
        "reads the release and nothing else",
        "/v1/releases",
    ),
    Part(
        "panel",
        "m.ferrier",
        "Maud Ferrier",
        ("panel",),
        "reads the release and nothing else",
        "/v1/releases/{release_id}",
    ),
    Part(
        "staff",
        "j.tremlett",
        "Jory Tremlett",
        ("staff",),
        "reads the release; no case exists for them",
        "/v1/cases/{case_id}",
    ),
    Part(
        "auditor",
        "c.dunmore",
        "Clement Dunmore",
        ("auditor",),
        "what was done when, without content",
        "/v1/audit/events",
    ),
)

CUSTODIANS = ("first_custodian", "second_custodian", "third_custodian")
THRESHOLD = 2
"""How many custodians together can open an identity."""

AUDIENCES = ("hr", "leadership", "panel", "staff", "representative")
"""Who reads the release."""

SUPPORTERS = (
    "Abel Thornquist", "Agnes Pellworth", "Alma Strickley", "Basil Overmere", "Beatrix Callowhill", "Bruno Haverstock",
    "Cecily Brathwell", "Conrad Eskdale", "Cosima Wetherall", "Dagny Marchbank", "Dexter Linthorpe", "Edda Ravensworth",
    "Elias Cranmore", "Esme Fothergate", "Fergus Yarrowby", "Flora Dunwick", "Gideon Astbury", "Greta Hollingside",
    "Hector Winterbourne", "Ilse Carradale", "Ivor Pendlebury", "Juno Blackmarsh", "Kester Silverdale", "Leonie Garthwaite",
    "Magnus Tolworth", "Mabel Rookhurst", "Oswin Farthingale", "Petra Sandiway", "Rollo Kirkbride", "Sabine Merriman",
    "Ulric Hartsmere",
)  # fmt: skip
"""Those who signed. Each identity is sealed to the custodians as it arrives."""
