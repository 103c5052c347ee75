"""Where a text holds addresses, numbers and references that lead to one person; knows no redactions."""

import re
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from stdnum.gb import nhs, upn, utr

_REMEMBERED = 4_096
"""How many finds are not judged again: a library takes a tenth of a millisecond for each, and texts repeat themselves."""
_REGION = "GB"
_PUBLIC_SUFFIX = ".example"
"""Put behind a domain, so that names which are reserved or local, such as ".local", are found too."""
_FEWEST_DIGITS = 9
"""With fewer, a number is a public line such as 0800 1111, or somebody's only for those who know the area."""
_LAST_DIGITS = re.compile(r"\D*\d+\D*$")
_LOCAL_PART = r"[\w%+'-]{1,64}(?:\.[\w%+'-]{1,64}){0,16}"
_DOMAIN_LABEL = r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?(?!_*[^\W_])"
_EMAIL = re.compile(rf"(?<![\w%+'-]){_LOCAL_PART}@{_DOMAIN_LABEL}(?:\.{_DOMAIN_LABEL}){{0,8}}")

_ZERO = "[0\uff10]"  # also in full width, as \\d is
_DASHES = r"~\u2010-\u2015\u2212\u30fc\uff0d-"
"""What stands between digits besides blanks and stops, as word processors write it too."""
_GAP = rf"[\s.{_DASHES}]{{0,4}}"
_SIGNS = rf"[\s()./{_DASHES}]{{0,4}}"
_WHITE = re.compile(r"\s")
_DATE = r"(?<!\d)\d{1,2}[./-]\d{1,2}[./-](?:\d{2}){1,2}(?!\d)"
_TELEPHONE = re.compile(
    rf"{_DATE}|(?:(?<!\d)|(?=[+\uff0b]))(?P<number>"
    # as British numbers are grouped, so that one can be told from digits that follow it, as in "07700 900123 2 days later"
    rf"(?:(?:[+\uff0b]|00)44{_GAP}(?:\(0\){_GAP})?|\(?{_ZERO})"
    rf"(?:\d{{2}}\)?{_GAP}\d{{4}}|\d{{3}}\)?{_GAP}\d{{3}}|\d{{4,5}}\)?{_GAP}\d{{2,3}}){_GAP}\d{{3,4}}"
    # any other that is written for dialling, as in "+353 1 679 5755"
    rf"|\(?(?:[+\uff0b]{_SIGNS}\d|{_ZERO}{{2}})(?:{_SIGNS}\d){{8,16}}"
    rf"|\(?{_ZERO}(?:{_SIGNS}\d){{8,10}}"
    r")(?!\d)"
)

_OWN = re.compile(r"(?<!\w)CAN-[\dA-Z]{4}-[\dA-Z]{4}(?!\w)", re.IGNORECASE)
"""The shape of the references that this service gives out."""
_SIGN = r"[/_#-]"  # not a stop: "S.111" is a section of an Act
_SHAPED = re.compile(rf"(?<![\w/.@-])(?=[\w/#-]{{0,24}}[A-Z])(?:[A-Z\d]{{1,12}}{_SIGN}){{1,6}}[A-Z\d]{{1,16}}(?![\w@])")
_LETTERS_THEN_DIGITS = re.compile(r"(?<!\w)[A-Z]{2,6}\d{5,12}(?!\w)")
_INTRODUCED = re.compile(
    r"\b(?:ref(?:erence)?"
    r"|(?:application|case|claim|complaint|employee|file|incident|payroll|patient|pupil|staff|ticket)"
    r"\s{1,3}(?:ref(?:erence)?|no\b|num(?:ber)?\b|id\b|#))[.:#-]?\s{0,3}"
    r"(?:(?:no\b|number\b|is\b|#)[.:]?\s{0,3})?"
    r"(?P<token>(?=[^\s,;]{0,20}\d)[^\W_][\w/.:#-]{1,30}\w)",
    re.IGNORECASE,
)
_FEWEST_REFERENCE_DIGITS = 3
_DIGITS = re.compile(r"\d+")
_YEAR = re.compile(r"(?:19|20)\d{2}")

_TEN_DIGITS = re.compile(r"(?<![\d/-])(?:\d{10}|\d{3}[\s-]\d{3}[\s-]\d{4}|\d{5}\s\d{5})[Kk]?(?![\w/-])")
_PUPIL_NUMBER = re.compile(r"(?<!\w)[A-Z]\d{11}[A-Z\d](?!\w)", re.IGNORECASE)
_NATIONAL_INSURANCE = re.compile(r"(?<!\w)[A-Z]{2}\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-D](?!\w)", re.IGNORECASE)
_POSTCODE = re.compile(r"(?<!\w)[A-Z]{1,2}\d[A-Z\d]?\s{0,2}\d[ABD-HJLNP-UW-Z]{2}(?!\w)", re.IGNORECASE)


def find_email_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield where an address stands that a mail programme would accept, also within one network ("ann@intranet")."""
    for match in _EMAIL.finditer(text):
        if _takes_mail(match.group()):
            yield match.span()


@lru_cache(_REMEMBERED)
def _takes_mail(address: str) -> bool:
    try:
        validate_email(address + _PUBLIC_SUFFIX, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def find_telephone_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a number stands that can be dialled, or that is written as one though nobody holds it.

    Ofcom's numbers for drama (07700 900000 to 900999) are of the second sort, and so is a number with one digit wrong.
    """
    for match in _TELEPHONE.finditer(text):
        if match["number"]:  # else it is a date, the digits of which begin no number
            start = match.start("number")
            if length := _length_of_number(match["number"]):
                yield start, start + length


@lru_cache(_REMEMBERED)
def _length_of_number(written: str) -> int:
    """Return how many of the characters are a number that could be dialled: digits may follow it. 0: none are."""
    while sum(character.isdigit() for character in written) >= _FEWEST_DIGITS:
        try:
            if phonenumbers.is_possible_number(phonenumbers.parse(_WHITE.sub(" ", written), _REGION)):
                return len(written)
        except phonenumbers.NumberParseException:
            return 0
        written = _LAST_DIGITS.sub("", written)
    return 0


def find_references(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the reference of a file, case or complaint stands: by its shape, or because a word announces it.

    Three digits at least, and more than a year: "COVID-19", "2018/19" and "post-2015" are no references.
    """
    for match in _SHAPED.finditer(text):
        if _is_distinct(match.group()):
            yield match.span()
    for pattern in (_OWN, _LETTERS_THEN_DIGITS):
        for match in pattern.finditer(text):
            yield match.span()
    for match in _INTRODUCED.finditer(text):
        if _is_distinct(match["token"]):
            yield match.span("token")


def find_national_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield where an NHS number, a unique pupil number, a taxpayer reference or a National Insurance number stands.

    Source: NHS number, UPN and UTR with their check digits, python-stdnum; HMRC manual NIM39110 for the shape of a
    National Insurance number. Its list of unused prefixes is left aside, so that a mistyped one is found too.
    """
    for match in _TEN_DIGITS.finditer(text):
        if nhs.is_valid(match.group()) or utr.is_valid(match.group().replace("-", "")):
            yield match.span()
    for match in _PUPIL_NUMBER.finditer(text):
        if upn.is_valid(match.group()):
            yield match.span()
    for match in _NATIONAL_INSURANCE.finditer(text):
        yield match.span()


def find_postcodes(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a full postcode of the United Kingdom stands; about fifteen addresses share one."""
    for match in _POSTCODE.finditer(text):
        yield match.span()


def _is_distinct(token: str) -> bool:
    digits = _DIGITS.findall(token)
    enough = sum(map(len, digits)) >= _FEWEST_REFERENCE_DIGITS
    return enough and not (len(digits) == 1 and _YEAR.fullmatch(digits[0]))
