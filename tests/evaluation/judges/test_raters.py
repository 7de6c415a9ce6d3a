from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from idiolect.core.errors import BadInput
from idiolect.evaluation.judges.page import CHECK, DECOY, page
from idiolect.evaluation.judges.pairwise import Pair
from idiolect.evaluation.judges.raters import agreement, by_user, majority, preferred, read, read_all, scores, summary
from idiolect.evaluation.judges.study import Study

PAIRS = [Pair(id=f"p{i}", question="Tea?", first="good tea", second="bad tea", user=f"u{i // 2}") for i in range(16)]
STUDY = Study("tea", tuple(PAIRS), ("kettle", "kiosk"))


def items(study: Study, rater: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(re.findall(r'id="items"[^>]*>(.*?)</script>', page(study, rater))[0])
    return found


def answered(folder: Path, study: Study, rater: str, likes: Callable[[str], bool], *, attentive: bool = True) -> Path:
    """What a rater's browser saves who takes the answer that he likes, if he likes one; checks as he should, or not."""
    said = {}
    for item in items(study, rater):
        check = item["id"].startswith(CHECK)
        sides = [(text != DECOY) == attentive if check else likes(text) for text in (item["left"], item["right"])]
        choice = "tie" if sides[0] == sides[1] else "left" if sides[0] else "right"
        said[item["id"]] = {"choice": choice, "left": item["shows"]}
    path = folder / f"{rater}.json"
    path.write_text(json.dumps({"study": study.name, "digest": study.digest, "rater": rater, "said": said}))
    return path


def good(text: str) -> bool:
    return text.startswith("good")


def test_what_raters_say_comes_back_on_the_side_they_meant(tmp_path: Path) -> None:
    people = read_all([answered(tmp_path, STUDY, r, good) for r in ("ann", "ben")], STUDY)
    assert all(r.attentive and r.checks == 3 for r in people)
    assert set(majority(people).values()) == {"first"}
    assert scores(people) == {p.id: 1.0 for p in PAIRS}


def test_a_rater_who_fails_a_check_is_left_out(tmp_path: Path) -> None:
    careless = read(answered(tmp_path, STUDY, "cat", good, attentive=False), STUDY)
    assert not careless.attentive
    assert agreement([careless, careless]) is None
    assert majority([careless]) == {}


def test_preferences_are_compared_over_users_and_not_over_pairs(tmp_path: Path) -> None:
    uneven = Study("tea", (*PAIRS, *(replace(PAIRS[0], id=f"more{n}", first="poor tea") for n in range(20))))
    found = preferred(uneven, [read(answered(tmp_path, uneven, "ann", good), uneven)])
    assert found.interval.users == 8
    assert found.interval.mean == pytest.approx((7 * 1.0 + 2 * (2 + 0.5 * 20) / 22 - 1) / 8)


def test_what_all_raters_prefer_is_better_beyond_noise_and_what_they_part_on_is_not(tmp_path: Path) -> None:
    ann, ben = (read(answered(tmp_path, STUDY, r, good), STUDY) for r in ("ann", "ben"))
    cat = read(answered(tmp_path, STUDY, "cat", lambda text: not good(text)), STUDY)
    assert preferred(STUDY, [ann, ben]).clear
    assert by_user(STUDY, [ann, cat]) == {f"u{n}": 0.5 for n in range(8)}
    assert not preferred(STUDY, [ann, cat]).clear
    assert "kettle" in summary(STUDY, [ann, ben])["comparison"]["sentence"]


def test_raters_who_agree_by_chance_alone_have_no_kappa(tmp_path: Path) -> None:
    half = {p.id for p in PAIRS[::2]}
    study = Study("tea", tuple(replace(p, first=p.first + " " + p.id) for p in PAIRS))
    ann = read(answered(tmp_path, study, "ann", lambda text: text.split()[-1] in half), study)
    ben = read(answered(tmp_path, study, "ben", lambda text: text.split()[-1] in {p.id for p in PAIRS[:8]}), study)
    assert agreement([ann, ann]) == pytest.approx(1.0)
    assert agreement([ann, ben]) == pytest.approx(0.0)


def test_one_rater_is_not_read_twice(tmp_path: Path) -> None:
    path = answered(tmp_path, STUDY, "ann", good)
    copy = path.with_name("copy.json")
    copy.write_text(path.read_text())
    with pytest.raises(BadInput, match="'ann', whose answers stand in"):
        read_all([path, copy], STUDY)


def test_answers_to_another_study_are_refused(tmp_path: Path) -> None:
    path = answered(tmp_path, STUDY, "ann", good)
    with pytest.raises(BadInput, match="belongs to the study 'tea'"):
        read(path, replace(STUDY, name="coffee"))


def test_answers_to_other_words_of_the_same_name_are_refused(tmp_path: Path) -> None:
    path = answered(tmp_path, STUDY, "ann", good)
    changed = replace(STUDY, pairs=(*PAIRS[:-1], replace(PAIRS[-1], second="worse tea")))
    with pytest.raises(BadInput, match="showed other answers"):
        read(path, changed)


def test_a_page_that_was_not_finished_is_refused(tmp_path: Path) -> None:
    path = answered(tmp_path, STUDY, "ann", good)
    raw = json.loads(path.read_text())
    del raw["said"]["p3"]
    path.write_text(json.dumps(raw))
    with pytest.raises(BadInput, match="1 of the page's pairs were not compared"):
        read(path, STUDY)


def test_nothing_is_said_where_nobody_paid_attention(tmp_path: Path) -> None:
    careless = read(answered(tmp_path, STUDY, "cat", good, attentive=False), STUDY)
    with pytest.raises(BadInput, match="no rater passed all of his checks"):
        preferred(STUDY, [careless])


def test_a_study_comes_back_from_its_file(tmp_path: Path) -> None:
    STUDY.save(tmp_path / "tea.json")
    assert Study.load(tmp_path / "tea.json") == STUDY
    assert Study.load(tmp_path / "tea.json").digest == STUDY.digest


def test_a_study_with_a_pair_that_is_no_pair_names_the_place(tmp_path: Path) -> None:
    STUDY.save(tmp_path / "tea.json")
    raw = json.loads((tmp_path / "tea.json").read_text())
    raw["pairs"][2]["first"] = 7
    (tmp_path / "tea.json").write_text(json.dumps(raw))
    with pytest.raises(BadInput, match=r"pairs\[2\].*'first' is no text"):
        Study.load(tmp_path / "tea.json")


def test_the_page_tells_no_rater_which_side_is_whose_and_ends_no_script() -> None:
    text = page(Study("s", (replace(PAIRS[0], first="</script><b>"),), ("kettle", "kiosk")), "ann")
    assert "</script><b>" not in text
    assert text.count(CHECK) == 1
    assert "kettle" not in text
    assert not re.search(r'(src|href)="http', text)


def test_two_raters_see_other_orders_and_sides() -> None:
    ann, ben = (items(STUDY, rater) for rater in ("ann", "ben"))
    assert [i["id"] for i in ann] != [i["id"] for i in ben]
    sides = [{i["id"]: i["shows"] for i in those} for those in (ann, ben)]
    assert sides[0] != sides[1]
