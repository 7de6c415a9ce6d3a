"""Sets of dialogues, requests and judgements of many people: what their readers make of the files, and the rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evaluation.benchmarks.official_people import PEOPLE, personaconvbench, personafeedback
from evaluation.benchmarks.test_readers import perltqa, written
from idiolect.core.errors import BadInput
from idiolect.evaluation import benchmarks
from idiolect.evaluation.benchmarks import choosing, finding
from idiolect.evaluation.benchmarks.choosing import Choice
from idiolect.evaluation.benchmarks.finding import Question
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.evaluation.benchmarks.run import run


def asked(*wanted: str) -> tuple[str, Question]:
    return "file, line 1", Question("ann", "told", "Where is the cat?", "on the mat", wanted)


def values(rows: Sequence[Row], part: str, metric: str) -> dict[str, float]:
    """By method."""
    return {r.method: round(r.value, 3) for r in rows if (r.part, r.metric) == (part, metric)}


def measured(name: str, folder: Path) -> list[Row]:
    module = benchmarks.get(name)
    return list(module.measure(module.read(folder), None))


@pytest.mark.parametrize("name", PEOPLE)
def test_a_set_is_read_counted_and_measured_as_plain_data(name: str, tmp_path: Path) -> None:
    found = run(name, written(tmp_path, PEOPLE[name][0]()))
    assert json.loads(json.dumps(found))["card"]["licence"]
    assert bool(found["rows"]) is not found["card"]["model"]


def test_a_question_whose_evidence_is_not_there_is_left_out_and_counted() -> None:
    found = finding.joined({"ann": {"1": "a cat"}}, [asked("1")] * 30 + [asked("9")])
    assert finding.count(found)["questions"] == 30
    assert finding.count(found)["left out, evidence not there"] == 1


def test_files_that_belong_to_different_versions_are_refused() -> None:
    with pytest.raises(BadInput, match="no document has the id '9', and 1 more questions"):
        finding.joined({"ann": {"1": "a cat"}}, [asked("1")] * 30 + [asked("9")] * 2)


def test_evidence_is_sought_among_the_persons_own_documents_alone() -> None:
    documents = {"ann": {"1": "rain", "2": "the cat sat"}, "ben": {"1": "the cat where is the cat"}}
    rows = list(finding.measure(finding.joined(documents, [asked("2")]), cuts=(1,)))
    assert values(rows, "all", "recall@1") == {"BM25": 1.0}


def test_relationships_that_the_file_holds_as_a_python_value_are_read(tmp_path: Path) -> None:
    files = perltqa()
    person = files["perltmem_en_v2.json"]["Ann"]
    person["social_relationship"] = str(person["social_relationship"])
    found = benchmarks.get("perltqa").read(written(tmp_path, files))
    assert found.documents["Ann"]["1_0"] == "Ben brother"


def test_relationships_that_are_neither_are_refused_with_their_person(tmp_path: Path) -> None:
    files = perltqa()
    files["perltmem_en_v2.json"]["Ann"]["social_relationship"] = "{'1_0': "
    with pytest.raises(BadInput, match="no Python value") as caught:
        benchmarks.get("perltqa").read(written(tmp_path, files))
    assert caught.value.where.endswith("Ann")


def test_only_the_test_splits_are_asked_but_every_dialogue_is_searched(tmp_path: Path) -> None:
    found = benchmarks.get("hicupid").read(written(tmp_path, PEOPLE["hicupid"][0]()))
    assert [q.wanted for q in found.questions] == [("1",)]
    assert found.documents["0"]["1"] == "user: My cat is ill.\nassistant: Poor cat."


def test_evidence_is_named_by_its_place_over_all_sessions(tmp_path: Path) -> None:
    found = benchmarks.get("membench").read(written(tmp_path, PEOPLE["membench"][0]()))
    talk, told = (found.documents[q.owner][q.wanted[0]] for q in found.questions)
    assert talk.startswith("My uncle is 41 years old. Noted. (place: Boston, MA")
    assert told.startswith("My uncle is 41 years old. (place")


def test_the_persona_that_has_to_be_inferred_is_not_read(tmp_path: Path) -> None:
    first, second = benchmarks.get("personamem_v2").read(written(tmp_path, PEOPLE["personamem_v2"][0]()))
    assert first.known == second.known == "I hum jazz tunes."
    assert [c.options[c.right] for c in (first, second)] == ["Some jazz tunes", "More jazz"]


def test_a_persona_is_the_line_of_the_users_number(tmp_path: Path) -> None:
    files: dict[str, Any] = personafeedback("2")
    files["persona/all_personas.jsonl"].append({"Name": "Ben", "Preference": {"Food": ["burger"]}})
    data = benchmarks.get("personafeedback").read(written(tmp_path, files))
    assert {c.known for c in data} == {"Ben burger"}


def test_the_reply_most_like_the_person_is_chosen_and_another_persons_is_the_control() -> None:
    choices = [
        Choice("ann", "a", "jazz jazz", ("jazz", "an opera of four acts"), 0),
        Choice("ben", "b", "opera", ("jazz", "an opera of four acts"), 1),
    ]
    rows = list(choosing.measure(choices))
    expected = {"most like the user (BM25)": 1.0, "most like another user": 0.0, "the longest option": 0.5}
    assert values(rows, "all", "accuracy") == expected
    assert values(rows, "b", "accuracy")["the longest option"] == 1.0


def test_a_person_who_is_followed_only_by_himself_is_compared_with_the_first_of_somebody_else() -> None:
    options = ("jazz", "opera")
    owners = ("ann", "ben", "ben")
    rows = choosing.measure([Choice(o, "a", "jazz" if o == "ann" else "opera", options, 0) for o in owners])
    assert values(list(rows), "all", "accuracy")["most like another user"] == round(2 / 3, 3)


def test_the_right_reply_stands_in_every_place_and_always_in_the_same_for_the_same_question() -> None:
    places = [choosing.shuffled("r", ["w", "v"], str(i)) for i in range(40)]
    assert {place for _, place in places} == {0, 1, 2}
    assert all(options[place] == "r" and sorted(options) == ["r", "v", "w"] for options, place in places)
    assert choosing.shuffled("r", ["w", "v"], "7") == places[7]


def test_of_scores_above_zero_the_nearer_half_is_left_out_as_upstream_does(tmp_path: Path) -> None:
    data = benchmarks.get("personaconvbench").read(written(tmp_path, personaconvbench()))
    assert [data.replies[n].score for n in data.asked] == [-6, 40]


def test_a_post_with_few_people_is_not_asked_for_but_its_replies_are_known(tmp_path: Path) -> None:
    files = personaconvbench()
    for comment in files["Raw_Data_Postized.json"][1]["comments"]:
        comment["author"] = "x"
    data = benchmarks.get("personaconvbench").read(written(tmp_path, files))
    assert [data.replies[n].author for n in data.asked] == ["cat"]
    assert len(data.replies) == 9


def test_an_authors_score_is_guessed_from_his_other_replies(tmp_path: Path) -> None:
    rows = measured("personaconvbench", written(tmp_path, personaconvbench()))
    errors = values(rows, "all", "score, MAE")
    assert errors["median of the author's other replies"] == round((abs(-4.5 + 6) + abs(1.5 - 40)) / 2, 3)
    assert values(rows, "all", "above zero, accuracy")["median of the author's other replies"] == 1.0


def test_categories_and_stars_come_from_what_the_user_bought_before(tmp_path: Path) -> None:
    rows = measured("personalwab", written(tmp_path, PEOPLE["personalwab"][0]()))
    assert values(rows, "category", "accuracy")["the user's most frequent"] == 1.0
    assert values(rows, "category", "accuracy")["another user's most frequent"] == 0.0
    assert values(rows, "stars", "MAE")["the user's mean"] == 1.0  # 5 before, 4 now; the 1 came later
    assert values(rows, "stars", "MAE")["another user's mean"] == 2.0


def test_a_claim_stands_as_text_or_in_a_list(tmp_path: Path) -> None:
    (person,) = benchmarks.get("bespoke").read(written(tmp_path, PEOPLE["bespoke"][0]()))
    assert person.queries[0].gold == ("Roads cost.", "Wars cost.", "Schools cost.")
    assert (person.chats, person.searches) == (["user: hello"], ["tax rates"])
