"""The token of an inbox says itself when it ends, and nobody can put that off."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.crypto.errors import SealBroken
from app.intake.receipts import InboxToken

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIFE = timedelta(minutes=15)


def test_a_token_is_read_as_it_was_written() -> None:
    token = InboxToken.fresh(NOW, LIFE)
    assert token.ends_at == NOW + LIFE
    assert InboxToken.read(token.text()) == token
    assert "=" not in token.text()


@pytest.mark.parametrize("text", ["", "x", "A" * 47, "A" * 49, "A" * 52, "é" * 48, "A" * 47 + " ", "." * 48])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a token"):
        InboxToken.read(text)


def test_a_token_whose_end_was_put_off_finds_no_session() -> None:
    token = InboxToken.fresh(NOW, LIFE)
    later = InboxToken(token.secret, token.ends_at + timedelta(days=1))
    assert later.digest() != token.digest()
    assert InboxToken.read(later.text()).digest() != token.digest()


def test_no_other_token_or_session_opens_the_key() -> None:
    token, session_id = InboxToken.fresh(NOW, LIFE), uuid4()
    sealed = token.seal(session_id, bytes(32))
    assert token.open(session_id, sealed) == bytes(32)
    with pytest.raises(SealBroken):
        token.open(uuid4(), sealed)
    with pytest.raises(SealBroken):
        InboxToken.fresh(NOW, LIFE).open(session_id, sealed)


def test_a_token_does_not_show_in_a_traceback() -> None:
    token = InboxToken.fresh(NOW, LIFE)
    assert base64.b64encode(token.secret).decode() not in repr(token)
    assert "secret" not in repr(token)
