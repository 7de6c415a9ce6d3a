"""A comparison in words: what noise explains is said to be noise."""

from __future__ import annotations

from idiolect.evaluation.significance.bootstrap import Interval, enough


def words(what: str, interval: Interval | None, against: str) -> str:
    """One sentence on a comparison; what noise explains is said to be noise."""
    if interval is None:
        return f"{what} was not compared with {against}."
    people = "1 user" if interval.users == 1 else f"{interval.users} users"
    if not enough(interval.users):
        return f"{what} cannot be told from {against}: so few show nothing, take six ({interval.mean:+.3f}, {people})."
    limits = f"{interval.mean:+.3f}, 95 % limits {interval.low:+.3f} to {interval.high:+.3f}, {people}"
    if not interval.clear:
        unseen = f"; below {interval.detectable:.3f} so few would mostly not show it" if interval.detectable else ""
        return f"{what} cannot be told from {against}: the difference may be noise ({limits}{unseen})."
    return f"{what} is {'better' if interval.mean > 0 else 'worse'} than {against} ({limits})."
