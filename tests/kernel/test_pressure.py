"""When a proof of work is asked for, and when a door is full: a rule about numbers, which knows nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.pressure import Bucket, Entrance, Policy, Verdict

LIFE = 600.0


def an_entrance(per_minute: int = 60, slow_lane: int = 2) -> Entrance:
    return Entrance(Bucket(per_minute), Bucket(slow_lane))


def judged(entrance: Entrance, times: int, policy: Policy = Policy.UNDER_PRESSURE, **given_: object) -> list[Verdict]:
    return [
        entrance.judge(policy, 0.0, 0.0, None if (proof := given_.get("proof")) is None else f"{proof}{n}", LIFE)
        for n in range(times)
    ]


def test_with_little_to_do_nobody_is_asked_for_a_proof() -> None:
    assert judged(an_entrance(), 15) == [Verdict.ADMITTED] * 15


def test_half_of_the_budget_is_kept_for_those_who_bring_a_proof() -> None:
    entrance = an_entrance(per_minute=60)
    without = judged(entrance, 100)
    assert without.count(Verdict.ADMITTED) == 16 + 1, "half of thirty, the one that crosses it, and the slow lane"
    assert without[-1] is Verdict.PROOF_NEEDED
    with_proof = judged(entrance, 20, proof="p")
    assert with_proof == [Verdict.ADMITTED] * 14 + [Verdict.FULL] * 6


def test_a_proof_is_used_once() -> None:
    entrance = an_entrance(slow_lane=1)
    entrance.slow_lane.take()
    assert entrance.judge(Policy.ALWAYS, 0.0, 0.0, "a", LIFE) is Verdict.ADMITTED
    assert entrance.judge(Policy.ALWAYS, 0.0, 0.0, "a", LIFE) is Verdict.PROOF_NEEDED
    assert entrance.judge(Policy.ALWAYS, 0.0, 0.0, "b", LIFE) is Verdict.ADMITTED


def test_a_full_queue_asks_for_a_proof_while_the_budget_is_whole() -> None:
    entrance = an_entrance(slow_lane=1)
    loads = (0.4, 0.5, 1.0)
    assert [entrance.judge(Policy.UNDER_PRESSURE, 0.0, load, None, LIFE) for load in loads] == [
        Verdict.ADMITTED,
        Verdict.ADMITTED,
        Verdict.PROOF_NEEDED,
    ], "the second came by the slow lane"


def test_who_brings_no_proof_comes_in_by_and_by_even_where_one_is_always_asked_for() -> None:
    entrance = an_entrance(slow_lane=60)
    assert judged(entrance, 40, Policy.ALWAYS).count(Verdict.ADMITTED) == 30
    minute = [entrance.judge(Policy.ALWAYS, float(second), 1.0, None, LIFE) for second in range(1, 61)]
    assert minute == [Verdict.ADMITTED] * 60


def test_switched_off_it_asks_nobody_and_is_full_in_the_end() -> None:
    assert judged(an_entrance(), 40, Policy.OFF) == [Verdict.ADMITTED] * 30 + [Verdict.FULL] * 10


def test_proofs_that_have_ended_are_forgotten() -> None:
    entrance = an_entrance(per_minute=1_000_000)
    for number in range(5_000):
        assert entrance.judge(Policy.ALWAYS, float(number), 0.0, str(number), LIFE) is Verdict.ADMITTED
    assert len(entrance.used) <= 2_000
    assert "4999" in entrance.used


@given(st.integers(10, 100_000), st.lists(st.tuples(st.floats(0, 5), st.integers(0, 50)), max_size=40))
def test_no_stretch_of_time_lets_more_in_than_it_earns(per_minute: int, waves: list[tuple[float, int]]) -> None:
    entrance, now, admitted = an_entrance(per_minute, slow_lane=1), 0.0, 0
    for passed, requests in waves:
        now += passed
        for _ in range(requests):
            admitted += entrance.judge(Policy.UNDER_PRESSURE, now, 0.0, None, LIFE) is Verdict.ADMITTED
    earned = (per_minute + 1) * now / 60 + per_minute / 2 + 1
    assert admitted <= earned + 1e-6


@pytest.mark.parametrize("back", [-1.0, -1000.0])
def test_a_clock_that_stands_still_or_goes_back_earns_nothing(back: float) -> None:
    bucket = Bucket(60)
    bucket.fill(0.0)
    while bucket.take():
        pass
    bucket.fill(back)
    assert not bucket.take()
