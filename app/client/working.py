"""Does the work that a service asks for while many people are at its door. It tells the service nothing but that it was done."""

from typing import Any

from app.client import terminal
from app.client.terminal import Failure
from app.crypto import proof_of_work
from app.crypto.proof_of_work import ChallengeUnusable

HEADER = "Proof-Of-Work"
_STEPS = 100


def solve(challenge: Any) -> str:  # noqa: ANN401 any JSON
    """Return what the header holds for a challenge; how far the work has come is on the terminal.

    Raises:
        Failure: it is no challenge, or asks for more than a machine of a person should do.

    """
    with terminal.progress("Many people are at this door: proof of work", _STEPS) as bar:
        shown = 0

        def tell(share: float) -> None:
            nonlocal shown
            while shown < int(share * _STEPS):
                bar.done()
                shown += 1

        try:
            return proof_of_work.solve(challenge, tell)
        except ChallengeUnusable as unusable:
            raise Failure(f"The server asks for a proof of work that is none: {unusable}.") from None
