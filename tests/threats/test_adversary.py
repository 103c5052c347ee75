"""The adversary knows every column and no line of ours: what they cannot open in the other tests is closed, not overlooked."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from app.kernel.db import Base
from tests.crypto import reference
from tests.threats import adversary, primitives, sharings
from tests.threats.adversary import Loot
from tests.threats.conftest import Taken
from tests.threats.people import SECOND_CHANNEL
from tests.threats.test_custodians import everything_else


def imported(file: str) -> set[str]:
    """Return the first name of every module that a file imports."""
    nodes = [*ast.walk(ast.parse(Path(file).read_text()))]
    names = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("module", [adversary, primitives, sharings, reference], ids=lambda module: module.__name__)
def test_the_adversary_shares_no_line_with_the_service(module: object) -> None:
    assert "app" not in imported(module.__file__)  # type: ignore[attr-defined]


def recording(monkeypatch: pytest.MonkeyPatch) -> set[bytes]:
    """Return what will hold every ciphertext that the second implementation opened."""
    opened: set[bytes] = set()

    def watch(name: str) -> None:
        genuine: Callable[..., bytes] = getattr(reference, name)

        def watched(key: bytes, *arguments: bytes) -> bytes:
            content = genuine(key, *arguments)
            opened.update(arguments)
            return content

        monkeypatch.setattr(reference, name, watched)

    watch("open_field")
    watch("open_sealed")
    return opened


async def test_with_everything_taken_every_sealed_value_opens_so_that_none_is_overlooked(
    taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    played, opened = taken.played, recording(monkeypatch)
    loot = everything_else(taken) | {
        "custodians": played.custodian_seeds,
        "request_seeds": tuple(played.request_seeds.values()),
        "idempotency_keys": ((played.idempotency_key, f"/v1/channels/{SECOND_CHANNEL}/grievances"),),
    }
    Loot(taken.tables, **loot).open_everything()
    sealed = [column for table in Base.metadata.sorted_tables for column in table.columns if "sealed" in column.info]
    closed = [
        (str(column), row.get("account_id"))
        for column in sealed
        for row in taken.tables[column.table.name]
        if (value := row[column.name]) is not None and value not in opened and value[4:] not in opened
    ]
    forgotten = played.actors.other_case_officer.account_id
    assert closed == [("case_key_grants.sealed_key", forgotten)], (
        "the key that it was granted to went with the password"
    )
