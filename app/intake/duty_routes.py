"""What is late beside one's own cases, over HTTP."""

from typing import Annotated

from app.duties.schemas import DutyItem
from app.intake import overdue
from app.kernel import routing
from app.kernel.db import DbSession, reads
from app.kernel.http import problems
from app.kernel.pages import Page, PageOf
from app.kernel.problems import Busy, InvalidInput, NotFound, Unauthenticated
from app.policy.actors import Staff
from app.policy.guard import requires
from app.policy.permissions import Permission

router = routing.router("duties", prefix="/v1")


@router.get(
    "/raised-duties", response_model=Page[DutyItem], responses=problems(InvalidInput, Unauthenticated, NotFound, Busy)
)
@reads
async def list_raised_duties(
    actor: Annotated[Staff, requires(Permission.CASE_LIST)], session: DbSession, page: PageOf
) -> Page[DutyItem]:
    """List what was not kept for so long that it is raised with you, as an officer of the channel, newest first.

    You need not be appointed to the case. The list has no content, and nothing of a case that a wall bars you from.
    """
    return await overdue.list_raised(session, actor, page)
