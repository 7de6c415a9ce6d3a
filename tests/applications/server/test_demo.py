"""A newcomer sees the difference: the invented people are answered right where nobody is answered wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from idiolect.applications.server import demo

if TYPE_CHECKING:
    from tests.applications.conftest import Opener


@pytest.mark.slow
def test_most_questions_are_answered_better_for_the_person_than_for_nobody(opened: Opener) -> None:
    door = opened(trust_local=True)
    client = door.client("none", default_headers={"x-idiolect-space": "demo", "x-idiolect-memory": "on"})
    right = {"person": 0, "nobody": 0}
    for name, person in demo.people().items():
        for question, target in zip(person.questions, person.targets, strict=True):
            for who, more in (("person", {"user": name}), ("nobody", {})):
                messages = [{"role": "user", "content": question}]
                answer = client.chat.completions.create(model="embedded", messages=messages, **more)
                right[who] += answer.choices[0].message.content.strip() == target
    asked = sum(len(person.questions) for person in demo.people().values())
    assert right["person"] >= asked / 2
    assert right["nobody"] <= asked / 4
