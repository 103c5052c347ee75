"""Compares how long the service takes to refuse what does not exist and what is merely wrong. It tells; nothing is asserted.

Usage: .venv/bin/python -m scripts.benchmark.timing [PAIRS]

That both cost the same work is asserted elsewhere (tests/accounts/test_signing_in.py, tests/intake/test_receipts_alike.py). Here a
process of the service is asked in pairs, in an order that is always the same and favours neither; the rank test of Mann and
Whitney says how likely so great a difference would come about by chance. Small values, again and again, would be news. The
last pair is unknown twice: what the test says of no difference at all.
"""

import json
import math
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median

from app.crypto.receipts import new_receipt
from scripts.benchmark.processes import Place, the_service

SEED = b"candour timing 1"
WARM_UP = 10
Ask = Callable[[], tuple[str, dict[str, str]]]


def _sign_in(username: str) -> tuple[str, dict[str, str]]:
    return "/v1/auth/token", {"username": username, "password": "not the password of anybody", "totp_code": "000000"}


def _unknown_receipt() -> tuple[str, dict[str, str]]:
    return "/v1/inbox/sessions", {"receipt": new_receipt()}


PAIRS: dict[str, tuple[Ask, Ask]] = {
    "sign-in: unknown username, wrong password": (lambda: _sign_in("nonadministr"), lambda: _sign_in("administrator")),
    "receipt: unknown, unknown": (_unknown_receipt, _unknown_receipt),
}


def seconds(address: str, ask: Ask) -> float:
    """Return how long it takes to be refused."""
    path, body = ask()
    request = urllib.request.Request(  # noqa: S310 a service of our own
        address + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    began = time.perf_counter()
    try:
        urllib.request.urlopen(request, timeout=60)  # noqa: S310 the same
    except urllib.error.HTTPError as refused:
        refused.read()
        if refused.code not in {401, 422}:
            raise
    return time.perf_counter() - began


def by_chance(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the two-sided p of Mann and Whitney's U, by its normal approximation: right for more than twenty of each."""
    wins = sum((one > other) + (one == other) / 2 for one in first for other in second)
    product = len(first) * len(second)
    deviation = math.sqrt(product * (len(first) + len(second) + 1) / 12)
    return math.erfc(abs(wins - product / 2) / deviation / math.sqrt(2))


def measured(address: str, asks: tuple[Ask, Ask], pairs: int) -> tuple[list[float], list[float]]:
    """Return the seconds of each, asked in an order that follows from the seed."""
    for ask in asks * WARM_UP:
        seconds(address, ask)
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(pairs):
        first = sha256(SEED + number.to_bytes(4)).digest()[0] % 2
        for which in (first, 1 - first):
            found[which].append(seconds(address, asks[which]))
    return found


def main() -> None:
    """Print a line for each pair."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder) / "data", None)
        with the_service(place) as server:
            address = f"http://127.0.0.1:{server.port}"
            for name, asks in PAIRS.items():
                one, other = measured(address, asks, pairs)
                told = f"{median(one) * 1000:.2f} ms, {median(other) * 1000:.2f} ms"
                print(f"{name}: medians {told}, p = {by_chance(one, other):.3f} of {pairs} pairs")


if __name__ == "__main__":
    main()
