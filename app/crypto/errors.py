"""The ways in which opening and checking can fail; none says why, so that none is an oracle."""

from collections.abc import Iterable
from uuid import UUID


class SealBroken(Exception):
    """The sealed bytes do not open: key, context, format or content is not the one they were sealed with."""

    def __init__(self) -> None:
        """Leave a message that tells nothing about what was sealed, nor which check failed."""
        super().__init__("what was sealed cannot be opened")


class LyingCustodian(SealBroken):
    """Custodians, named in `custodian_ids`, gave pieces that are not the ones dealt to them."""

    def __init__(self, custodian_ids: Iterable[UUID]) -> None:
        """Keep whose pieces failed, for the record of the opening."""
        super().__init__()
        self.custodian_ids = frozenset(custodian_ids)


class NotAuthentic(Exception):
    """A signature is not of whom it should be, or not over this; or a signed document does not follow the one before it."""

    def __init__(self) -> None:
        """Leave a message that tells nothing about which check failed."""
        super().__init__("this was not signed as it should be")


class DocumentInvalid(ValueError):
    """A signed document breaks a rule of its format. The message names the member and the rule, never a value."""
