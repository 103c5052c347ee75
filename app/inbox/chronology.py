"""What happened to somebody who spoke up, by day: for whoever has to decide whether it was because they spoke up."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.models import Case, Transition
from app.cases.queries import of_case
from app.inbox import detriments
from app.inbox.detriment_schemas import (
    CaseCheckInOut,
    CaseDetrimentOut,
    ChronologyEvent,
    ChronologyItem,
    ChronologyOut,
    Faring,
    Since,
)

_ORDER = list(ChronologyEvent)
_SINCE = {
    Since.YES: " They say that it is so since they spoke up.",
    Since.NO: " They say that it was so before they spoke up.",
    Since.UNSURE: " They are not sure whether it is so since they spoke up.",
}


async def of(session: AsyncSession, case: Case) -> ChronologyOut:
    """Return the chronology of detriment in a case, earliest day first.

    Raises:
        Locked: the request does not hold the key of the case.

    """
    found = await detriments.in_case(session, case)
    items = [
        ChronologyItem(
            on=one.submitted_on, event=ChronologyEvent.RAISED, grievance_id=one.id, text="The grievance was raised."
        )
        for one in await detriments.reporters_of(session, case)
    ]
    items += [
        ChronologyItem(
            on=step.made_on,
            event=ChronologyEvent.CASE_MOVED,
            grievance_id=None,
            text=f"The case went from {step.from_state} to {step.to_state}.",
        )
        for step in sorted(await of_case(session, case, Transition), key=lambda step: step.position)
    ]
    items += [_asked(one) for one in found.check_ins]
    for said in found.items:
        items += _lines(said)
    items.sort(key=lambda one: (one.on, _ORDER.index(one.event)))
    return ChronologyOut(reference=case.reference, items=items)


def _asked(one: CaseCheckInOut) -> ChronologyItem:
    what = "answered" if one.answered_on else "not answered"
    text = f"Check-in {one.number}, at {one.milestone.replace('_', ' ')}: {what}."
    return ChronologyItem(on=one.due_on, event=ChronologyEvent.CHECK_IN_DUE, grievance_id=one.grievance_id, text=text)


def _lines(said: CaseDetrimentOut) -> list[ChronologyItem]:
    when = f" On {said.happened_on}." if said.happened_on else ""
    since = "" if said.since_speaking_up is None else _SINCE[said.since_speaking_up]
    what = "The reporter is well." if said.answer is Faring.FINE else "The reporter reports detriment."
    told = f"{what}{when}{since}" + (f"\n{said.what}" if said.what else "")
    lines = [(said.reported_on, ChronologyEvent.REPORTED, told)]
    lines += [(one.written_on, ChronologyEvent.ANSWERED, one.text or "") for one in said.answers]
    lines += [
        (one.assessed_on, ChronologyEvent.ASSESSED, f"Risk {one.risk}. {one.measures}") for one in said.assessments
    ]
    return [
        ChronologyItem(on=day, event=event, grievance_id=said.grievance_id, text=text) for day, event, text in lines
    ]
