"""Decides whether a code from somebody's authenticator opens now, and for which time step. It stores nothing.

Source: RFC 6238 with its defaults (HMAC-SHA-1, 30 seconds), six digits as in RFC 4226.
"""

import hmac
import re
from datetime import datetime

import pyotp

WINDOW_STEPS = 1
"""Steps either side of the present one. Source: RFC 6238 section 5.2 advises at most one for delay; section 6 has drift both ways."""

_SIX_DIGITS = re.compile("[0-9]{6}")


def new_secret() -> str:
    """Return a new secret of 160 bits in base32. Source: RFC 4226 section 4, R6 recommends that length."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, username: str, issuer: str) -> str:
    """Return the otpauth address that an authenticator reads from a QR code. It holds the secret: show it once."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def accepted_step(secret: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """Return the time step that the code belongs to, or None if it does not open.

    The caller stores the step and gives it back as `last_step` next time: no code at or before it opens again.
    Source: RFC 6238 section 5.2, a code is accepted once.
    """
    if not _SIX_DIGITS.fullmatch(code):
        return None
    otp = pyotp.TOTP(secret)
    present = otp.timecode(now)
    accepted = None
    for step in range(present - WINDOW_STEPS, present + WINDOW_STEPS + 1):
        # Every step is compared, whichever matched, so that the time taken tells nothing.
        is_match = hmac.compare_digest(otp.generate_otp(step), code)
        if is_match and (last_step is None or step > last_step):
            accepted = step
    return accepted
