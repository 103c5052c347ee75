"""Where a text looks as if it told who wrote it. It only points; whoever writes decides.

What it does not find is not therefore safe: a story that one person alone can tell tells who they are, whatever its words.
English and Welsh. Every pattern is bounded, so that no text takes long.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.detection import dates, patterns
from app.detection.folding import fold, squeeze
from app.detection.names import PEOPLE, name_parts

LANGUAGES = ("en", "cy")
_TYPOGRAPHIC = "\u2019"
"""The apostrophe that word processors write."""


class HintKind(StrEnum):
    """What in a text may tell who wrote it."""

    OWN_NAME = "own_name"
    SIGNATURE = "signature"
    EMAIL = "email"
    TELEPHONE = "telephone"
    NUMBER = "number"
    ONLY_ONE = "only_one"
    OWN_ROLE = "own_role"
    OWN_MANAGER = "own_manager"
    OWN_ABSENCE = "own_absence"


ADVICE: dict[HintKind, dict[str, str]] = {
    HintKind.OWN_NAME: {
        "en": "This is a name that you gave as yours. Leave it out of the text: your identity is sealed apart from it.",
        "cy": "Mae hwn yn enw a roesoch fel eich enw chi. Gadewch ef allan o'r testun: caiff eich hunaniaeth ei selio ar wahân.",
    },
    HintKind.SIGNATURE: {
        "en": "This looks like a signature. You need not sign.",
        "cy": "Mae hwn yn edrych fel llofnod. Nid oes angen llofnodi.",
    },
    HintKind.EMAIL: {
        "en": "An e-mail address leads to its holder. If it is yours, leave it out.",
        "cy": "Mae cyfeiriad e-bost yn arwain at ei berchennog. Os eich un chi ydyw, gadewch ef allan.",
    },
    HintKind.TELEPHONE: {
        "en": "A telephone number leads to its holder. If it is yours, leave it out.",
        "cy": "Mae rhif ffôn yn arwain at ei berchennog. Os eich un chi ydyw, gadewch ef allan.",
    },
    HintKind.NUMBER: {
        "en": "A number like this may belong to one person. If it is yours, leave it out.",
        "cy": "Gall rhif fel hwn berthyn i un person. Os eich un chi ydyw, gadewch ef allan.",
    },
    HintKind.ONLY_ONE: {
        "en": "This says that few people could have written it. Can you say it without that?",
        "cy": "Mae hyn yn dweud mai ychydig o bobl allai fod wedi ei ysgrifennu. Allwch chi ei ddweud heb hynny?",
    },
    HintKind.OWN_ROLE: {
        "en": "This says what you do. Who knows the service may know you by it.",
        "cy": "Mae hyn yn dweud beth yw eich gwaith. Gall rhywun sy'n adnabod y gwasanaeth eich adnabod chi.",
    },
    HintKind.OWN_MANAGER: {
        "en": "This says to whom you belong. Name the person by what they do instead of as yours.",
        "cy": "Mae hyn yn dweud i bwy rydych yn perthyn. Enwch y person yn ôl ei waith yn hytrach nag fel eich un chi.",
    },
    HintKind.OWN_ABSENCE: {
        "en": "When you were away or began is in rotas and records. Say it more vaguely, or leave it out.",
        "cy": "Mae pryd yr oeddech i ffwrdd neu y dechreuoch mewn cofnodion. Dywedwch ef yn fwy amwys, neu gadewch ef allan.",
    },
}
"""What to do, in plain words, by language."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A place in a text, in characters, and why. Nothing in it repeats what stands there."""

    start: int
    end: int
    kind: HintKind


_MORE_PEOPLE = """
    analyst architect chef commissioner controller coordinator cook dentist deputy dispatcher electrician head housekeeper janitor
    lead librarian matron mechanic planner plumber porter planner programmer radiographer registrar sonographer steward
    superintendent technician teller trainer treasurer typist warden
"""
_ROLE_WORDS = "|".join(
    sorted({*PEOPLE, *_MORE_PEOPLE.split()} - {"person", "individual", "baby", "child", "friend", "victim", "witness"})
)
_PLAIN = r"(?!(?:a|an|and|as|at|because|before|but|by|for|he|her|his|i|if|in|is|it|my|of|on|our|she|since|so|than|that|the|their|they|to|was|we|when|who|with)\b)[\w'-]{1,20}"
"""A word that can stand within the name of a job; none that begins another part of the sentence."""
_ROLE = rf"(?:{_PLAIN} ){{0,4}}(?:{_ROLE_WORDS})\b(?: (?:for|of|in|at|on) (?:the )?[\w'-]{{1,20}}(?: [\w'-]{{1,20}}){{0,2}})?"
_WELSH_ROLE = (
    r"(?:nyrs|meddyg|athro|athrawes|rheolwr|rheolwraig|gweithiwr|gweithwraig|swyddog|cynorthwyydd|gofalwr|gofalwraig|ysgrifennydd|"
    r"ysgrifenyddes|gyrrwr|derbynnydd|cogydd|glanhawr|bydwraig|parafeddyg|fferyllydd|llyfrgellydd|arweinydd|pennaeth|dirprwy|"
    r"peiriannydd|cyfreithiwr|cyfrifydd|therapydd|tiwtor|darlithydd)"
)
_MANAGERS = (
    r"(?:(?:line|direct|own|old|new|former|previous|immediate|last|deputy|senior|team|area|ward|shift|department|service) ){0,2}"
    r"(?:manager|supervisor|boss|team ?leader|head of (?:department|service|team)|mentor|appraiser|employer|deputy|assistant|secretary|pa)"
)
_TEAM = r"(?:(?:small|own|old|former|entire|whole) ){0,2}(?:team|ward|unit|office|shift|department|desk|caseload|class|crew|union rep)"
_AWAY = (
    r"(?:annual|sick|maternity|paternity|parental|adoption|study|compassionate|carer'?s|unpaid|special|bereavement|garden(?:ing)?) leave"
    r"|leave|holiday|vacation|secondment|sabbatical|suspension|probation|notice period"
)

_ONLY_ONE = re.compile(
    r"\b(?:I am|I'm|I was|as)(?: (?:now|then|still))? (?:one of (?:only |just )?(?:the )?(?:two|three|four|five|2|3|4|5)\b(?: [\w'-]{1,20}){0,3}"
    rf"|(?:also )?the (?:only|sole|first|last|youngest|oldest|newest|longest[ -]serving|most senior|most junior)\b(?: {_PLAIN}){{0,3}})"
    r"|\b(?:only|just) (?:I|me|myself)\b|\b(?:nobody|no one|no-one|none) (?:else )?(?:but|except|apart from|other than) me\b"
    r"|\b(?:I alone|(?:only )?the (?:two|three) of us|I was alone|I was (?:the only one )?on my own|there were only (?:two|three) of us)\b"
    r"|\b(?:fi yw'r unig|fi ydy'r unig|fi oedd yr unig|myfi yw'r unig|neb (?:arall )?(?:ond|heblaw) (?:fi|amdanaf i)|dim ond fi"
    r"|un o'r (?:ddau|ddwy|tri|tair)|roeddwn i ar fy mhen fy hun)\b",
    re.IGNORECASE,
)
_OWN_ROLE = re.compile(
    rf"\bas (?:a|an|the) {_ROLE}(?=[,;:]? (?:I|my|we)\b)|\b(?:I am|I'm|I was|I work as|I worked as|I have worked as|I have been|I've been|speaking as|my (?:job|role|post|position) (?:is|was)(?: that of)?|"
    rf"I (?:am|was) (?:employed|appointed|hired) as) (?:a |an |the |their |its |acting |that of (?:a |an |the )?){{1,2}}{_ROLE}"
    rf"|\b(?:in my (?:role|capacity|job|post) as|speaking as|work(?:ed|ing)? as|employed as|appointed as|acting as) (?:a |an |the )?{_ROLE}"
    rf"|\b(?:fel|rwy'n|rydw i'n|dw i'n|roeddwn i'n|rwyf yn|gweithio fel|gweithiais fel) (?:y |yr )?{_WELSH_ROLE}\b",
    re.IGNORECASE,
)
_OWN_MANAGER = re.compile(
    rf"\bmy (?:{_MANAGERS}|{_TEAM})\b"
    r"|\bfy (?:rheolwr|rheolwraig|nhîm|mhennaeth|goruchwyliwr|nghydweithiwr|nhîm i|ward|mos|ngoruchwyliwr|uwch-reolwr|arweinydd tîm|nghyflogwr)(?: llinell)?\b",
    re.IGNORECASE,
)
_OWN_ABSENCE = re.compile(
    rf"\b(?:my|I (?:was|am|went|had been|have been|had|took|returned|came back)(?: (?:off|out|away|on|to|from|back|only|just|still|of)){{0,3}}|while I was(?: (?:on|off|away))?|when I (?:was|returned|came back)(?: (?:on|from))?) (?:[\w'-]{{1,20}} ){{0,2}}?(?:{_AWAY})\b"
    r"|\bI (?:was|have been|had been|am) (?:off|out|away|absent) (?:sick|ill|work)\b"
    r"|\bI (?:started|began|joined|left|resigned|retired|was appointed|was dismissed|was suspended|was made redundant|returned|was hired|transferred)\b"
    r"(?: [\w'-]{1,20}){0,5}? (?:on|in|since|last|this)\b"
    r"|\b(?:fy (?:ngwyliau|absenoldeb|nghyfnod (?:mamolaeth|salwch|prawf)|secondiad|salwch)|roeddwn i (?:ar wyliau|i ffwrdd|yn sâl)|pan (?:oeddwn|o'n) i (?:ar wyliau|i ffwrdd|yn sâl)"
    r"|dechreuais (?:i )?(?:weithio )?(?:yma |yno )?(?:ar|ym|yn|mis))\b",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"(?:^|[\n.!?])[ \t]{0,4}(?P<signature>(?:(?:kind|best|warm|many|with kind|with best|yours)[ \t]{1,2})?"
    r"(?:regards|wishes|thanks|sincerely|faithfully|truly|cheers|thank you|signed|cofion(?: gorau| cynnes)?|yn gywir|yr eiddoch yn gywir|diolch(?: yn fawr)?|llofnodwyd)"
    r"[,:!.]{0,2}(?:[ \t]{0,4}\n\s{0,4}\w|[ \t]{1,4}(?:from[ \t])?(?-i:[^\W\d_a-z]))[\w'.-]{0,30}(?:[ \t]\w[\w'.-]{0,30}){0,3}[ \t]*[.]?)(?=\s*$|\n)",
    re.IGNORECASE,
)
_I_AM_CALLED = re.compile(
    r"\b(?i:my name is|my name's|I am called|call me|this is|fy enw i yw|fy enw yw|enw i yw|fy enw i ydy) (?P<name>[^\W\d_a-z][\w'-]{1,30}(?: [^\W\d_a-z][\w'-]{1,30}){0,3})"
)
_NUMBERED = re.compile(
    r"\b(?:my )?(?:employee|staff|payroll|personnel|works?|badge|pin|NMC|HCPC|GMC|registration|rhif (?:staff|gweithiwr|cyflogres))"
    r"(?: (?:no|number|num|id|pin|rhif|registration))?[.:#]?\s{0,2}(?:is |was |yw )?(?P<number>(?=[\w/-]{0,12}\d{2})[A-Z\d][A-Z\d/-]{2,14})\b",
    re.IGNORECASE,
)


def find(text: str, own_names: Sequence[str] = ()) -> list[Hint]:
    """Return the hints on a text in reading order, none overlapping another: of two that would, the more telling stands.

    `own_names` are names that the writer gave as theirs: full names, as people write them.
    """
    text = text.replace(_TYPOGRAPHIC, "'")  # one character for another, so that places stay
    kept: list[Hint] = []
    for kind, finder in _FINDERS:
        kept += _free(kept, (Hint(start, end, kind) for start, end in finder(text)))
        if kind is HintKind.TELEPHONE:
            kept += _free(kept, (Hint(start, end, HintKind.OWN_NAME) for start, end in _own_names(text, own_names)))
    return sorted(kept, key=lambda hint: hint.start)


def advice(kind: HintKind, language: str) -> str:
    """Return what to do about it, in a language of LANGUAGES."""
    return ADVICE[kind][language]


def _free(kept: Sequence[Hint], found: Iterable[Hint]) -> list[Hint]:
    """Return those that overlap neither what is kept nor one another."""
    free: list[Hint] = []
    for hint in found:
        if not any(hint.start < one.end and one.start < hint.end for one in (*kept, *free)):
            free.append(hint)
    return free


def _spans(pattern: re.Pattern[str], group: str | int = 0) -> Callable[[str], Iterator[tuple[int, int]]]:
    return lambda text: (match.span(group) for match in pattern.finditer(text))


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    yield from _spans(_NUMBERED, "number")(text)
    yield from patterns.find_national_numbers(text)


def _absences(text: str) -> Iterator[tuple[int, int]]:
    """Yield where an absence or a start of the writer's own is told, with the day if one follows in the same sentence."""
    days = [(start, end) for start, end, _ in dates.find_days(text)]
    for match in _OWN_ABSENCE.finditer(text):
        ends = [
            end
            for start, end in days
            if 0 <= start - match.end() <= _NEAR and not _ENDS_A_SENTENCE.search(text, match.end(), start)
        ]
        yield match.start(), max([match.end(), *ends])


_NEAR = 40
"""Within so many characters behind it a day belongs to an absence."""
_ENDS_A_SENTENCE = re.compile(r"[.!?\n]\s")


def _own_names(text: str, names: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where a name, or a part of one that is no common short word, stands as whole words with a capital."""
    folded = fold(text)
    wanted = {squeeze(one): one for name in names for one in (name, *name_parts(name))}
    found = {
        place
        for surface in sorted(wanted, key=len, reverse=True)
        for place in folded.occurrences(surface)
        if text[place[0]].isupper() or " " in text[slice(*place)]
    }
    yield from sorted(found, key=lambda place: (place[0] - place[1], place[0]))


_FINDERS: tuple[tuple[HintKind, Callable[[str], Iterator[tuple[int, int]]]], ...] = (
    (HintKind.EMAIL, patterns.find_email_addresses),
    (HintKind.TELEPHONE, patterns.find_telephone_numbers),
    (HintKind.SIGNATURE, _spans(_SIGNATURE, "signature")),
    (HintKind.OWN_NAME, _spans(_I_AM_CALLED, "name")),
    (HintKind.NUMBER, _numbers),
    (HintKind.ONLY_ONE, _spans(_ONLY_ONE)),
    (HintKind.OWN_ROLE, _spans(_OWN_ROLE)),
    (HintKind.OWN_MANAGER, _spans(_OWN_MANAGER)),
    (HintKind.OWN_ABSENCE, _absences),
)
"""From the most telling to the least."""
