"""The raters' page in a real browser, from a file, as raters open it."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser import Browser, Tab
from idiolect.evaluation.judges.page import DECOY, page
from idiolect.evaluation.judges.pairwise import Pair
from idiolect.evaluation.judges.raters import agreement, read_all
from idiolect.evaluation.judges.study import Study

pytestmark = pytest.mark.slow
PAIRS = tuple(Pair(id=f"p{i}", question=f"Tea {i}?", first="good", second="bad", user=f"u{i}") for i in range(4))
STUDY = Study("tea", PAIRS, checks=2)
SAVED = "fetch(document.getElementById('save').href).then(r => r.text())"


@pytest.fixture
def tab(browser: Browser) -> Tab:
    """One rater's browser, with storage of its own."""
    return browser.tab("about:blank")


def opened(tab: Tab, folder: Path, study: Study, rater: str) -> None:
    """Opens a rater's page in this browser; whatever was open is left."""
    file = folder / f"{study.name}-{study.digest}-{rater}.html"
    file.write_text(page(study, rater), encoding="utf-8")
    tab.send("Page.navigate", url="about:blank")
    tab.until("location.href === 'about:blank'")
    tab.send("Page.navigate", url=file.as_uri())
    tab.until("document.readyState === 'complete' && document.getElementById('bar')?.textContent")


def bar(tab: Tab) -> str:
    return str(tab.run("document.getElementById('bar').textContent"))


def choose(tab: Tab, wanted: str, times: int = 1) -> None:
    """Takes the answer with these words, of a check the one that is none."""
    for _ in range(times):
        left = tab.run("document.getElementById('left').textContent")
        right = tab.run("document.getElementById('right').textContent")
        take_left = right == DECOY or (left != DECOY and left == wanted)
        tab.press("Left is better" if take_left else "Right is better")


def saved(tab: Tab, folder: Path, rater: str) -> Path:
    path = folder / f"{rater}.json"
    path.write_text(str(tab.run(SAVED)), encoding="utf-8")
    return path


def test_a_rater_goes_on_where_he_stopped_and_his_answers_come_back(tab: Tab, tmp_path: Path) -> None:
    opened(tab, tmp_path, STUDY, "ann")
    choose(tab, "good", 3)
    assert bar(tab) == "3 of 6"
    opened(tab, tmp_path, STUDY, "ann")
    assert bar(tab) == "3 of 6"
    choose(tab, "good", 3)
    assert not tab.run("document.getElementById('done').hidden")
    (ann,) = read_all([saved(tab, tmp_path, "ann")], STUDY)
    assert dict(ann.sides) == {p.id: "first" for p in PAIRS}
    assert (ann.passed, ann.checks) == (2, 2)
    assert not tab.faults()


def test_two_raters_on_one_browser_never_meet_each_others_answers(tab: Tab, tmp_path: Path) -> None:
    opened(tab, tmp_path, STUDY, "ann")
    choose(tab, "good", 6)
    opened(tab, tmp_path, STUDY, "ben")
    assert bar(tab) == "0 of 6"
    choose(tab, "bad", 6)
    ben = saved(tab, tmp_path, "ben")
    opened(tab, tmp_path, STUDY, "ann")
    people = read_all([saved(tab, tmp_path, "ann"), ben], STUDY)
    assert [set(p.sides.values()) for p in people] == [{"first"}, {"second"}]
    found = agreement(people)
    assert found is not None
    assert found <= 0


def test_a_study_whose_words_changed_begins_anew(tab: Tab, tmp_path: Path) -> None:
    opened(tab, tmp_path, STUDY, "ann")
    choose(tab, "good", 2)
    opened(tab, tmp_path, Study("tea", PAIRS[:3], checks=2), "ann")
    assert bar(tab) == "0 of 5"


def test_names_with_a_common_seam_share_nothing(tab: Tab, tmp_path: Path) -> None:
    opened(tab, tmp_path, Study("tea", PAIRS, checks=0), "a-ann")
    choose(tab, "good", 1)
    opened(tab, tmp_path, Study("tea-a", PAIRS, checks=0), "ann")
    assert bar(tab) == "0 of 4"
