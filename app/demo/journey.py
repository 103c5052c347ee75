"""The case from its grievance to its last finding: who does what, one request after the other."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.crypto import hpke
from app.demo import exhibits, people, texts
from app.demo.cast import Actor, Unexpected
from app.demo.facts import ALLEGATIONS, FACTS, THEMES

NOT_FOUND, CONFLICT = 404, 409
_MOVED = "5.3"
"""The allegation that is first put under another theme, and then moved."""
_FIRST_THEME = "2"


@dataclass
class Play:
    """What is known as the play goes on."""

    actors: dict[str, Actor]
    tell: Callable[[str], None] = field(repr=False)
    ids: dict[str, str] = field(default_factory=dict)
    """Ids by the name they have in a path, such as `case_id`."""
    refs: dict[str, str] = field(default_factory=dict)
    """Ids by what they are called in the case, such as "allegation 5.3"."""
    custodian_seeds: dict[str, bytes] = field(default_factory=dict, repr=False)
    """The private keys that custodians would keep on machines of their own."""
    reference: str = ""

    def path(self, rest: str = "") -> str:
        """Return an address within the case."""
        return f"/v1/cases/{self.ids['case_id']}{rest}"

    def names(self, kind: str, label: str, found: dict[str, Any]) -> None:
        """Remember what was made; the first of a kind also by the name of its path parameter."""
        self.refs[f"{kind} {label}"] = found["id"]
        self.ids.setdefault(f"{kind}_id", found["id"])


async def open_channel(play: Play) -> None:
    """The organisation has a public door, with three custodians of whom two open an identity together."""
    custodians = []
    for name in people.CUSTODIANS:
        actor, seed = play.actors[name], hpke.new_seed()
        play.custodian_seeds[name] = seed
        public_key = base64.b64encode(hpke.public_key(seed)).decode()
        custodians.append({"account_id": actor.account_id, "label": actor.part.display_name, "public_key": public_key})
    draft = {
        "slug": texts.CHANNEL,
        "name": texts.CHANNEL_NAME,
        "procedure_text": texts.PROCEDURE,
        "law_profile": "uk_pida",
        "threshold": people.THRESHOLD,
        "custodians": custodians,
        "case_officers": [play.actors["case_officer"].account_id],
    }
    await play.actors["administrator"].create("/v1/channels", draft)
    play.ids["channel"] = texts.CHANNEL
    play.tell("channel opened")


async def submit(play: Play) -> None:
    """The representative has submitted the collective grievance; every supporter's identity is sealed."""
    grievance = FACTS["grievance"]
    day = grievance["submitted_on"]
    draft = {
        "headline": texts.HEADLINE,
        "narrative": texts.NARRATIVE,
        "capacity": texts.CAPACITY,
        "submitted_on": day,
        "allegations": [{"label": one.label, "statement": one.statement} for one in ALLEGATIONS],
        "headcount_claims": [
            {
                "number": grievance["claimed_headcount"],
                "basis": "signed",
                "source": texts.SIGNED_SOURCE,
                "claimed_on": day,
            },
            {
                "wording": grievance["headcount_reported_by_press"],
                "basis": "press",
                "source": texts.PRESS_SOURCE,
                "claimed_on": day,
            },
        ],
        "supporters": [{"identity": {"name": name}} for name in people.SUPPORTERS],
    }
    representative = play.actors["representative"]
    submitted = await representative.create(f"/v1/channels/{texts.CHANNEL}/collective-grievances", draft)
    play.ids["grievance_id"], play.reference = submitted["id"], submitted["reference"]
    play.tell(f"{submitted['reference']}, {submitted['supporters']} identities sealed")


async def accept(play: Play) -> None:
    """The case is acknowledged, triaged and accepted; whoever is accused is behind a wall before anybody is appointed."""
    officer, accused = play.actors["case_officer"], play.actors["accused"]
    listed = (await officer.get("/v1/cases")).json()["items"]
    play.ids["case_id"] = next(case["id"] for case in listed if case["reference"] == play.reference)
    await officer.create(play.path("/walls"), {"account_id": accused.account_id, "reason": texts.WALL_REASON})
    await accused.get(play.path(), expect=NOT_FOUND)
    play.tell("a wall hides the case from who is accused")
    await officer.act(play.path("/acknowledgement"))
    version = (await officer.get(play.path())).json()["version"]
    await officer.put(play.path("/title"), {"title": texts.CASE_TITLE}, version=version)
    play.tell("acknowledged")
    await officer.act(
        play.path("/triage"),
        {
            "likelihood": "high",
            "impact": "high",
            "immediate_risk": True,
            "knowledge": "mixed",
            "previously_reported": True,
            "procedure": FACTS["grievance"]["procedure"],
            "reason": texts.TRIAGE_REASON,
        },
    )
    play.tell("triaged as whistleblowing")
    await officer.act(play.path("/decision"), {"outcome": "accepted", "reason": texts.ACCEPTANCE_REASON})
    play.tell("accepted")


async def appoint(play: Play) -> None:
    """Investigator, assistant and reviewer hold the case key; who is accused could not be appointed."""
    officer = play.actors["case_officer"]
    walled = {"account_id": play.actors["accused"].account_id, "capacity": "case_officer"}
    await officer.act(play.path("/appointments"), walled, expect=CONFLICT)
    for capacity in ("investigator", "assistant", "reviewer"):
        draft = {"account_id": play.actors[capacity].account_id, "capacity": capacity}
        appointed = await officer.create(play.path("/appointments"), draft)
        play.ids.setdefault("appointment_id", appointed["id"])
        play.tell(capacity)


async def arrange(play: Play) -> None:
    """Every allegation stands under its theme, with the paragraphs that treat it and what was raised."""
    investigator = play.actors["investigator"]
    grievances = (await investigator.get(play.path("/grievances"))).json()["items"]
    raised = {one["label"]: one["id"] for grievance in grievances for one in grievance["allegations"]}
    for theme in THEMES:
        draft = {"label": theme.label, "title": theme.title}
        play.names("theme", theme.label, await investigator.create(play.path("/themes"), draft))
    for theme in THEMES:
        for one in theme.allegations:
            under = _FIRST_THEME if one.label == _MOVED else theme.label
            allegation = {
                "label": one.label,
                "statement": one.statement,
                "theme_id": play.refs[f"theme {under}"],
                "paragraphs": list(one.paragraphs),
                "raised_allegation_id": raised[one.label],
            }
            play.names("allegation", one.label, await investigator.create(play.path("/allegations"), allegation))
        play.tell(f"theme {theme.label}: {len(theme.allegations)}")
    theme_id = play.refs[f"theme {_MOVED.partition('.')[0]}"]
    move = {"theme_id": theme_id, "reason": texts.MOVE_REASON}
    await investigator.act(play.path(f"/allegations/{play.refs[f'allegation {_MOVED}']}/move"), move)
    play.tell(f"allegation {_MOVED} moved to its theme")


async def gather(play: Play) -> None:
    """Every exhibit is in the file, says which allegation it bears on, and what was asked for and does not exist is said."""
    assistant = play.actors["assistant"]
    for exhibit in exhibits.EXHIBITS:
        draft = {
            "number": exhibit.number,
            "kind": exhibit.kind,
            "state": "received" if exhibit.absent is None else "requested",
            "title": exhibit.title,
            "description": exhibit.description,
        }
        optional = {"reliability": exhibit.reliability, "dated_on": exhibit.dated_on}
        draft |= {name: value for name, value in optional.items() if value is not None}
        made = await assistant.create(play.path("/exhibits"), draft)
        play.names("exhibit", exhibit.number, made)
        if exhibit.absent is not None:
            answer = {"state": "does_not_exist", "note": exhibit.absent}
            await assistant.act(play.path(f"/exhibits/{made['id']}/state"), answer)
        for link in exhibit.links:
            allegation = play.refs[f"allegation {link.allegation}"]
            bearing = {"bearing": link.bearing, "note": link.note}
            await assistant.put(play.path(f"/exhibits/{made['id']}/links/{allegation}"), bearing)
        play.tell(f"exhibit {exhibit.number}")


async def find(play: Play) -> None:
    """Every allegation has a final finding. A report could not be sealed before that: the service said what was missing."""
    investigator, reviewer = play.actors["investigator"], play.actors["reviewer"]
    await _try_to_seal_too_early(play, investigator)
    for one in ALLEGATIONS:
        cited = exhibits.cited_for(one.label)
        draft: dict[str, Any] = {
            "outcome": one.outcome,
            "standard_of_proof": "balance_of_probabilities",
            "paragraphs": list(one.paragraphs),
            "reasons": texts.REASONS[one.label],
            "exhibit_ids": [play.refs[f"exhibit {number}"] for number in cited],
        }
        if one.outcome == "no_view":
            draft["no_view_reason"] = "insufficient_evidence"
        allegation = play.refs[f"allegation {one.label}"]
        finding = await investigator.create(play.path(f"/allegations/{allegation}/findings"), draft)
        play.names("finding", one.label, finding)
        agreement = {"agrees": True, "note": texts.REVIEW_NOTE}
        await reviewer.act(play.path(f"/findings/{finding['id']}/review"), agreement, version=finding["version"])
        play.tell(f"allegation {one.label}: {one.outcome.replace('_', ' ')}")
    await investigator.act(play.path("/findings-completion"))


async def _try_to_seal_too_early(play: Play, investigator: Actor) -> None:
    """The full report is begun, and the service has refused to seal it: every allegation lacks its finding.

    Raises:
        Unexpected: it sealed it, or did not name every allegation.

    """
    draft = {
        "title": texts.REPORT_TITLE,
        "introduction": texts.INTRODUCTION,
        "method": texts.METHOD,
        "conclusions": texts.CONCLUSIONS,
    }
    play.names("report", "1", await investigator.create(play.path("/reports"), draft))
    refusal = await investigator.act(play.path(f"/reports/{play.ids['report_id']}/seal"), expect=CONFLICT)
    if [gap["label"] for gap in refusal["gaps"]] != [one.label for one in ALLEGATIONS]:
        message = "a seal before the findings did not name every allegation"
        raise Unexpected(message)
    play.tell(f"sealing is refused: {len(refusal['gaps'])} allegations have no finding")
