"""Named states of the world that stop a request. A class is a problem type; its docstring is the page that explains it."""

import re
from typing import Any, ClassVar


class Problem(Exception):
    """Something stopped the request."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something stopped the request"
    retry_after: ClassVar[int | None] = None
    refusal: object = None
    """What the door that raised it leaves for the log."""

    def __init__(self, detail: str | None = None, **members: Any) -> None:  # noqa: ANN401 extension members are any JSON
        """Hold a detail for the reader, and extension members (RFC 9457 section 3.2). Neither may repeat what was sent."""
        super().__init__(type(self).__name__)
        self.detail = detail
        self.members = members

    @classmethod
    def slug(cls) -> str:
        """The last part of the problem's address: its name in kebab case."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def all(cls) -> list[type["Problem"]]:
        """Every problem type known to this process, by slug."""
        found: set[type[Problem]] = set()
        waiting: list[type[Problem]] = [cls]
        while waiting:
            for child in waiting.pop().__subclasses__():
                if child not in found:
                    found.add(child)
                    waiting.append(child)
        return sorted(found, key=lambda problem: problem.slug())


class InvalidInput(Problem):
    """Part of the request breaks a rule. `errors` names each place by JSON pointer, and the rule, never what was sent."""

    status = 422
    title = "The request breaks a rule of its format"


class Unauthenticated(Problem):
    """The request needs a valid access token, and had none. Sign in at /v1/auth/token, or refresh."""

    status = 401
    title = "Sign in first"


class NotAllowed(Problem):
    """You may see this, but your roles or your part in the case do not let you do it."""

    status = 403
    title = "You may not do this"


class NotFound(Problem):
    """There is nothing here, or nothing that you may know of. The two look alike on purpose."""

    status = 404
    title = "Not found"


class MethodNotAllowed(Problem):
    """This address does not take that method. The Allow header lists those that it takes."""

    status = 405
    title = "Method not allowed"


class UnsupportedMediaType(Problem):
    """Bodies are JSON. Send Content-Type: application/json."""

    status = 415
    title = "Bodies are JSON"


class Locked(Problem):
    """What you ask for is sealed, and the request lacks the unlock secret of your session (header X-Unlock).

    Signing in gave it to you. If you have a vault passphrase, POST /v1/auth/unlock gives it to you instead.
    """

    status = 423
    title = "Send your unlock secret"


class Conflict(Problem):
    """The request does not fit the present state of what it would change."""

    status = 409
    title = "This does not fit the present state"


class PreconditionFailed(Problem):
    """Somebody changed it since you read it. Read it again and repeat the change on what is there now."""

    status = 412
    title = "It has changed since you read it"


class PreconditionRequired(Problem):
    """Changes must say which version they change: send If-Match with the ETag that you read."""

    status = 428
    title = "Say which version you change"


class BodyTooLarge(Problem):
    """The body of the request is larger than this service accepts."""

    status = 413
    title = "The body is too large"


class Busy(Problem):
    """Too many people are doing this at once. Nothing was stored. Try again after the seconds in Retry-After."""

    status = 503
    title = "Too busy for the moment"
    retry_after = 5


class IdempotencyKeyReused(Problem):
    """This Idempotency-Key was used before for a different request. Use a fresh random key for each thing you create."""

    status = 422
    title = "This Idempotency-Key belongs to another request"


class InternalFailure(Problem):
    """The service failed. Nothing of the request was kept. Quote `instance` to the operator, who can find it in the log."""

    status = 500
    title = "The service failed"


class OutcomeUnknown(Problem):
    """It may have been stored: the database was lost at the very end. Repeat the request with the same Idempotency-Key.

    If it was stored you get its answer, and if not it is done now: nothing is created twice. If you sent no such key, look
    whether it is there before you repeat it. Quote `instance` to the operator, who can find it in the log.
    """

    status = 500
    title = "It is not known whether this was stored"
