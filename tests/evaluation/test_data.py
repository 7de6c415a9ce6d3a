from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from evaluation.parrot import Parrot
from idiolect.core.errors import BadInput, UnknownName
from idiolect.data.readers import messages
from idiolect.evaluation import table
from idiolect.evaluation.experiment import Experiment
from idiolect.evaluation.report import report
from idiolect.evaluation.run import evaluate
from idiolect.evaluation.tasks.dataset import DatasetSource, continued
from idiolect.evaluation.tasks.locomo import hit, recall, reciprocal


def conversation(name: str, secret: str) -> dict[str, Any]:
    def turn(i: str, text: str) -> dict[str, str]:
        return {"speaker": "Ada", "dia_id": i, "text": text}

    return {
        "sample_id": name,
        "conversation": {
            "session_1_date_time": "1:00 pm on 1 March, 2024",
            "session_1": [turn("D1:1", f"I adopted a parrot called {secret}"), turn("D1:2", "The weather was fine")],
            "session_2_date_time": "1:00 pm on 2 March, 2024",
            "session_2": [turn("D2:1", "I bought some bread"), turn("D2:2", "Then we went home")],
        },
        "qa": [
            {"question": f"Who is {secret} the parrot?", "answer": "hers", "evidence": ["D1:1"], "category": 4},
            {"question": "What is not there?", "answer": "that", "evidence": ["D9:9"], "category": 2},
        ],
    }


def locomo(folder: Path) -> Path:
    data = [conversation("conv-1", "Polly"), conversation("conv-2", "Jack")]
    with gzip.open(folder / "locomo.json.gz", "wt") as file:
        json.dump(data, file)
    return folder


def test_evidence_that_shares_the_questions_words_is_found_by_bm25(tmp_path: Path) -> None:
    given = Experiment(methods=("bm25",), data=str(locomo(tmp_path)), out=str(tmp_path / "out"))
    found = {r.task: r for r in table.read(evaluate(given))}
    assert found["turn R@5"].score == found["session Hit@1"].score == 1.0
    assert (found["session Hit@1"].base, found["session MRR"].base) == (0.0, 0.5)  # the newest session is the other
    assert found["turn R@5"].users == 2
    assert "single-hop" in report(tmp_path / "out").read_text()


def test_a_figure_of_locomo_that_does_not_exist_is_named(tmp_path: Path) -> None:
    given = Experiment(methods=("bm25",), tasks=("turn R@7",), data=str(locomo(tmp_path)), out=str(tmp_path / "out"))
    with pytest.raises(UnknownName, match="did you mean turn R@"):
        evaluate(given)


def test_figures_of_ranking_are_those_worked_out_by_hand() -> None:
    # 3 of the wanted b, d, x: the first two stand at places 2 and 4
    ranking, wanted = list("abcde"), frozenset("bdx")
    assert recall(3)(ranking, wanted) == pytest.approx(1 / 3)
    assert recall(5)(ranking, wanted) == pytest.approx(2 / 3)
    assert (hit(ranking, wanted), reciprocal(ranking, wanted)) == (0.0, 0.5)
    assert reciprocal(ranking, frozenset("x")) == 0.0


def diary(path: Path, users: tuple[str, ...] = ("ann", "bob"), count: int = 10) -> Path:
    said = [
        {"user": u, "text": f"today {u} saw the {n} green boats again", "time": 1000 + n}
        for n in range(count)
        for u in users
    ]
    path.write_text("\n".join(json.dumps(s) for s in said), encoding="utf-8")
    return path


def test_the_last_messages_are_asked_and_nothing_later_is_shown(tmp_path: Path) -> None:
    data = continued(messages.read(diary(tmp_path / "me.jsonl")), queries=16)
    source = DatasetSource(data, users=64, learners=64)
    asked = source.questions("ann", "continue")
    assert [q.query.input for q in asked] == ["today ann saw the"] * 2
    assert asked[0].target == "8 green boats again"
    assert max(r.time for r in source.store().records("ann")) < 1008


def test_ones_own_messages_are_evaluated_with_one_file_and_one_model(tmp_path: Path) -> None:
    path = diary(tmp_path / "me.jsonl")
    given = Experiment(methods=("ipa",), data=str(path), presets="", out=str(tmp_path / "out"))
    (row,) = table.read(evaluate(given, model=Parrot()))
    assert (row.task, row.users) == ("continue", 2)
    assert row.score > 0.7
    assert row.gain is not None


def test_a_single_person_is_evaluated_without_the_control_of_another(tmp_path: Path) -> None:
    path = diary(tmp_path / "me.jsonl", users=("me",))
    given = Experiment(methods=("ipa",), data=str(path), presets="", out=str(tmp_path / "out"))
    (row,) = table.read(evaluate(given, model=Parrot()))
    assert (row.users, row.swapped) == (1, None)


def test_of_many_people_those_learnt_from_are_not_asked(tmp_path: Path) -> None:
    data = continued(messages.read(diary(tmp_path / "us.jsonl", users=tuple(f"p{i}" for i in range(12)))))
    source = DatasetSource(data, users=64, learners=64)
    assert source.users
    assert source.learners
    assert not set(source.users) & set(source.learners)


def test_too_few_messages_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nobody wrote five messages"):
        continued(messages.read(diary(tmp_path / "me.jsonl", count=3)))


def test_data_of_no_known_form_is_said(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(BadInput, match=r"notes\.txt: it is no data"):
        evaluate(Experiment(data=str(tmp_path / "notes.txt"), out=str(tmp_path / "out")))


def test_lamps_ratings_are_reported_by_their_second_metric_too(tmp_path: Path) -> None:
    def profile(score: int) -> list[dict[str, Any]]:
        return [{"id": f"{n}", "text": f"Cup {n}.", "score": score, "date": "2019-02-01"} for n in range(2)]

    text = "What is the score of the following review on a scale of 1 to 5? review: Fine tea."
    people = [{"id": f"{n}", "input": text, "profile": profile(5 if n % 2 else 3)} for n in range(20)]
    golds = [{"id": p["id"], "output": "5"} for p in people]
    (tmp_path / "dev_questions.json").write_text(json.dumps(people))
    (tmp_path / "dev_outputs.json").write_text(json.dumps({"task": "LaMP_3", "golds": golds}))
    given = Experiment(methods=("ipa",), data=str(tmp_path), presets="", out=str(tmp_path / "out"))
    out = evaluate(given, model=Parrot())  # says the last rating it is shown: 5, or 3, which is 2 off
    (row,) = table.read(out)
    (other,) = table.beside(out)
    asked = [json.loads(x) for x in (out / "examples.jsonl").read_text().splitlines()]
    off = [abs(int(e["prediction"]) - 5) for e in asked if e["arm"] == "own"]
    assert (row.score, other["metric"]) == (pytest.approx(sum(off) / len(off)), "rmse")
    assert other["score"] == pytest.approx((sum(x * x for x in off) / len(off)) ** 0.5)
    assert other["gain"] == pytest.approx(4 - other["score"])  # without a number: the farther end of the scale
    page = report(out).read_text()
    assert "By other metrics" in page
    assert "rmse" in page
