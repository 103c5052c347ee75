"""Where a webhook may go, and when mail goes: pure rules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.notifications.hosts import UrlRefused, may_reach, read_url
from app.notifications.slots import newest_slot, wait_after

HOSTS = {"hooks.example.org", "other.example.org:8443"}


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.example.org", ("hooks.example.org", 443, "/")),
        ("https://hooks.example.org:443/a/b?c=d", ("hooks.example.org", 443, "/a/b?c=d")),
        ("https://HOOKS.example.org/A", ("hooks.example.org", 443, "/A")),
        ("https://other.example.org:8443/x", ("other.example.org", 8443, "/x")),
    ],
)
def test_what_the_operator_listed_may_be_called(url: str, target: tuple[str, int, str]) -> None:
    found = read_url(url, HOSTS)
    assert (found.host, found.port, found.path) == target


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "https://hooks.example.org.evil.example/",
        "https://evil.example/hooks.example.org",
        "https://evil.example#hooks.example.org",
        "https://evil.example\\@hooks.example.org/",
        "https://hooks.example.org\\.evil.example/",
        "https://user:secret@hooks.example.org/",
        "https://user@hooks.example.org/",
        "https://hooks.example.org@evil.example/",
        "https://hooks.example.org:8443/",
        "https://other.example.org/",
        "https://other.example.org:443/",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:70000/",
        "https://sub.hooks.example.org/",
        "https://hooks.example.org./",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[hooks.example.org/",
        "https://hooks.example.org/\r\nHost: evil.example",
        "https://hооks.example.org/",  # noqa: RUF001 two letters are Cyrillic
        "https://hooks.example.org/#part",
        "ftp://hooks.example.org/",
        "//hooks.example.org/",
        "https:///path",
        "hooks.example.org",
    ],
)
def test_nothing_else_may_be_called_and_the_refusal_repeats_nothing(url: str) -> None:
    with pytest.raises(UrlRefused) as refused:
        read_url(url, HOSTS)
    assert url not in str(refused.value)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"])
def test_a_public_address_may_be_reached(address: str) -> None:
    assert may_reach(address, is_internal=False)


INSIDE = [
    "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.5.4", "192.168.1.1", "100.64.0.1", "::1", "fc00::1", "fd12:3456::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "192.0.2.7", "198.18.0.1",
]  # fmt: skip
NOWHERE = [
    "169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "64:ff9b::7f00:1",  # noqa: S104 nothing is bound
    "64:ff9b:1::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::",
]  # fmt: skip


@pytest.mark.parametrize("address", [*INSIDE, *NOWHERE])
def test_an_address_inside_may_not_be_reached(address: str) -> None:
    assert not may_reach(address, is_internal=False)


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_may_be_reached_if_its_host_is_listed_as_internal(address: str) -> None:
    assert may_reach(address, is_internal=True)


@pytest.mark.parametrize("address", NOWHERE)
def test_what_clouds_keep_beside_the_machine_and_tunnels_are_reached_by_nobody(address: str) -> None:
    assert not may_reach(address, is_internal=True)


@given(
    some.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2100, 1, 1), timezones=some.just(UTC)),  # noqa: DTZ001
    some.lists(some.integers(min_value=0, max_value=23), min_size=1, max_size=5),
)
def test_the_newest_slot_has_begun_and_no_newer_one_has(now: datetime, hours: list[int]) -> None:
    slot = newest_slot(now, hours)
    assert slot <= now < slot + timedelta(days=1)
    assert (slot.hour in hours, slot.minute, slot.second, slot.microsecond) == (True, 0, 0, 0)
    between = [slot + timedelta(hours=n) for n in range(1, 25)]
    assert not any(one <= now and one.hour in hours for one in between)


def test_waits_grow_and_end_at_four_hours() -> None:
    waits = [wait_after(attempts) for attempts in range(1, 40)]
    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=4)
