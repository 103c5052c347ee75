"""Keeps what was rendered last of releases, for readers who were let in by their own query. Knows no reader."""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from app.learning import pages, release
from app.learning.models import Release
from app.learning.release import Form
from app.learning.schemas import ReleaseOut


@dataclass(frozen=True)
class Rendered:
    """A release in one form, ready to be sent any number of times."""

    body: bytes
    headers: dict[str, str]

    @property
    def entity_tag(self) -> str:
        """The strong entity tag of the body."""
        return self.headers["ETag"]


_Place = tuple[UUID, bytes, Form]
_shelf: OrderedDict[_Place, Rendered] = OrderedDict()
"""By release, hash and form. A release cannot change under its hash."""
_SIZE = 64


def find(release_id: UUID, content_hash: bytes, form: Form) -> Rendered | None:
    """Return what was rendered, if it is still there."""
    return _shelf.get((release_id, content_hash, form))


def render(made: Release, form: Form) -> Rendered:
    """Return the release in that form; it is on the shelf from now on."""
    content = release.read(made.content)
    headers = {"Content-Type": form.value, "Vary": "Accept"}
    if form is Form.HTML:
        body = pages.page(content, made.number, made.released_on, made.content_hash).encode()
        headers |= {"Content-Type": f"{form.value}; charset=utf-8", "Content-Security-Policy": pages.POLICY}
    else:
        out = ReleaseOut(
            id=made.id,
            number=made.number,
            released_on=made.released_on,
            content_hash=made.content_hash.hex(),
            content=content,
        )
        body = out.model_dump_json().encode()
    rendered = Rendered(body, headers | {"ETag": f'"{sha256(body).hexdigest()[:32]}"'})
    _shelf[made.id, made.content_hash, form] = rendered
    if len(_shelf) > _SIZE:
        _shelf.popitem(last=False)
    return rendered
