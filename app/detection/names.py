"""What of a name still points at its bearer: its parts and its initials; knows neither texts nor redactions."""

import re

_PEOPLE = """
    accountant adult adviser advisor administrator apprentice applicant assistant auditor baby boy brother candidate
    carer caretaker chair child cleaner clerk client clinician colleague complainant consultant contractor councillor
    custodian customer daughter deputy director doctor driver employee engineer executive father foreman friend girl governor
    headteacher individual inspector interviewee investigator lawyer leader lecturer man manager member midwife mother
    neighbour nurse officer paramedic parent participant partner patient person pharmacist physician practitioner
    professional psychologist pupil receptionist relative representative resident respondent reviewer secretary sibling
    signatory sister solicitor son student subordinate supervisor supporter surgeon suspect teacher tenant therapist
    trainee trustee victim volunteer whistleblower witness woman worker
"""
PEOPLE = frozenset(_PEOPLE.split())
"""Nouns for one person, as British public bodies use them."""

_TITLES = """
    baroness captain chief cllr dame detective dr head inspector judge lady lord madam miss mr mrs ms mx prof professor
    rev reverend sergeant sir the
"""
_NOT_A_NAME = (
    "and bin dal del della den der her hers him his ibn los she their them they van von who"  # particles and pronouns
)
_ROLES = PEOPLE | frozenset(_TITLES.split())
_NO_PART = frozenset(_NOT_A_NAME.split())
_SHORTEST_PART = 3
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")  # an apostrophe joins, as in O'Brien
_POSSESSIVE = re.compile(r"['\u2019]s?\Z", re.IGNORECASE)
_LIST = re.compile(r"[,;()]")


def without_possessive(surface: str) -> str:
    """Return the surface without a possessive at its end; a surface that is only that stays as it is."""
    return _POSSESSIVE.sub("", surface) or surface


def name_parts(name: str) -> list[str]:
    """Return the first names and surnames of three letters or more: not titles, not what the person does.

    Where a title or a noun for a person stands in a name, the name proper follows it ("Service Manager Anna Rowe"),
    and what stands behind a comma with a noun and no name ("Anna Rowe, Service Manager") is dropped. Words in small
    letters count only where no word has a capital.
    """
    return [word for word in _words(name) if len(word) >= _SHORTEST_PART and word.casefold() not in _NO_PART]


def initials(name: str) -> set[str]:
    """Return the first letters of a name of two words or more: of all its words, and of the first and the last."""
    letters = [word[0].upper() for word in _words(name)]
    return {"".join(letters), letters[0] + letters[-1]} if len(letters) > 1 else set()


def _words(name: str) -> list[str]:
    proper: list[str] = []
    for segment in _LIST.split(name):
        words = [without_possessive(word) for word in _WORD.findall(segment)]
        roles = [place for place, word in enumerate(words) if word.casefold() in _ROLES]
        proper += words[roles[-1] + 1 :] if roles else words
    return [word for word in proper if word[0].isupper()] or proper
