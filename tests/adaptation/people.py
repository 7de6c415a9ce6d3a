"""Two people, and a driver that answers requests by a function: what the tests of single methods share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from idiolect.core.method import flow
from idiolect.core.requests import Request
from idiolect.core.types import Attribute, Interaction, Post, Preference, Record, Turn, UserData

DAY = 86400.0


def person(user_id: str, *records: Record) -> UserData:
    """A user for one test; elsewhere only `governance.view` makes them."""
    return UserData(user_id, records)


def interaction(id: str, prompt: str, text: str, *, task: str = "tag", day: int = 0) -> Interaction:
    return Interaction(id=id, task=task, prompt=prompt, text=text, time=day * DAY)


def post(id: str, prompt: str, text: str, *, task: str = "headline", day: int = 0) -> Post:
    return Post(id=id, task=task, prompt=prompt, text=text, time=day * DAY)


ANN = person(
    "ann",
    Attribute(id="a0", name="job", value="pilot"),
    Attribute(id="a1", name="wants", value="short answers"),
    Turn(id="a2", text="My favourite tea is oolong.", time=1 * DAY),
    interaction("a3", "a film about ships", "salty", day=2),
    interaction("a4", "a film about ships and war", "salty", day=3),
    interaction("a5", "a film about love", "sweet", day=4),
    post("a6", "rain falls on the town", "Well, rain falls! :)", day=5),
    post("a7", "the team wins", "Well, the team wins! :)", day=6),
    Preference(id="a8", prompt="How are you?", chosen="Fine.", rejected="I am very well.", time=7 * DAY),
)


def run(verb: Any, answer: Callable[[Request], Any] = lambda request: None) -> tuple[Any, list[Request]]:
    """A verb's result and what it asked for, each request answered by a function."""
    steps, asked = flow(verb), []
    try:
        request = next(steps)
        while True:
            asked.append(request)
            request = steps.send(answer(request))
    except StopIteration as stop:
        return stop.value, asked
