"""Which parts of one case one person may play. Pure."""

from app.policy.actors import Capacity

TOGETHER = frozenset({Capacity.INVESTIGATOR, Capacity.ASSISTANT})
"""The only parts that one person may play in the same case, at once or one after another.

Source: ISO 37002:2021, 5.3.2(c): who protects and who investigates are different people (R-ISO-4). A reviewer is a second
pair of eyes, and neither of the first pair.
"""


def may_also_serve(served: frozenset[Capacity], capacity: Capacity) -> bool:
    """Whether who serves or ever served as `served` may be appointed in `capacity`: nobody reviews what they once wrote."""
    return served <= {capacity} or (served <= TOGETHER and capacity in TOGETHER)
