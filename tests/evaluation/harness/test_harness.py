"""The real lm-evaluation-harness on small files; skipped where it is not installed."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from evaluation.benchmarks import official
from evaluation.benchmarks.test_readers import lamp, longlamp, longmemeval, written
from evaluation.parrot import Parrot
from idiolect.core.errors import BadInput
from idiolect.evaluation import harness
from idiolect.evaluation.harness import scores

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    lm_eval = pytest.importorskip("lm_eval", reason="lm_eval is not installed: pip install lm_eval")
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.tasks import TaskManager

    from idiolect.evaluation.harness import documents
    from idiolect.evaluation.harness.model import Personal, person

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
FILES = {
    "lamp_3": lamp,
    "longlamp_product_review": longlamp,
    "prefeval": official.prefeval,
    "locomo": official.locomo,
    "longmemeval": longmemeval,
}


def run(name: str, folder: Path, method: str) -> dict[str, Any]:
    """What the harness finds of one task."""
    manager = TaskManager(include_path=harness.tasks(), include_defaults=False, metadata={"data": str(folder)})
    model = Personal(method=method, model=Parrot())
    found = simple_evaluate(model=model, tasks=[f"idiolect_{name}"], task_manager=manager, bootstrap_iters=0)
    assert found is not None
    results: dict[str, Any] = found["results"][f"idiolect_{name}"]
    return results


@pytest.mark.parametrize("name", FILES)
def test_each_task_runs_in_the_real_harness(name: str, tmp_path: Path) -> None:
    found = run(name, written(tmp_path, FILES[name]()), "none")
    assert any(isinstance(v, float) for k, v in found.items() if k != "alias")


def test_the_user_comes_from_the_document(tmp_path: Path) -> None:
    folder = written(tmp_path, lamp())
    assert run("lamp_3", folder, "ipa")["mae,none"] == 2.0  # his one review had 4 stars, 2 were wanted
    assert run("lamp_3", folder, "none")["mae,none"] == 3.0  # no number at all


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
