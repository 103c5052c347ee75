"""The case from its last finding to its readers: sealed report, learning summary, release."""

from app.demo import hiding, texts
from app.demo.cast import Unexpected
from app.demo.journey import NOT_FOUND, Play
from app.demo.people import AUDIENCES


async def seal(play: Play) -> None:
    """The full report is sealed with every finding in it."""
    sealed = await play.actors["investigator"].act(play.path(f"/reports/{play.ids['report_id']}/seal"))
    counts = sealed["content"]["counts"]
    play.tell(f"{counts['upheld']} upheld, {counts['not_upheld']} not upheld, {counts['no_view']} no view")


async def summarise(play: Play) -> None:
    """A learning summary is cut from the report, redacted, and gives nobody away as far as the service can tell.

    Raises:
        Unexpected: a leak is left.

    """
    investigator = play.actors["investigator"]
    draft = {"report_id": play.ids["report_id"], "title": texts.SUMMARY_TITLE}
    summary = await investigator.create(play.path("/summaries"), draft)
    play.names("summary", "1", summary)
    at = play.path(f"/summaries/{summary['id']}")
    play.tell(f"{len(summary['paragraphs'])} paragraphs drafted")
    paragraphs = [paragraph["text"] for paragraph in summary["paragraphs"]]
    suggested = await investigator.act(f"{at}/suggestions", {"mentions": hiding.mentions(paragraphs)})
    play.tell(f"{len(suggested['suggestions'])} redactions suggested")
    marked = hiding.redactions(paragraphs, suggested)
    await investigator.put(f"{at}/redactions", {"redactions": marked}, version=summary["version"])
    play.tell(f"{len(marked)} redactions made")
    checked = await investigator.act(f"{at}/checks", {})
    if checked["blocking"]:
        message = "the redacted summary still gives somebody away"
        raise Unexpected(message)
    play.tell("no leak is left")


async def release(play: Play) -> None:
    """A second person has approved the summary, and it is released to its audiences."""
    at = play.path(f"/summaries/{play.ids['summary_id']}")
    reviewer = play.actors["reviewer"]
    read = (await reviewer.get(at)).json()
    await reviewer.act(f"{at}/approval", {"statement": texts.APPROVAL}, version=read["version"])
    play.tell("approved by the reviewer")
    released = await play.actors["case_officer"].create(f"{at}/release", {"audiences": list(AUDIENCES)})
    play.names("release", "1", released)
    play.tell(f"released to {', '.join(AUDIENCES)}")


async def read_released(play: Play) -> None:
    """Every audience reads the release, as data and as a page; for none of them the case exists."""
    address = f"/v1/releases/{play.ids['release_id']}"
    for audience in AUDIENCES:
        reader = play.actors[audience]
        listed = (await reader.get("/v1/releases")).json()["items"]
        if [one["id"] for one in listed] != [play.ids["release_id"]]:
            message = f"{audience} does not find the release in its list"
            raise Unexpected(message)
        await reader.get(address)
        await reader.get(address, accept="text/html")
        await reader.get(play.path(), expect=NOT_FOUND)
        play.tell(audience)
