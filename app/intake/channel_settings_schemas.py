"""What goes over the wire of a channel's settings: languages, holidays, own categories, files, and whether officers are named."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints, model_validator

from app.duties.calendar import Nation
from app.intake.before_sending_schemas import CategoryCode
from app.intake.channel_settings import (
    LANGUAGE_LENGTH,
    LANGUAGE_PATTERN,
    LARGEST_FILE_BYTES,
    MOST_FILES,
    FileKind,
)
from app.kernel.texts import Line, Prose

MOST_LANGUAGES = 20
MOST_OWN_CATEGORIES = 40
Language = Annotated[str, StringConstraints(pattern=LANGUAGE_PATTERN, min_length=2, max_length=LANGUAGE_LENGTH)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NameIn(_In):
    """A name in one language."""

    language: Language
    text: Line


class TranslationIn(_In):
    """The texts of a channel in another language than its own."""

    language: Language = Field(examples=["cy"])
    name: Line
    procedure_text: Prose
    elsewhere: Prose | None = None


class OwnCategoryIn(_In):
    """Something that grievances are about which no law calls a disclosure."""

    code: CategoryCode = Field(examples=["bullying"])
    names: list[NameIn] = Field(min_length=1, max_length=MOST_LANGUAGES)


class FileRulesIn(_In):
    """What files a channel takes."""

    largest_bytes: StrictInt = Field(ge=1, le=LARGEST_FILE_BYTES)
    most_files: StrictInt = Field(ge=0, le=MOST_FILES)
    kinds: list[FileKind] = Field(max_length=len(FileKind))


class ChannelSettingsIn(_In):
    """What an administrator settles of a channel besides whom it seals to. What is left out is as it was, or as the service has it."""

    nation: Nation | None = Field(
        default=None, description="Whose bank holidays count; at first those of England and Wales."
    )
    default_language: Language | None = Field(
        default=None, description="The language of `name`, `procedure_text` and `elsewhere`; at first English."
    )
    elsewhere: Prose | None = Field(
        default=None,
        description="Where else one can turn: another channel, an outside body and its address.",
        examples=["Protect, the whistleblowing charity; or the prescribed person for social care."],
    )
    translations: list[TranslationIn] | None = Field(default=None, max_length=MOST_LANGUAGES)
    own_categories: list[OwnCategoryIn] | None = Field(default=None, max_length=MOST_OWN_CATEGORIES)
    file_rules: FileRulesIn | None = None
    shows_officers: StrictBool | None = Field(
        default=None,
        description=(
            "Whether the public page names the case officers; at first it only counts them. A process that serves reporters alone "
            "holds no key that opens names, and counts them always."
        ),
    )

    @model_validator(mode="after")
    def _names_nothing_twice(self) -> Self:
        named: list[list[str]] = [
            [one.language for one in self.translations or ()],
            [one.code for one in self.own_categories or ()],
            *([name.language for name in one.names] for one in self.own_categories or ()),
        ]
        if any(len(set(one)) != len(one) for one in named):
            raise ValueError("a language or a category is named twice")
        return self

    def settings(self) -> dict[str, Any]:
        """Return what is to be stored, by column: only what is settled."""
        found: dict[str, Any] = {
            "nation": self.nation,
            "default_language": self.default_language,
            "elsewhere": self.elsewhere,
            "shows_officers": self.shows_officers,
        }
        if self.translations is not None:
            found["translations"] = {one.language: one.model_dump(exclude={"language"}) for one in self.translations}
        if self.own_categories is not None:
            found["own_categories"] = [
                {"code": one.code, "names": {name.language: name.text for name in one.names}}
                for one in self.own_categories
            ]
        if self.file_rules is not None:
            found["file_rules"] = self.file_rules.model_dump(mode="json")
        return {name: value for name, value in found.items() if value is not None}


class FileRulesOut(BaseModel):
    """What files the channel takes."""

    largest_bytes: int
    most_files: int
    kinds: list[FileKind]


class ChannelCategoryOut(BaseModel):
    """Something that a grievance may be about."""

    code: str
    name: str
    source: str | None = Field(description="The law that names it. Null: it is the organisation's own.")
    is_qualifying: bool = Field(description="Whether a disclosure of it that is received today qualifies by that law.")


class ChannelOfficerOut(BaseModel):
    """Somebody who will handle what is sent, as the page shows them."""

    id: str = Field(description="Name it in `barred` if they must have no part in it.")
    number: int = Field(description="From 1: how the page calls them where it gives no names.")
    name: str | None = Field(
        description="Null where the channel does not name its officers, or where this process serves reporters alone."
    )


class DirectoryItem(BaseModel):
    """A channel that takes grievances."""

    slug: str
    name: str
    organisation: str
    language: str = Field(description="Of `name`.")
    languages: list[str]
