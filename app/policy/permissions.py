"""The vocabulary of powers. The text of a member is its name on the wire; the sentence under it says what it lets one do."""

from enum import StrEnum


class Permission(StrEnum):
    """What somebody may be let do."""

    SELF_MANAGE = "self:manage"
    """See and change one's own account and sign out."""

    ACCOUNT_MANAGE = "account:manage"
    """Invite accounts, grant and take back roles, suspend and reset accounts, end their sessions."""

    COLLEAGUE_LIST = "colleague:list"
    """List the active accounts of the organisation, to appoint them to cases or wall them off."""

    CHANNEL_MANAGE = "channel:manage"
    """Open channels: their texts, law profile, custodians' keys and case officers; publish what their root signed."""

    WEBHOOK_MANAGE = "webhook:manage"
    """Register where other systems are told that there is something new, and nothing else; end it."""

    CUSTODY_READ = "custody:read"
    """See whether enough custodians of a channel can still open what was sealed to them, and what they have yet to do."""

    SHARE_KEEP = "share:keep"
    """Keep one's own shares as custodian: seal them to a new key, and hand over when custodians join or leave."""

    GRIEVANCE_SUBMIT_COLLECTIVE = "grievance:submit-collective"
    """Submit a collective grievance for its supporters."""

    GRIEVANCE_RELAY = "grievance:relay"
    """Enter a grievance that came by post, by telephone or in person, for whoever raises it."""

    GRIEVANCE_FOLLOW = "grievance:follow"
    """Read the status of the collective grievances that one submitted, what one wrote in them and the messages; count supporters."""

    CASE_LIST = "case:list"
    """List the cases one is appointed to."""

    CASE_READ = "case:read"
    """Read the case file: the grievance, allegations, evidence, findings, reports and summaries; never an identity."""

    CONVERSATION_READ = "conversation:read"
    """Read the messages between the case and whoever raised a grievance of it."""

    CONVERSATION_WRITE = "conversation:write"
    """Write to whoever raised a grievance of the case, and explain to them what became of each allegation."""

    OUTCOME_TELL = "outcome:tell"
    """Let whoever raised the grievance read what was found, once every finding is final."""

    DETRIMENT_READ = "detriment:read"
    """Read what reporters of the case say of being harmed for speaking up, and what was done about it."""

    DETRIMENT_ASSESS = "detriment:assess"
    """Answer who reports detriment, and record how great the risk is and what is done about it."""
    FILE_ORIGINAL = "file:read-original"
    """Read the original of a file that was sent, with all that it says of who made it; each reading is recorded."""

    CASE_ACKNOWLEDGE = "case:acknowledge"
    """Acknowledge the grievance to who raised it."""

    DUTY_MANAGE = "duty:manage"
    """Record that a duty of the case was kept, stop its clocks with a reason, and give more time where the law does."""

    RISK_ESCALATE = "risk:escalate"
    """Say that somebody is in danger now, which has to be dealt with in hours."""

    CASE_TRIAGE = "case:triage"
    """Triage the case and decide the procedure; accept, redirect or decline it."""

    CASE_APPOINT = "case:appoint"
    """Appoint accounts to the case, which grants them its key, and end appointments."""

    CASE_WALL = "case:wall"
    """Raise a wall between an account and the case."""

    CASE_ADVANCE = "case:advance"
    """Close a case whose outcome was released, and reopen a closed one."""

    IDENTITY_ERASE = "identity:erase"
    """Erase a sealed identity of the case for good, so that nobody can ever open it."""

    ALLEGATION_ARRANGE = "allegation:arrange"
    """Record allegations and themes; move, merge and split them."""

    EVIDENCE_RECORD = "evidence:record"
    """Record exhibits and requests for evidence, and link them to allegations."""

    FINDING_RECORD = "finding:record"
    """Record what the evidence shows about an allegation, or supersede it."""

    FINDING_REVIEW = "finding:review"
    """Agree or disagree with a finding of somebody else."""

    REPORT_WRITE = "report:write"
    """Write the full report, and seal it once every allegation has its finding."""

    SUMMARY_WRITE = "summary:write"
    """Draft the learning summary from the sealed report and redact it."""

    SUMMARY_APPROVE = "summary:approve"
    """Approve a learning summary that somebody else wrote."""

    SUMMARY_RELEASE = "summary:release"
    """Release an approved learning summary to audiences, or withdraw it."""

    RELEASE_READ = "release:read"
    """List and read the releases made to one's audience."""

    OPENING_REQUEST = "opening:request"
    """Ask the custodians to open an identity of the case, and combine what they released."""

    OPENING_WITHHOLD = "opening:withhold"
    """Record, as a second person, why a reporter is not told yet that their identity is to be opened."""

    OPENING_ANSWER = "opening:answer"
    """Read the requests made to oneself as a custodian, and approve or refuse each."""

    KEY_RECOVER = "key:recover"
    """Recover, with the custodians, the key of a case that one is appointed to and cannot open any more."""

    AUDIT_READ = "audit:read"
    """Read the audit log: what was done when and by which account, without content."""
