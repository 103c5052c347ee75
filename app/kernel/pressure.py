"""When a door that is open to anybody asks for a proof of work, and when it is full. It counts requests, never who sends them.

Pure: whoever asks says what time it is and how much is waiting.
"""

from dataclasses import dataclass, field
from enum import Enum, StrEnum

_MINUTE = 60.0
PRESSED_FROM = 0.5
"""How full a queue is, or how empty a budget, from which on a proof of work is asked for: half of each is kept for those who bring one."""
_LOOKED_THROUGH_FROM = 1_000
"""Used proofs, from which on those that have ended are forgotten. Each took one of a budget, so that no flood makes many."""


class Group(StrEnum):
    """What is asked for at a door that is open to anybody. Each has budgets of its own: a flood at one shuts no other."""

    INTAKE = "intake"
    INBOX = "inbox"
    SUPPORT = "support"
    HINTS = "hints"
    FILES = "files"
    SIGN_IN = "sign-in"


class Policy(StrEnum):
    """When a proof of work is asked for."""

    OFF = "off"
    UNDER_PRESSURE = "under-pressure"
    ALWAYS = "always"


class Verdict(Enum):
    """What becomes of somebody at a door."""

    ADMITTED = "admitted"
    PROOF_NEEDED = "a proof of work is needed"
    FULL = "too many at once"


@dataclass
class Bucket:
    """So many a minute; what was not used is kept, up to half a minute's worth."""

    per_minute: int
    held: float = field(init=False)
    filled_at: float | None = None

    def __post_init__(self) -> None:
        self.held = self.capacity

    @property
    def capacity(self) -> float:
        """The most that it holds."""
        return max(1.0, self.per_minute / 2)

    def fill(self, now: float) -> None:
        """It holds what it has earned until `now`, in seconds of a clock that never goes back."""
        passed = 0.0 if self.filled_at is None else max(0.0, now - self.filled_at)
        self.held, self.filled_at = min(self.capacity, self.held + passed * self.per_minute / _MINUTE), now

    def take(self) -> bool:
        """Take one if there is one."""
        if self.held < 1:
            return False
        self.held -= 1
        return True


@dataclass
class Entrance:
    """The budgets of one kind of request: the whole, and the small one of those who bring no proof while it is asked for."""

    budget: Bucket
    slow_lane: Bucket
    used: dict[str, float] = field(default_factory=dict)
    """The names of proofs that were used, and when each may be forgotten."""
    looked_through_at: int = _LOOKED_THROUGH_FROM
    inside: int = 0
    """How many were let in and are not done: a wave that has not reached the queue yet is one all the same."""

    def is_pressed(self, now: float, load: float) -> bool:
        """Whether half of the queue is taken, or half of the budget. `load` is how full the queue is, from 0 to 1."""
        self.budget.fill(now)
        return load >= PRESSED_FROM or self.budget.held < self.budget.capacity * (1 - PRESSED_FROM)

    def judge(self, policy: Policy, now: float, load: float, proof: str | None, life: float) -> Verdict:
        """Return what becomes of somebody who brings this proof (its name, if it is one of ours that is right), or none.

        A proof is used up by it, and remembered for `life` seconds; while none is asked for, it is not looked at.
        """
        self.slow_lane.fill(now)
        is_pressed = self.is_pressed(now, load)
        if policy is Policy.ALWAYS or (policy is Policy.UNDER_PRESSURE and is_pressed):
            if proof is None or proof in self.used:
                return Verdict.ADMITTED if self.slow_lane.take() else Verdict.PROOF_NEEDED
            if not self.budget.take():
                return Verdict.FULL
            self._remember(proof, now, life)
            return Verdict.ADMITTED
        return Verdict.ADMITTED if self.budget.take() else Verdict.FULL

    def _remember(self, proof: str, now: float, life: float) -> None:
        if len(self.used) >= self.looked_through_at:
            self.used = {name: until for name, until in self.used.items() if until > now}
            self.looked_through_at = max(_LOOKED_THROUGH_FROM, 2 * len(self.used))
        self.used[proof] = now + life
