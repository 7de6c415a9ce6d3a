"""What a real server (vLLM) said, recorded: it is sent what we send, and says what the same model says here."""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch

from idiolect.core.idiolect import Block, Idiolect, Stream
from idiolect.core.layout import HISTORY, PROFILE, ask
from idiolect.core.requests import Ask, Item, Key, Sampling, Score
from idiolect.models.openai import OpenAIModel

RECORDED = json.loads((Path(__file__).parent / "recordings" / "vllm.json").read_text(encoding="utf-8"))
KEY = Key(method="recorded", user="ann")
LABELS = Stream(
    context=(
        Block(
            HISTORY,
            ("- a film about ships => salty", "- a book about the sea => salty", "- a film about bread => warm"),
        ),
    )
)
SHORT = Stream(context=(Block(PROFILE, ("- wants: short answers",)),))
ASKS = [
    Ask(query=ask("tag", "a film about ships"), idiolect=Idiolect(streams=(LABELS,)), sampling=Sampling(max_tokens=16)),
    Ask(query=ask("rewrite", "the trip was good"), sampling=Sampling(max_tokens=24)),
    Ask(
        query=ask("", "What is the capital of France?"),
        idiolect=Idiolect(streams=(SHORT,)),
        sampling=Sampling(max_tokens=24, stop=("\n",)),
    ),
]


class Replay:
    """Answers a request with what the server answered to the same one; any other is a failure of the test."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        for exchange in RECORDED["exchanges"]:
            if exchange["path"] == request.url.path and exchange["request"] == asked:
                return httpx.Response(exchange["status"], json=exchange["response"])
        raise AssertionError(f"never sent to the server: {request.url.path} {asked}")


@pytest.fixture
def server() -> Any:
    with as_file(files("idiolect.embedded").joinpath("weights")) as folder:
        replay = httpx.MockTransport(Replay())
        url = "http://127.0.0.1:8137/v1"
        yield OpenAIModel.open(
            url, "embedded", top_logprobs=5, tokenizer=folder, transport=replay, together=1, key="a-key"
        )


def test_a_real_servers_texts_are_those_of_the_same_model_here(server: OpenAIModel) -> None:
    texts = server.answer(ASKS, [KEY] * len(ASKS))
    assert [t for (t,) in texts] == RECORDED["local"]["texts"]


def test_a_real_servers_log_probabilities_are_those_of_the_same_model_here(server: OpenAIModel) -> None:
    score = Score(items=(Item(query=ASKS[0].query, answer="salty", idiolect=ASKS[0].idiolect),))
    ((scored,),) = server.answer([score], [KEY])
    assert torch.allclose(scored.log_probs, torch.tensor(RECORDED["local"]["log_probs"]), atol=1e-4)
