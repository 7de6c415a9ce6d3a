"""Responses, completions and embeddings through the official client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from openai import BadRequestError, NotFoundError

from memory_doubles import Letters

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

    from idiolect.models.hf import HFModel


def test_a_response_goes_on_with_the_one_before(relay: Running) -> None:
    client = relay.client()
    first = client.responses.create(model="small", input="my sister is Anna", instructions="Be brief.", user="ann")
    assert first.output_text == "answer 1"
    second = client.responses.create(model="small", input="and now?", previous_response_id=first.id, user="ann")
    assert [m["content"] for m in relay.stub.seen[-1]["messages"]] == ["my sister is Anna", "answer 1", "and now?"]
    assert second.usage.total_tokens == 9
    assert relay.turns("ann") == ["my sister is Anna", "and now?"]


def test_another_user_cannot_go_on_with_it(relay: Running) -> None:
    first = relay.client().responses.create(model="small", input="my secret", user="ann")
    for more in ({"user": "bob"}, {}):
        with pytest.raises(NotFoundError):
            relay.client().responses.create(model="small", input="?", previous_response_id=first.id, **more)


def test_a_streamed_response_has_the_events_of_the_protocol(relay: Running) -> None:
    relay.stub.say = lambda body: "one two three"
    events = list(relay.client().responses.create(model="small", input="count", user="ann", stream=True))
    kinds = [e.type for e in events]
    assert kinds[:3] == ["response.created", "response.output_item.added", "response.content_part.added"]
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == "one two three "
    assert kinds[-1] == "response.completed"
    assert events[-1].response.output_text == "one two three "
    assert [e.sequence_number for e in events] == list(range(len(events)))


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"background": True}, "background"),
        ({"input": [{"type": "function_call_output", "call_id": "1", "output": "x"}]}, "input.0"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]}, "input.0.content.0"),
    ],
)
def test_what_a_response_cannot_honour_is_named(relay: Running, more: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequestError) as error:
        relay.client().responses.create(**{"model": "small", "input": "x", **more})
    assert error.value.param == param


def test_an_older_completion_is_answered_in_his_terms_and_remembered_nowhere(relay: Running) -> None:
    relay.user("ann").add("My sister Anna lives in Kyoto")
    answer = relay.client().completions.create(model="small", prompt="my sister lives in", user="ann")
    assert answer.choices[0].text == "answer 1"
    assert "Kyoto" in str(relay.stub.seen[0]["messages"])
    assert relay.turns("ann") == ["My sister Anna lives in Kyoto"]
    relay.stub.say = lambda body: "one two"
    stream = relay.client().completions.create(model="small", prompt="count", stream=True)
    assert "".join(c.choices[0].text for c in stream if c.choices) == "one two "


def test_vectors_come_from_the_encoder_that_searches(opened: Opener, llama: HFModel) -> None:
    door = opened(model=llama)
    with pytest.raises(NotFoundError):
        door.client().embeddings.create(model="x", input="hello")
    door.service.space("default").encoder = Letters()
    found = door.client().embeddings.create(model="x", input=["hello", "sea"])
    expected = Letters().encode(["hello", "sea"])
    assert np.allclose([one.embedding for one in found.data], expected, atol=1e-6)
    with pytest.raises(BadRequestError):
        door.client().embeddings.create(model="x", input=[1, 2])
