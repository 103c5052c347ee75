"""What a channel offers to whoever thinks of reporting, as its pages name it in their language."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.duties.profiles import PROFILES, LawProfile, Term
from app.intake import categories
from app.intake.channel_schemas import ChannelOut
from app.portal.forms import Written
from app.portal.languages import Language
from app.portal.words import Words


@dataclass(frozen=True)
class Choice:
    """Something that can be chosen in a form."""

    value: str
    name: str
    language: str
    """Of the name: the channel's own names are in the languages that it speaks."""


@dataclass(frozen=True)
class Categories:
    """What a report may be about, by what the law makes of it today."""

    qualifying: list[Choice]
    others: list[Choice]

    @property
    def by_code(self) -> Mapping[str, Choice]:
        """Every one of them by its code."""
        return {one.value: one for one in (*self.qualifying, *self.others)}


@dataclass(frozen=True)
class Terms:
    """When somebody hears back by the law of a channel: the names of the texts that say so."""

    acknowledge: str
    feed_back: str
    ends_on_working_day: bool


def name_of_term(term: Term) -> str:
    """Return the name of the text that says a term."""
    return f"term.{term.unit.value}_{term.count}"


def terms_of(profile: LawProfile) -> Terms:
    """Return when somebody hears back by a law."""
    rules = PROFILES[profile]
    return Terms(name_of_term(rules.acknowledge), name_of_term(rules.feed_back), rules.ends_on_working_day)


def categories_of(channel: ChannelOut, language: Language) -> Categories:
    """Return what a report to a channel may be about: what the law names in the language of the page, what is the channel's own in its."""
    found = Categories([], [])
    for one in channel.categories:
        law = categories.of_law(channel.law_profile, one.code)
        name = None if law is None else law.names.get(language.value)
        choice = (
            Choice(one.code, one.name, channel.language) if name is None else Choice(one.code, name, language.value)
        )
        (found.qualifying if one.is_qualifying else found.others).append(choice)
    return found


def handlers_of(channel: ChannelOut, t: Words) -> list[Choice]:
    """Return who will handle what is sent: by name where the channel names them, or else by number."""
    return [
        Choice(one.id, one.name or t("before.officer", number=one.number), t.language.value) for one in channel.officers
    ]


def custodians_of(channel: ChannelOut, t: Words) -> list[Choice]:
    """Return who holds a share of the power to open identities."""
    return [Choice(str(one.id), t("before.custodian", label=one.label), t.language.value) for one in channel.custodians]


def outdated(written: Written, channel: ChannelOut) -> dict[str, str]:
    """Return the fields in which something is chosen that the channel has no more, and the rule: it changed meanwhile."""
    known = {
        "category": {one.code for one in channel.categories},
        "barred": {one.id for one in channel.officers} | {str(one.id) for one in channel.custodians},
    }
    return {name: "outdated" for name, values in known.items() if not set(written.lists[name]) <= values}
