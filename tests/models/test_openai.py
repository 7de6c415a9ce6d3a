"""A stub that speaks the protocol: what is sent, what is read, what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from idiolect.core.errors import AccessError, BadInput
from idiolect.core.idiolect import Block, Combine, Idiolect, Stream
from idiolect.core.layout import PROFILE, ask
from idiolect.core.requests import Ask, Item, Key, Sampling, Score
from idiolect.generation.drive import run
from idiolect.models.openai import OpenAIModel

SEA = ask("tag", "a film about ships")
COMPLETION = {  # written by hand after the protocol's reference
    "id": "chatcmpl-8a1f",
    "object": "chat.completion",
    "created": 1763700000,
    "model": "small",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "salty"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 2, "total_tokens": 14},
}


class Server:
    """Notes what it is sent; answers in the order given, the last one for ever."""

    def __init__(self, *answers: httpx.Response | Callable[[httpx.Request], httpx.Response]) -> None:
        self.answers, self.seen, self.headers = list(answers), [], []  # type: ignore[var-annotated]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(json.loads(request.content))
        self.headers.append(dict(request.headers))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, content=answer.content)
        return answer(request)


def model(server: Server, **options: Any) -> OpenAIModel:
    return OpenAIModel("http://server/v1/", "small", waits=(0.0, 0.0), transport=httpx.MockTransport(server), **options)


def fine() -> httpx.Response:
    return httpx.Response(200, json=COMPLETION)


def test_the_conversation_is_sent_with_its_context_and_the_text_comes_back() -> None:
    server = Server(fine())
    stream = Stream(context=(Block(PROFILE, ("- wants: short answers",)),))
    sampling = Sampling(max_tokens=9, temperature=0.5, top_p=0.8, stop=("\n",))
    asked = Ask(query=SEA, idiolect=Idiolect(streams=(stream,)), sampling=sampling)
    assert model(server).answer([asked], [Key()]) == [("salty",)]
    (body,) = server.seen
    assert body["messages"] == [
        {"role": "system", "content": "About the user:\n- wants: short answers"},
        {"role": "user", "content": "Tag: a film about ships"},
    ]
    assert (body["model"], body["max_tokens"], body["temperature"], body["top_p"], body["stop"]) == (
        "small", 9, 0.5, 0.8, ["\n"],
    )  # fmt: skip


def test_answers_come_in_the_order_asked() -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        said = json.loads(request.content)["messages"][-1]["content"]
        return httpx.Response(200, json={"choices": [{"message": {"content": said}}]})

    asks = [Ask(query=ask("", str(i))) for i in range(20)]
    assert model(Server(echo)).answer(asks, [Key()] * 20) == [(str(i),) for i in range(20)]


def test_seeds_come_from_the_key() -> None:
    server = Server(fine())
    for key in (Key(user="ann"), Key(user="bob"), Key(user="ann")):
        model(server).answer([Ask(query=SEA)], [key])
    seeds = [body["seed"] for body in server.seen]
    assert seeds[0] == seeds[2] != seeds[1]


def test_a_busy_server_is_asked_again() -> None:
    server = Server(httpx.Response(429), httpx.Response(503), fine())
    assert model(server).answer([Ask(query=SEA)], [Key()]) == [("salty",)]
    assert len(server.seen) == 3


def test_the_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "s3cret")
    server = Server(fine())
    asker = model(server, key_variable="MY_KEY")
    asker.answer([Ask(query=SEA)], [Key()])
    assert server.headers[0]["authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr(asker)


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (unreachable, "Start the server"),
        (httpx.Response(401), "OPENAI_API_KEY"),
        (httpx.Response(404, text="no such model"), "404: no such model"),
        (httpx.Response(503), "503"),
        (httpx.Response(200, text="<html>"), "not a chat completion"),
        (httpx.Response(200, json={"choices": [{}]}), "not a chat completion"),
        (httpx.Response(200, json={"choices": []}), "0 texts where 1"),
    ],
)
def test_what_goes_wrong_is_named_with_its_fix(answer: Any, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        model(Server(answer)).answer([Ask(query=SEA)], [Key()])


def test_no_content_is_an_empty_text() -> None:
    server = Server(httpx.Response(200, json={"choices": [{"message": {"content": None}}]}))
    assert model(server).answer([Ask(query=SEA)], [Key()]) == [("",)]


def test_a_method_that_needs_more_than_text_is_refused() -> None:
    def steered() -> Any:
        combine = Combine(formula=max)
        return (yield Ask(query=SEA, idiolect=Idiolect(streams=(Stream(), Stream()), combine=combine)))

    with pytest.raises(AccessError, match="cos needs LOGITS of small, which gives TEXT"):
        run(steered(), {"base": model(Server(fine()))}, Key(method="cos"))
    with pytest.raises(BadInput, match=r"HFModel\.open"):
        model(Server(fine())).answer([Score(items=(Item(query=SEA),))], [Key()])
