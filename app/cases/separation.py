"""Which parts of one case one person may play at a time. Pure."""

from app.policy.actors import Capacity

TOGETHER = frozenset({Capacity.INVESTIGATOR, Capacity.ASSISTANT})
"""The only parts that one person may play in the same case.

Source: ISO 37002:2021, 5.3.2(c): who protects and who investigates are different people (R-ISO-4). A reviewer is a second
pair of eyes, and neither of the first pair.
"""


def may_also_serve(standing: frozenset[Capacity], capacity: Capacity) -> bool:
    """Whether who serves in `standing` may be appointed in `capacity` as well."""
    return not standing or (standing <= TOGETHER and capacity in TOGETHER)
