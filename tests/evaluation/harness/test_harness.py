"""The real lm-evaluation-harness on small files; skipped where it is not installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from evaluation.benchmarks import official
from evaluation.benchmarks.test_readers import longmemeval, written
from evaluation.parrot import Parrot
from idiolect.core.errors import BadInput
from idiolect.evaluation import harness
from idiolect.evaluation.harness import scores

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    lm_eval = pytest.importorskip("lm_eval", reason="lm_eval is not installed: pip install lm_eval")
    from lm_eval.api.model import LM
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.tasks import TaskManager

    from idiolect.evaluation.harness import documents
    from idiolect.evaluation.harness.model import Personal, person

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
PAPER = {"title": "On tea", "abstract": "We brew."}
LAMP: dict[int, tuple[str, dict[str, str], str]] = {  # what is asked, what stands in the profile, what is wanted
    1: ('The title "On cups" cites which? [1]: "A" [2]: "B"', PAPER, "[1]"),
    2: ("Which tag? description: a ship sinks", {"description": "two fall in love", "tag": "romance"}, "classic"),
    3: ("review: dull", {"text": "fine", "score": "4"}, "2"),
    4: ("article: it rained", {"text": "it snowed", "title": "White"}, "Wet again"),
    5: ("Title of a paper: we pour", PAPER, "On pouring"),
    6: ("email: come at noon", {"text": "come at one", "title": "Lunch"}, "Noon meal"),
    7: ("the same way, and nothing after it: I am late", {"text": "soz, late"}, "soz am late"),
}
LONG = {
    "abstract_generation": {"name": "Ada", "profile": [PAPER]},
    "product_review": {"reviewerId": "R1", "profile": [{"description": "a kettle", "reviewText": "It boils."}]},
    "topic_writing": {"author": "Ben", "profile": [{"summary": "boats", "content": "They float."}]},
}


def short(number: int) -> official.Files:
    given, entry, wanted = LAMP[number]
    folder, asked = f"LaMP_{number}", {"id": "1", "input": given, "profile": [{"id": "a", **entry}]}
    outputs = {"task": folder, "golds": [{"id": "1", "output": wanted}]}
    return {f"{folder}/dev_questions.json": [asked], f"{folder}/dev_outputs.json": outputs}


def long(task: str) -> official.Files:
    return {f"{task}_user/test.json": [{"input": "Write of a pan.", "output": "It fries well.", **LONG[task]}]}


FILES: dict[str, Callable[[], official.Files]] = {
    **{f"lamp_{n}": partial(short, n) for n in LAMP},
    **{f"longlamp_{task}": partial(long, task) for task in LONG},
    "prefeval": official.prefeval,
    "locomo": official.locomo,
    "longmemeval": longmemeval,
}
WORST = {"mae": 4.0}  # of all other metrics 0


class Reciting(LM):  # type: ignore[misc]
    """Knows every answer, or says something that is none."""

    def __init__(self, said: str = "") -> None:
        super().__init__()
        self.said = said

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        return [self.said or r.doc["target"] for r in requests]

    def loglikelihood(self, requests: list[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        raise NotImplementedError

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[float]:
        raise NotImplementedError


def run(name: str, folder: Path, model: LM) -> dict[str, float]:
    """What the harness finds of one task, by metric."""
    manager = TaskManager(include_path=harness.tasks(), include_defaults=False, metadata={"data": str(folder)})
    found = simple_evaluate(model=model, tasks=[f"idiolect_{name}"], task_manager=manager, bootstrap_iters=0)
    assert found is not None
    results: dict[str, Any] = found["results"][f"idiolect_{name}"]
    return {k.removesuffix(",none"): v for k, v in results.items() if k.endswith(",none") and "stderr" not in k}


def test_every_task_has_small_files() -> None:
    tasks = {p.stem for p in Path(harness.tasks()).glob("*.yaml") if not p.stem.startswith("_")}
    assert tasks == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_task_gives_full_marks_to_what_is_wanted_and_none_to_what_is_not(name: str, tmp_path: Path) -> None:
    folder = written(tmp_path, FILES[name]())
    best, worst = (run(name, folder, Reciting(said)) for said in ("", "5 zebras"))
    assert best == {metric: float(metric not in WORST) for metric in best} != {}
    assert all(worst[metric] > 0 if metric in WORST else worst[metric] == 0 for metric in best)


@pytest.mark.parametrize("name", FILES)
def test_a_method_answers_every_task_for_the_user_of_the_document(name: str, tmp_path: Path) -> None:
    found = run(name, written(tmp_path, FILES[name]()), Personal(method="ipa", model=Parrot()))
    assert all(0 <= value <= WORST.get(metric, 1.0) for metric, value in found.items())
    assert found


def test_the_user_comes_from_the_document(tmp_path: Path) -> None:
    folder = written(tmp_path, FILES["lamp_3"]())
    known, unknown = (run("lamp_3", folder, Personal(method=m, model=Parrot())) for m in ("ipa", "none"))
    assert known["mae"] == 2.0  # his one review had 4 stars, 2 were wanted
    assert unknown["mae"] == 3.0  # no number at all


def test_without_a_folder_the_task_says_how_to_name_it() -> None:
    with pytest.raises(BadInput, match="was not said"):
        documents.locomo()


def test_a_document_without_a_user_is_refused() -> None:
    request = type("Request", (), {"doc": {"question": "?"}, "args": ("?", {})})()
    with pytest.raises(BadInput, match="lacks user, profile"):
        Personal(model=Parrot()).generate_until([request])


def test_a_broken_profile_is_named() -> None:
    with pytest.raises(BadInput, match="profile of ann, record 0"):
        person("ann", '[{"kind": "poem"}]')


def test_a_bare_text_is_nobodys() -> None:
    with pytest.raises(BadInput, match="belongs to no user"):
        Personal(model=Parrot()).loglikelihood_rolling([])


def test_an_answer_holds_the_wanted_words_in_their_order() -> None:
    assert scores.recalled({"target": "Rex Smith"}, ["It is Rex Smith."])["contains"] == 1.0
    assert scores.recalled({"target": "Rex Smith"}, ["Smith, Rex"])["contains"] == 0.0
