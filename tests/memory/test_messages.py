"""Moments and messages as they are given."""

from __future__ import annotations

import pytest

from idiolect.memory.messages import seconds


@pytest.mark.parametrize(
    ("said", "meant"),
    [("1700000000", 1.7e9), ("1700000000.5", 1.7e9 + 0.5), ("2024-05-01", 1714521600.0), ("20240501", 1714521600.0)],
)
def test_a_moment_may_be_a_number_in_a_text_and_eight_digits_are_a_date(said: str, meant: float) -> None:
    assert seconds(said) == meant
