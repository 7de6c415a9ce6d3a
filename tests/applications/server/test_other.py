"""Responses, completions and embeddings through the official client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from openai import BadRequestError, NotFoundError

from memory_doubles import Letters

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

    from idiolect.models.hf import HFModel

TOOL = {"type": "function", "name": "weather", "description": "of a place", "parameters": {"type": "object"}}
ASKED = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"in": "Kyoto"}'}}


def calling(door: Running) -> None:
    """From now on the stub calls the tool, until it is told its output."""

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        told = any(m["role"] == "tool" for m in body["messages"])
        return {"content": "It rains."} if told else {"content": None, "tool_calls": [ASKED]}

    door.stub.message = answer


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
        ({"tools": [TOOL], "tool_choice": {"type": "web_search"}}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"input": [{"type": "item_reference", "id": "1"}]}, "input.0"),
        ({"input": [{"type": "function_call_output", "call_id": "1"}]}, "input.0"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]}, "input.0.content.0"),
    ],
)
def test_what_a_response_cannot_honour_is_named(relay: Running, more: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequestError) as error:
        relay.client().responses.create(**{"model": "small", "input": "x", **more})
    assert error.value.param == param


def test_functions_are_passed_on_and_their_calls_come_back(relay: Running) -> None:
    calling(relay)
    given = {"model": "small", "tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": False, "user": "ann"}
    first = relay.client().responses.create(input="Where is it wet?", **given)
    (call,) = first.output
    assert (call.type, call.name, call.call_id, call.arguments) == (
        "function_call",
        "weather",
        "call_1",
        '{"in": "Kyoto"}',
    )
    sent = relay.stub.seen[-1]
    assert sent["tools"] == [{"type": "function", "function": {k: v for k, v in TOOL.items() if k != "type"}}]
    assert (sent["tool_choice"], sent["parallel_tool_calls"]) == ("auto", False)
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    second = relay.client().responses.create(input=[output], previous_response_id=first.id, **given)
    assert second.output_text == "It rains."
    assert relay.stub.seen[-1]["messages"][1:] == [
        {"role": "assistant", "content": "", "tool_calls": [ASKED]},
        {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
    ]
    assert relay.turns("ann") == ["Where is it wet?"]


def test_calls_that_a_client_sends_again_are_the_assistants(relay: Running) -> None:
    calling(relay)
    first = relay.client().responses.create(model="small", input="Wet?", tools=[TOOL])
    items = [{"role": "user", "content": "Wet?"}, *(one.model_dump() for one in first.output)]
    items.append(
        {"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": "rain"}]}
    )
    relay.client().responses.create(model="small", input=items, tools=[TOOL])
    assert relay.stub.seen[-1]["messages"] == [
        {"role": "user", "content": "Wet?"},
        {"role": "assistant", "content": None, "tool_calls": [ASKED]},
        {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
    ]


def test_a_streamed_call_has_the_events_of_the_protocol(relay: Running) -> None:
    calling(relay)
    events = list(relay.client().responses.create(model="small", input="Wet?", tools=[TOOL], stream=True))
    kinds = [e.type for e in events]
    assert kinds[:2] == ["response.created", "response.output_item.added"]
    assert "response.output_text.delta" not in kinds
    pieces = [e.delta for e in events if e.type == "response.function_call_arguments.delta"]
    assert len(pieces) == 2
    assert "".join(pieces) == '{"in": "Kyoto"}'
    assert kinds[-3:] == ["response.function_call_arguments.done", "response.output_item.done", "response.completed"]
    (call,) = events[-1].response.output
    assert (call.name, call.arguments, call.id) == ("weather", '{"in": "Kyoto"}', events[1].item.id)


def test_a_call_that_was_streamed_is_replayed_under_its_key(relay: Running) -> None:
    calling(relay)
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
    given = {"model": "small", "messages": [{"role": "user", "content": "Wet?"}], "tools": tools, "user": "ann"}
    said = []
    for _ in range(2):
        chunks = list(
            relay.client().chat.completions.create(**given, stream=True, extra_headers={"Idempotency-Key": "one"})
        )
        deltas = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or ()]
        said.append("".join(call.function.arguments or "" for call in deltas))
    assert said == ['{"in": "Kyoto"}'] * 2
    assert len(relay.stub.seen) == 1


def test_a_local_model_refuses_tools_by_name(opened: Opener, llama: HFModel) -> None:
    with pytest.raises(BadRequestError) as error:
        opened(model=llama).client().responses.create(model="random-llama-0", input="x", tools=[TOOL])
    assert error.value.param == "tools"


def test_an_older_completion_is_answered_in_his_terms_and_remembered_nowhere(relay: Running) -> None:
    relay.user("ann").add("My sister Anna lives in Kyoto")
    answer = relay.client().completions.create(model="small", prompt="my sister lives in", user="ann")
    assert answer.choices[0].text == "answer 1"
    assert "Kyoto" in str(relay.stub.seen[0]["messages"])
    assert relay.turns("ann") == ["My sister Anna lives in Kyoto"]
    relay.stub.say = lambda body: "one two"
    stream = relay.client().completions.create(model="small", prompt="count", stream=True)
    assert "".join(c.choices[0].text for c in stream if c.choices) == "one two "


def scored(body: dict[str, Any]) -> dict[str, Any]:
    """A stub's log-probabilities, as many as chat was asked for."""
    top = [{"token": t, "logprob": -p} for t, p in (("Ky", 0.5), ("Os", 1.5))][: body.get("top_logprobs", 0)]
    content = [{"token": t, "logprob": -0.5, "bytes": None, "top_logprobs": top} for t in ("Ky", "oto ")]
    return {"content": content if body.get("logprobs") is True else None}


def test_older_completions_tell_log_probabilities_in_their_own_form(relay: Running) -> None:
    relay.stub.say, relay.stub.logprobs = lambda body: "Kyoto", scored
    given: dict[str, Any] = {"model": "small", "prompt": "she lives in"}
    told = relay.client().completions.create(**given, logprobs=2).choices[0].logprobs
    assert (told.tokens, told.token_logprobs, told.text_offset) == (["Ky", "oto "], [-0.5, -0.5], [0, 2])
    assert told.top_logprobs == [{"Ky": -0.5, "Os": -1.5}] * 2
    sent = relay.stub.seen[-1]
    assert (sent["logprobs"], sent["top_logprobs"]) == (True, 2)
    assert relay.client().completions.create(**given, logprobs=0).choices[0].logprobs.top_logprobs is None
    assert relay.client().completions.create(**given).choices[0].logprobs is None
    assert "logprobs" not in relay.stub.seen[-1]


def test_a_streamed_completion_tells_where_in_the_text_its_tokens_stand(relay: Running) -> None:
    relay.stub.say, relay.stub.logprobs = lambda body: "Kyoto Kyoto", scored
    given: dict[str, Any] = {"model": "small", "prompt": "x", "user": "ann", "stream": True, "logprobs": 0}
    relay.user("ann").add("hello")
    for _ in range(2):  # the second is a replay
        chunks = list(relay.client().completions.create(**given, extra_headers={"Idempotency-Key": "k"}))
        tops = [c.choices[0].logprobs for c in chunks if c.choices and c.choices[0].logprobs]
        assert [n for one in tops for n in one.text_offset] == [0, 2, 6, 8]
    assert len(relay.stub.seen) == 1


@pytest.mark.parametrize(
    "wrong", [{"best_of": 3}, {"n": 2, "best_of": 3}, {"logprobs": True}, {"logprobs": 21}, {"echo": True}]
)
def test_what_an_older_completion_cannot_honour_is_named(relay: Running, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError) as error:
        relay.client().completions.create(model="small", prompt="x", **wrong)
    assert error.value.param == list(wrong)[-1]
    assert relay.stub.seen == []


def test_as_many_drawn_as_given_is_no_choice_among_them(relay: Running) -> None:
    relay.client().completions.create(model="small", prompt="x", n=2, best_of=2)
    assert (relay.stub.seen[-1]["n"], "best_of" in relay.stub.seen[-1]) == (2, False)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_response_says_how_much_of_it_came_from_the_upstreams_cache(relay: Running, streamed: bool) -> None:
    relay.stub.usage |= {
        "prompt_tokens_details": {"cached_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }
    made = relay.client().responses.create(model="small", input="hello", stream=streamed)
    usage = (list(made)[-1].response if streamed else made).usage
    assert usage.input_tokens_details.cached_tokens == 5
    assert usage.output_tokens_details.reasoning_tokens == 1


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


def once(door: Running, route: str, given: dict[str, Any], **more: Any) -> Any:
    headers = {**door.bearer, "Idempotency-Key": "k"}
    return door.http.post(f"/v1/{route}", json={"model": "small", "user": "ann", **given, **more}, headers=headers)


FORMS = [("responses", {"input": "hello"}), ("completions", {"prompt": "hello"})]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("route", "given"), FORMS)
def test_every_form_gives_one_answer_under_one_idempotency_key(
    relay: Running, route: str, given: dict[str, str], streamed: bool
) -> None:
    relay.user("ann").add("my sister is Anna")
    first, second = (once(relay, route, given, stream=streamed) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.headers["idempotent-replayed"] == "true"
    assert said(second.text) == said(first.text) == ["answer", "1"]
    assert len(relay.stub.seen) == 1
    assert not relay.service.underway


def said(content: str) -> list[str]:
    """The words of the answer, whatever form they are told in."""
    if not content.startswith(("data:", "event:")):
        body = json.loads(content)
        return str(body["output"][0]["content"][0]["text"] if "output" in body else body["choices"][0]["text"]).split()
    events = [json.loads(line[6:]) for line in content.splitlines() if line.startswith("data: {")]
    deltas = [e["delta"] for e in events if e.get("type") == "response.output_text.delta"]
    return "".join([*deltas, *(c["text"] for e in events for c in e.get("choices", ()))]).split()


def test_a_response_is_replayed_word_for_word(relay: Running) -> None:
    first, second = (once(relay, "responses", {"input": "hello"}).json() for _ in range(2))
    assert first == second
    assert once(relay, "responses", {"input": "more", "previous_response_id": first["id"]}).status_code == 409


def test_a_key_of_one_form_is_none_of_another(relay: Running) -> None:
    both = {"input": "hello", "messages": [{"role": "user", "content": "hello"}]}
    assert once(relay, "responses", both).status_code == 200
    assert once(relay, "chat/completions", both).json()["error"]["code"] == "idempotency_conflict"


def test_nothing_is_replayed_of_whom_nothing_may_be_kept(relay: Running) -> None:
    relay.user("ann").remember(False)
    for route, given in FORMS:
        for _ in range(2):
            assert "idempotent-replayed" not in once(relay, route, given).headers
    assert len(relay.stub.seen) == 4
