"""Clock differences between this machine, the database and Redis, and which of the clocks is wrong."""

from __future__ import annotations

from autograph_web.commands.checks import CheckResult, doubtful, failed, good

_DOUBT_S, _FAILURE_S = 1.0, 30.0  # seconds; tokens tolerate at most one minute
_NTP = "synchronize {} with NTP"


def clock_finding(database: float | None, redis: float | None) -> CheckResult | None:
    """Return the finding on the clocks, or None if there was no clock to compare with.

    Args:
        database: How far the clock of the database is ahead of ours, in seconds; None if it is the same one.
        redis: The same for Redis.
    """
    named = {"the database clock": database, "the Redis clock": redis}
    others = {name: ahead for name, ahead in named.items() if ahead is not None}
    if not others:
        return None
    worst = max(map(abs, others.values()))
    if worst <= _DOUBT_S:
        return good("clock", ", ".join(f"{name} is off by {ahead:+.1f} s" for name, ahead in others.items()))
    told, whose = _which(others)
    return (failed if worst > _FAILURE_S else doubtful)("clock", told, _NTP.format(whose))


def _which(others: dict[str, float]) -> tuple[str, str]:
    """Return a description of the clocks that are wrong and by how much, and which machine needs NTP."""
    ahead = [*others.values()]
    if len(ahead) > 1 and max(ahead) - min(ahead) <= _DOUBT_S:
        # The two clocks that agree are taken as correct, so the third is wrong.
        return (
            f"this machine's clock is off by {-sum(ahead) / len(ahead):+.1f} s from {' and '.join(others)}",
            "it",
        )
    off = {name: one for name, one in others.items() if abs(one) > _DOUBT_S}
    told = ", ".join(f"{name} is off by {one:+.1f} s" for name, one in off.items())
    if len(off) < len(others):
        right = next(name for name in others if name not in off)
        return f"{told} ({right} isn't)", "it"
    return told, "both" if len(off) == 1 else "all"
