"""The proof log as tests drive it: the jobs run when they are told to, and a witness signs what it is shown."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from app import worker
from app.accounts.models import Organisation
from app.crypto import notes
from app.crypto.notes import Note, Signer, Verifier
from app.prooflog.sequencer import signer_of
from tests.conftest import Clock, Service

SEQUENCING = next(job for job in worker.JOBS if job.name == "proof log")
WITNESS = Signer("witness.example", notes.COSIGNATURE, bytes(range(32)))


async def organisation_of(service: Service) -> UUID:
    """Return the one organisation."""
    async with service.runtime.database.session(write=False) as session:
        return (await session.execute(select(Organisation.id))).scalar_one()


async def log_key_of(service: Service) -> Verifier:
    """Return the key of its log."""
    return signer_of(service.runtime, await organisation_of(service)).verifier


async def sequenced(service: Service) -> None:
    """The job has run once."""
    assert await worker.run(service.runtime, SEQUENCING)


async def sequenced_on_the_next_day(service: Service, clock: Clock) -> None:
    """A day has passed, everybody signed in is so again, and the job has run once."""
    clock.advance(timedelta(days=1))
    await sequenced(service)


def cosigned(text: str, time: int = 1_772_500_000, witness: Signer = WITNESS) -> str:
    """Return a checkpoint with the line of a witness."""
    note = Note.read(text)
    return note.with_([witness.sign(note.text, time=time)]).to_text()
