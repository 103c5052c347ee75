"""What is written in the case, in our own words: the grievance, the reasons of each finding, the full report.

The texts name invented people and give days, addresses and small counts on purpose: the full report is confidential, and
the learning summary has to be cut clean of them.
"""

from app.demo.facts import FACTS, in_words

_ORGANISATION = FACTS["organisation"]
_GRIEVANCE = FACTS["grievance"]
_INVESTIGATION = FACTS["investigation"]
_RELEASE = FACTS["release"]
_SCOPE = _INVESTIGATION["scope_decisions"][0]
_ACTION = _INVESTIGATION["immediate_safeguarding_actions"][0]
_STRATA = {one["stratum"]: one for one in _INVESTIGATION["interviews"]["strata"]}

CHANNEL = "childrens-social-care"
CHANNEL_NAME = f"{_ORGANISATION['name']}: {_ORGANISATION['service']}"
PROCEDURE = (
    f"Whistleblowing procedure of {_ORGANISATION['name']}. Whoever works for {_ORGANISATION['service'].lower()} may "
    "raise a concern here, alone or with others. An independent investigator looks into it; who raised it stays sealed."
)

HEADLINE = _GRIEVANCE["headline"]
CAPACITY = f"{_GRIEVANCE['submitted_by']['capacity']}, {_GRIEVANCE['submitted_by']['union']}"
NARRATIVE = (
    f"{_GRIEVANCE['claimed_headcount']} members who work in {_ORGANISATION['service'].lower()} ask me to raise this for them. "
    "They say that children are not kept safe, that decisions of senior managers are unsafe, and that whoever objects has "
    "to fear for their post. They name Derek Halloway and Lorna Prynne as the managers responsible.\n"
    f"{_GRIEVANCE['case_examples_alleged']} case examples are described in the annex, which I hand to the investigator in person.\n"
    f"{_ORGANISATION['out_of_scope'][0]}."
)
SIGNED_SOURCE = "Signature list attached to the grievance"
PRESS_SOURCE = "Local press report"

CASE_TITLE = f"Collective grievance, {_ORGANISATION['service'].lower()}, {_GRIEVANCE['submitted_on'][:4]}"

TRIAGE_REASON = (
    "The concerns are about the safety of children and the conduct of senior managers, reach past the terms of any one "
    "employment, and are raised in the public interest. They are first hand in part. "
    f"On {_ACTION['on']} the {_ACTION['by']} acted at once: {_ACTION['action']}."
)
ACCEPTANCE_REASON = (
    f"To be investigated by an {_INVESTIGATION['investigator']['capacity']}. Commissioned on "
    f"{in_words(_INVESTIGATION['commissioned_on'])}; terms of reference agreed with the "
    f"{' and the '.join(_INVESTIGATION['terms_of_reference_agreed_with'])}."
)
WALL_REASON = "Named in the grievance as one of the managers responsible."
MOVE_REASON = "Interviewees speak of caseloads as part of how it is to work in the service."

REASONS = {
    "1.1": (
        "The records that were read bear the concern out in 13 of 21 reviews. Plans that several professions had agreed were "
        "overridden by Derek Halloway and Lorna Prynne alone, and what was offered in their place was unavailable or unsuitable."
    ),
    "2.1": (
        "The decisions were found in emails, with the reasons for them. One example of a requested amendment came to light: "
        "derek.halloway@southampton.example asked for it, and it had nothing to do with the decision. A wish to hide is not shown."
    ),
    "2.2": (
        "Lorna Prynne served one week's notice on the peripatetic teams at Christmas. There was no business case, there were no "
        "operating procedures, and the change was made outside the human resources policy. Interviewees describe "
        "unallocated cases as the result."
    ),
    "2.3": (
        "Managers gave accounts of isolated closures under pressure. Where a closure was inappropriate, senior managers acted. "
        "A general instruction to close cases without a visit is not shown."
    ),
    "3.1": (
        "A few staff were asked to work from home while the inspectors were present from 18 November 2019 to 29 November 2019. "
        "The effect on what the inspectors saw was marginal, and nothing shows an intention to mislead them."
    ),
    "3.2": "The one case named, record PARIS-204417, was handled appropriately and was open to the inspectors throughout.",
    "3.3": (
        "A commitment was given, and shortly after the inspectors had left, the assessment teams were cut from four to three. "
        "It was Mr Halloway who had given the commitment."
    ),
    "3.4": (
        "Rising referrals and the staffing figures at inspection were put to the regulator, whose report of 9 January 2020 "
        "weighs them. Senior managers did explain; that the explanation did not satisfy everybody is another matter."
    ),
    "3.5": (
        "Open cases rose sharply in early 2019. Victor Amsel and other consultants directed cases without explaining why, and "
        "thresholds moved with them."
    ),
    "4.1": (
        "The appointment policy was not followed. Victor Amsel was taken on to advise and moved on to an operational role, and "
        "others moved in the same way."
    ),
    "5.1": (
        "The view is widely held by the managers interviewed, whether or not they had signed. Two middle managers were "
        "suspended by Mr Halloway while this was so, and the Appreciative Inquiry points the same way."
    ),
    "5.2": (
        "The evidence is anecdotal and comes from two interviewees. It is not enough to find that staff were told so, or that "
        "counselling was stopped."
    ),
    "5.3": (
        "The ChAT data, the interviews and the regulator's report agree that caseloads were too high to manage. The monthly "
        "figures for 2019 that were asked for do not exist, which is telling in itself."
    ),
    "5.4": (
        "The Appreciative Inquiry was completed in September 2019. Neither its summary nor its recommendations were shared with "
        "managers and staff, and uncommunicated change continued afterwards."
    ),
    "6.1": (
        "Insufficient evidence: partner agencies were agreed with the chief executive to be outside the investigation, so that "
        "nobody could ask them."
    ),
}
"""Why each finding is what it is."""

REVIEW_NOTE = "Read against the exhibits it cites. I agree."

REPORT_TITLE = f"Report of the independent investigation, {in_words(_INVESTIGATION['full_report']['delivered_in'])}"
INTRODUCTION = (
    f"{_GRIEVANCE['submitted_by']['union']} submitted a collective grievance on {in_words(_GRIEVANCE['submitted_on'])}. The council "
    f"commissioned this investigation on {in_words(_INVESTIGATION['commissioned_on'])} and it was completed in "
    f"{in_words(_INVESTIGATION['completed_in'])}. The full report has {_INVESTIGATION['full_report']['pages']} pages and is confidential. "
    f"The investigation cost £{_INVESTIGATION['cost_gbp']:,}.\n"
    f"Outside its scope: {_ORGANISATION['out_of_scope'][0]}."
)
METHOD = (
    f"The investigator is an {_INVESTIGATION['investigator']['capacity']}; an {_INVESTIGATION['assistant']['capacity']} assisted. "
    f"The terms of reference were agreed with the {' and the '.join(_INVESTIGATION['terms_of_reference_agreed_with'])}. "
    f"{_INVESTIGATION['interviews']['total']} people were interviewed: {_STRATA['representative']['count']} representative, "
    f"{_STRATA['signatory']['count']} who had signed and {_STRATA['non_signatory']['count']} who had not, these "
    f"{_STRATA['non_signatory']['selection']}.\n"
    f"Paragraph {_SCOPE['paragraph']}: {_SCOPE['decision']}; agreed with the {_SCOPE['agreed_with']}; reason: {_SCOPE['reason']}."
)
CONCLUSIONS = (
    "Children were put at risk by decisions taken alone, and the service lost the trust of many who work in it. "
    "Derek Halloway and Lorna Prynne carried the responsibility. The investigation that was commissioned on "
    f"{in_words(_INVESTIGATION['commissioned_on'])} ends with this report. "
    "The council is advised to act on five recommendations: "
    + "; ".join(one["title"][0].lower() + one["title"][1:] for one in FACTS["recommendations"])
    + "."
)

SUMMARY_TITLE = f"Learning report, {in_words(_RELEASE['learning_report_dated'])}"
APPROVAL = (
    "I have read the summary beside the sealed report. No one who reported, was interviewed or is accused can be recognised "
    "in it by its own words, and no finding is softened."
)
