"""What was asked once is known, and only that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evaluation.parrot import Parrot
from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Block, Idiolect, Stream
from idiolect.core.method import Access
from idiolect.core.requests import Ask, Key, Request, Sampling
from idiolect.core.types import Message, Query
from idiolect.evaluation.asking import respond
from idiolect.evaluation.asking.recalled import Recalled
from idiolect.evaluation.costs import Metered
from idiolect.evaluation.tasks import Question


class Slow(Parrot):
    """Numbers its answers."""

    access = Access.TEXT

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        first = self.asked
        super().answer(requests, keys)
        return [(f"answer {first + n}",) for n in range(len(requests))]


def ask(text: str, **sampling: Any) -> Ask:
    return Ask(query=Query(messages=(Message("user", text),)), sampling=Sampling(**sampling))


def said(model: Recalled, *asks: Ask, seed: int = 0) -> list[str]:
    return [texts[0] for texts in model.answer(list(asks), [Key(seed=seed, user=str(n)) for n in range(len(asks))])]


def test_the_second_process_knows_what_the_first_was_told(tmp_path: Path) -> None:
    first = Recalled(Slow(), tmp_path)
    told = said(first, ask("a"), ask("b"))
    model = Slow()
    second = Recalled(model, tmp_path)
    assert said(second, ask("b"), ask("c"), ask("a")) == [told[1], "answer 0", told[0]]
    assert (second.recalled, model.asked) == ((True, False, True), 1)


def test_the_same_is_asked_once_though_it_stands_twice(tmp_path: Path) -> None:
    model = Slow()
    assert said(Recalled(model, tmp_path), ask("a"), ask("a")) == ["answer 0", "answer 0"]
    assert model.asked == 1


@pytest.mark.parametrize("other", [{"max_tokens": 9}, {"stop": ("x",)}, {"top_p": 0.5}])
def test_another_sampling_is_another_question(tmp_path: Path, other: dict[str, Any]) -> None:
    model = Recalled(Slow(), tmp_path)
    assert said(model, ask("a")) != said(model, ask("a", **other))


def test_what_is_drawn_is_known_under_its_seed_alone(tmp_path: Path) -> None:
    model = Recalled(Slow(), tmp_path)
    drawn = said(model, ask("a", temperature=1.0), seed=1)
    assert said(model, ask("a", temperature=1.0), seed=1) == drawn
    assert said(model, ask("a", temperature=1.0), seed=2) != drawn


def test_what_stands_in_the_prompt_belongs_to_the_question(tmp_path: Path) -> None:
    model = Recalled(Slow(), tmp_path)
    shown = Ask(query=ask("a").query, idiolect=Idiolect(streams=(Stream(context=(Block("His:", ("- x",)),)),)))
    assert said(model, ask("a")) != said(model, shown)


def test_another_model_knows_nothing_of_it(tmp_path: Path) -> None:
    said(Recalled(Slow(), tmp_path), ask("a"))
    other = Slow()
    other.digest = "parrot-2"
    said(Recalled(other, tmp_path), ask("a"))
    assert other.asked == 1


def test_an_answer_that_more_than_text_bears_on_is_not_looked_up(tmp_path: Path) -> None:
    model = Slow()
    kept = Recalled(model, tmp_path)
    said(kept, ask("a"))
    two = Ask(query=ask("a").query, idiolect=Idiolect(streams=(Stream(), Stream())))
    assert said(kept, two) == ["answer 1"]


def test_prompts_are_not_kept_and_answers_are_for_their_owner_alone(tmp_path: Path) -> None:
    said(Recalled(Slow(), tmp_path), ask("my secret is sesame"))
    (file,) = tmp_path.iterdir()
    assert b"sesame" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_cache_is_named(tmp_path: Path) -> None:
    (tmp_path / "parrot-1.sqlite").write_bytes(b"x" * 4096)
    with pytest.raises(BadInput, match=r"parrot-1\.sqlite.*Delete that file"):
        Recalled(Slow(), tmp_path)


def test_the_time_of_a_known_answer_is_that_of_asking_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(1000))  # every look at the clock is a second after the one before
    monkeypatch.setattr("time.perf_counter", lambda: float(next(now)))
    question = Question(id="1", user="u", task="", query=ask("a").query, target="", reference="")
    times = []
    for _ in range(2):
        model = Metered(Recalled(Slow(), tmp_path))
        ((answer,),) = respond.answer(None, [respond.Asked(question=question)], model)
        times.append((answer.recalled, answer.milliseconds))
    assert times == [
        (False, 3000.0),
        (True, 2000.0),
    ]  # looked at twice by asking; a second for it, and one for the rest
