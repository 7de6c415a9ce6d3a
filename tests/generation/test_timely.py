"""A token is there before the model runs again, and who leaves on seeing it costs no further pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from idiolect.generation.engine import Engine
from idiolect.generation.row import Handle


@pytest.fixture
def passes(small_crowd: Any) -> Iterator[list[int]]:
    """One entry for each time the model has run."""
    ran: list[int] = []
    hook = small_crowd.module.register_forward_pre_hook(lambda *_: ran.append(1))
    yield ran
    hook.remove()


def begun(crowd: Any, engine: Engine, i: int, tokens: int) -> Handle:
    return engine.submit(crowd.ask(i, max_tokens=tokens), crowd.key(i))


def count(*handles: Handle) -> list[int]:
    return [len(h.rows[0].tokens) for h in handles]


def test_the_first_token_is_there_after_its_prompt_and_each_next_after_one_pass(
    small_crowd: Any, passes: list[int]
) -> None:
    engine = Engine(small_crowd.model.models)
    handle = begun(small_crowd, engine, 0, 6)
    for number in range(1, 5):
        engine.step()
        assert (len(passes), count(handle)) == (number, [number])


def test_who_joins_has_his_first_token_before_others_are_written_on(small_crowd: Any, passes: list[int]) -> None:
    engine = Engine(small_crowd.model.models)
    first = begun(small_crowd, engine, 0, 9)
    engine.step()
    engine.step()
    second = begun(small_crowd, engine, 1, 9)
    engine.step()
    assert (len(passes), count(first, second)) == (3, [2, 1])
    engine.step()
    assert (len(passes), count(first, second)) == (4, [3, 2])


def test_those_who_keep_joining_do_not_hold_up_who_is_being_written(small_crowd: Any) -> None:
    engine = Engine(small_crowd.model.models)
    first = begun(small_crowd, engine, 0, 9)
    engine.step()
    for _ in range(6):
        begun(small_crowd, engine, 1, 1)
        engine.step()
    assert count(first) == [4]


def test_who_leaves_on_seeing_a_token_costs_no_further_pass(small_crowd: Any, passes: list[int]) -> None:
    engine = Engine(small_crowd.model.models)
    handle = begun(small_crowd, engine, 0, 9)
    engine.step()
    engine.step()
    handle.cancel()
    engine.run()
    assert (len(passes), count(handle)) == (2, [2])
    assert all(lane.memory is None for lane in engine.lanes.values())


def test_the_last_token_is_not_read(small_crowd: Any, passes: list[int]) -> None:
    engine = Engine(small_crowd.model.models)
    handle = begun(small_crowd, engine, 0, 3)
    engine.run()
    assert (len(passes), count(handle)) == (3, [3])
