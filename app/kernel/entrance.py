"""What stands before a public door that costs: budgets for everybody together, and a proof of work while they run low.

No address, no name of a device and no account is looked at, and no receipt, password or channel is ever locked: who floods a door
takes its budget, half of which is kept for people whose machines did some work first. A proof is used once in each process.
"""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Header

from app.crypto import proof_of_work
from app.kernel import clock
from app.kernel.pressure import Group, Policy, Verdict
from app.kernel.problems import Busy, Problem
from app.kernel.runtime import Runtime, RuntimeOf

HEADER = "Proof-Of-Work"
LIFE = timedelta(minutes=10)
"""How long a challenge can be solved."""


class ProofOfWorkNeeded(Problem):
    """Many people are at this door at once, and your request brought no proof of work, or one that is wrong, used or over.

    Solve `challenge` (docs/formats.md, Proof of work) and send the same request with the solution in the header Proof-Of-Work.
    Without scripts, send it again after the seconds in Retry-After: a few are let in without a proof each minute. Nothing was
    stored.
    """

    status = 428
    title = "Bring a proof of work, or wait"
    retry_after = 5


def new_challenge(runtime: Runtime) -> dict[str, Any]:
    """Return a challenge that this service takes the solution of, for ten minutes."""
    return proof_of_work.new_challenge(_key(runtime), runtime.settings.proof_of_work_tries, clock.now() + LIFE)


def _key(runtime: Runtime) -> bytes:
    return runtime.keys.peppered("proof-of-work")


@contextmanager
def entered(runtime: Runtime, group: Group, solution: str | None) -> Iterator[None]:
    """Let somebody in who brings that solution, or none, for as long as the block runs. Pages without scripts use it too.

    Raises:
        ProofOfWorkNeeded: a proof is asked for, there is none that is right and fresh, and the slow lane is full.
        Busy: the budget of the door is used up.

    """
    policy, entrance = runtime.settings.proof_of_work, runtime.entrances[group]
    pool = {Group.INBOX: runtime.opening_inboxes, Group.SIGN_IN: runtime.signing_in}.get(group, runtime.reporting)
    proof = None
    if solution is not None and policy is not Policy.OFF:
        proof = proof_of_work.accepted(_key(runtime), solution, clock.now())
    verdict = entrance.judge(policy, time.monotonic(), pool.load(entrance.inside), proof, LIFE.total_seconds())
    if verdict is Verdict.PROOF_NEEDED:
        raise ProofOfWorkNeeded(challenge=new_challenge(runtime))
    if verdict is Verdict.FULL:
        raise Busy
    entrance.inside += 1
    try:
        yield
    finally:
        entrance.inside -= 1


class _Through:
    """The dependency of a route that costs."""

    def __init__(self, group: Group) -> None:
        self.group = group

    async def __call__(
        self,
        runtime: RuntimeOf,
        solution: Annotated[
            str | None,
            Header(
                alias=HEADER, description="The solution of a challenge, where the service asks for a proof of work."
            ),
        ] = None,
    ) -> AsyncIterator[None]:
        """Let the request in, until it is answered.

        Raises:
            ProofOfWorkNeeded: a proof of work is asked for.
            Busy: the budget of the door is used up.

        """
        with entered(runtime, self.group, solution):
            yield


def through(group: Group) -> Any:  # noqa: ANN401 as Depends
    """Return what a route that costs has among its `dependencies`: it comes before everything else of the request."""
    return Depends(_Through(group), scope="function")
