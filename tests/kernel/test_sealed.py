"""A sealed column opens in its own place, under the version of the key that it names, whole; and in no other way."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from app.kernel.keyring import ServiceKeys
from app.kernel.problems import Locked
from app.kernel.sealed import KeyTurned, OpenKeys, Sealed, SealedContentBroken, open_keys

ORGANISATION, ELSEWHERE, CASE, OTHER_CASE, ROW, OTHER_ROW = (uuid4() for _ in range(6))
OLD, NEW, NEVER = 1, 2, 3
TEXT = "The rota was altered."


def column(under: str, table: str = "findings", name: str = "reasons") -> Sealed[str]:
    """Return a column as a mapped class would have it."""
    made = Sealed.text(under)
    made.table, made.name = table, name
    return made


@pytest.fixture
def held() -> Iterator[OpenKeys]:
    """The keys of a request: two versions of the service's and of a case's, one of another case's."""
    keys = OpenKeys(ServiceKeys({OLD: bytes(32), NEW: b"\1" * 32}, b"\2" * 32))
    for scope, version in ((CASE, OLD), (CASE, NEW), (OTHER_CASE, OLD), (OTHER_CASE, NEW)):
        keys.add(scope, version, scope.bytes + bytes([version]) * 16)
    token = open_keys.set(keys)
    yield keys
    open_keys.reset(token)


def sealed(under: str, scope: UUID) -> bytes:
    """Return the text sealed under the newest key of a scope."""
    made = column(under).seal(ORGANISATION, scope, ROW, TEXT)
    assert made is not None
    return made


SCOPES = pytest.mark.parametrize(("under", "scope"), [("organisation_id", ORGANISATION), ("case_id", CASE)])


@SCOPES
def test_it_opens_in_its_place_and_an_older_version_of_the_key_still_opens(
    held: OpenKeys, under: str, scope: UUID
) -> None:
    new = sealed(under, scope)
    assert int.from_bytes(new[:4]) == NEW
    assert column(under).open(ORGANISATION, scope, ROW, new) == TEXT
    before = OpenKeys(ServiceKeys({OLD: bytes(32)}, b"\2" * 32))
    before.add(CASE, OLD, CASE.bytes + bytes([OLD]) * 16)
    token = open_keys.set(before)
    old = sealed(under, scope)
    open_keys.reset(token)
    assert int.from_bytes(old[:4]) == OLD
    assert column(under).open(ORGANISATION, scope, ROW, old) == TEXT


@pytest.mark.parametrize(
    ("opened_as", "organisation", "scope", "row"),
    [
        (column("case_id"), ORGANISATION, CASE, OTHER_ROW),
        (column("case_id", name="paragraphs"), ORGANISATION, CASE, ROW),
        (column("case_id", table="reports"), ORGANISATION, CASE, ROW),
        (column("case_id"), ORGANISATION, OTHER_CASE, ROW),
        (column("case_id"), ELSEWHERE, CASE, ROW),
        (column("organisation_id"), ORGANISATION, ORGANISATION, ROW),
    ],
    ids=["another row", "another column", "another table", "another case", "another organisation", "another tier"],
)
def test_moved_anywhere_else_it_does_not_open(
    held: OpenKeys, opened_as: Sealed[str], organisation: UUID, scope: UUID, row: UUID
) -> None:
    with pytest.raises(SealedContentBroken):
        opened_as.open(organisation, scope, row, sealed("case_id", CASE))


@SCOPES
def test_with_the_version_of_another_key_it_does_not_open(held: OpenKeys, under: str, scope: UUID) -> None:
    content = sealed(under, scope)
    with pytest.raises(SealedContentBroken):
        column(under).open(ORGANISATION, scope, ROW, OLD.to_bytes(4) + content[4:])
    with pytest.raises((SealedContentBroken, Locked, KeyTurned)):
        column(under).open(ORGANISATION, scope, ROW, NEVER.to_bytes(4) + content[4:])


@SCOPES
def test_cut_short_made_longer_or_of_another_format_it_does_not_open(held: OpenKeys, under: str, scope: UUID) -> None:
    content = sealed(under, scope)
    altered = [content[:end] for end in range(4, len(content))]
    altered += [content + b"\0", content[:4] + b"\0" + content[5:], content[:4] + b"\2" + content[5:]]
    for one in altered:
        with pytest.raises(SealedContentBroken):
            column(under).open(ORGANISATION, scope, ROW, one)


def test_what_is_not_there_although_it_must_be_is_broken_and_not_empty(held: OpenKeys) -> None:
    with pytest.raises(SealedContentBroken):
        column("case_id").open(ORGANISATION, CASE, ROW, None)
