"""Reading a draft for leaks takes long, so that it is never done while a transaction is open or the event loop waits.

An act asks here for what such work returns. If that is not known yet, the act stops: its transaction is rolled back, the
work is done in the slow pool, and the act begins again from its door, as if it had just been asked for. Whatever changed
meanwhile, a wall or another edit, it then finds; and if the work would be another one, that is done too.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Done = dict[tuple[Any, ...], Any]
"""What was returned in this request, by the work and its arguments, which are values and never rows."""
done: ContextVar[Done] = ContextVar("done")


class Outstanding(Exception):
    """The work is to be done now, outside of the transaction."""

    def __init__(self, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """Hold the work."""
        super().__init__("outstanding")
        self.work = work
        self.arguments = arguments


def result_of(work: Callable[P, T], *arguments: P.args, **_none: P.kwargs) -> T:
    """Return what `work` returned for these arguments.

    Raises:
        Outstanding: it was not done yet in this request.

    """
    known = done.get()
    if (work, *arguments) not in known:
        raise Outstanding(work, arguments)
    result: T = known[work, *arguments]
    return result
