"""What somebody outside the case may know of where it stands, in plain words, and how an answer hides its length. Pure."""

from app.cases.lifecycle import CaseState

IN_WORDS: dict[CaseState, str] = {
    CaseState.RECEIVED: "It has arrived and is sealed. Nobody has acknowledged it yet.",
    CaseState.UNREADABLE: "It cannot be read: it was sealed wrongly where it was written, and no key opens it. Please report again.",
    CaseState.ACKNOWLEDGED: "A case officer has confirmed that it arrived and is deciding how to deal with it.",
    CaseState.TRIAGED: "It has been assessed. The decision whether to investigate comes next.",
    CaseState.ACCEPTED: "It will be investigated. An investigator is being appointed.",
    CaseState.REDIRECTED: "It belongs elsewhere and has been passed on.",
    CaseState.DECLINED: "It will not be investigated.",
    CaseState.INVESTIGATING: "It is being investigated.",
    CaseState.RELEASED: "The investigation is over and what was learned from it has been released.",
    CaseState.CLOSED: "It is closed.",
}
"""The steps that whoever raised it is told of, and what each means for them."""

_TOLD_AS = {
    CaseState.FINDINGS_COMPLETE: CaseState.INVESTIGATING,
    CaseState.REPORTED: CaseState.INVESTIGATING,
    CaseState.MONITORED: CaseState.RELEASED,
}
"""Steps inside the case, which are not told: until a release, it is being investigated."""

SMALLEST_BUCKET = 8 * 1024
BUCKET_STEP = 4
"""Answers are filled up to 8, 32, 128, 512 KiB and so on: an onlooker learns no more of their length."""


def told(state: CaseState) -> CaseState:
    """Return the state that whoever raised it is told."""
    return _TOLD_AS.get(state, state)


def padded(document: bytes) -> bytes:
    """Return a JSON object whose `padding` is the last member and empty, with it filled so that the whole is one bucket."""
    bucket = SMALLEST_BUCKET
    while bucket < len(document):
        bucket *= BUCKET_STEP
    return document[:-2] + b" " * (bucket - len(document)) + document[-2:]
