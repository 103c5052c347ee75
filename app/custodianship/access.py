"""What has to happen after the transaction of an erasure is kept, and not before."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from app.kernel.runtime import RuntimeOf
from app.vault import erasure


async def _erased(runtime: RuntimeOf) -> AsyncIterator[list[UUID]]:
    identities: list[UUID] = []
    yield identities
    for identity_id in identities:
        await asyncio.to_thread(erasure.destroy, runtime.settings.erasure_folder, identity_id)


ErasedAfterwards = Annotated[list[UUID], Depends(_erased, scope="function")]
"""The identities whose erasure keys go once the rows that say so are kept. It stands first in a signature, before the guard begins
the session: so it ends after the commit, and before the answer. If it fails, the answer says so; housekeeping tries again."""
