"""Pacing: what is permitted at once, what has to wait, and what is refused."""

from autograph_web.infra.ratelimit.token_bucket import TokenBucket, TokenBuckets


class Now:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_so_much_at_once_then_so_much_a_second() -> None:
    now = Now()
    pace = TokenBucket(now, a_second=10, at_once=5)

    assert [pace.take(1) for _ in range(6)] == [0.0] * 5 + [None]
    now.seconds += 0.1
    assert pace.take(1) == 0.0
    assert pace.take(1) is None
    now.seconds += 60
    assert [pace.take(1) for _ in range(6)] == [0.0] * 5 + [None]


def test_each_waits_for_its_turn_and_what_is_refused_costs_nothing() -> None:
    now = Now()
    pace = TokenBucket(now, a_second=10, at_once=5)
    pace.take(5)

    waits = [pace.take(1, patience=0.25) for _ in range(4)]

    assert [wait if wait is None else round(wait, 3) for wait in waits] == [0.1, 0.2, None, None]
    now.seconds += 0.1
    assert round(pace.take(1, patience=0.25) or 0, 3) == 0.2


def test_addresses_do_not_wait_for_each_other_and_are_forgotten() -> None:
    now = Now()
    paces = TokenBuckets(now, a_second=10, at_once=5)

    assert paces.take("a", 5) == 0.0
    assert paces.take("a", 1) is None
    assert paces.take("b", 5) == 0.0
    now.seconds += 1
    for name in ("c", "d", "e"):
        paces.take(name, 1)
    assert len(paces) == 3
