from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evaluation.answers import answers, curve, folder, line
from idiolect.core.errors import BadInput
from idiolect.evaluation.experiment import load
from idiolect.evaluation.report import report, sides


class Outline(HTMLParser):
    """Notes what a page holds, and which elements were not closed."""

    VOID = frozenset({"meta", "br", "link", "img", "path", "use", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.count: dict[str, int] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    made = answers("ipa") + answers("oppu", "rewrite", own=0.31) + curve("ipa", "tag")
    path = report(folder(tmp_path_factory.mktemp("report"), made))
    return path.read_text(encoding="utf-8")


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    assert not re.search(r'(src|href)="(?!#)', page)
    assert not re.search(r"url\((?!#)|@import|<script[^>]*src|import\(|fetch\(", page)
    assert "default-src 'none'" in page


def test_every_element_is_closed(page: str) -> None:
    assert Outline(page).open == []


def test_all_answers_can_be_searched_in_the_page(page: str) -> None:
    data = json.loads(re.findall(r'<script type="application/json" id="answers">(.*?)</script>', page, re.S)[0])
    assert {c["m"] for c in data["cells"]} == {"ipa", "oppu"}
    for name in ("method", "task", "user", "which", "words"):
        assert f'name="{name}"' in page


def test_sections_that_the_page_links_to_are_there(page: str) -> None:
    links = re.findall(r'<a href="#(\w+)"', page)
    assert links
    assert all(f'id="{link}"' in page for link in links)


def test_there_are_a_dozen_answers_side_by_side(page: str) -> None:
    assert Outline(page).count["article"] == 12


def drawn(page: str) -> list[str]:
    """The figures; the small lines of the leaderboards apart."""
    return re.findall(r"<figure>.*?(<svg.*?</svg>)", page, flags=re.DOTALL)


def test_the_five_figures_are_there_and_are_whole(page: str) -> None:
    figures = drawn(page)
    assert len(figures) == 5
    for figure in figures:
        assert ElementTree.fromstring(figure).get("role") == "img"


def test_figures_take_their_colours_from_the_page(page: str) -> None:
    figure = drawn(page)[0]
    assert "var(--ink)" in figure
    assert "var(--c0)" in figure
    assert not re.search(r"(fill|stroke): #(?!fff|000)", figure)


def test_no_id_stands_twice(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_light_dark_phone_and_paper_are_provided_for(page: str) -> None:
    for sign in ("prefers-color-scheme: dark", "width=device-width", "@media print"):
        assert sign in page


def test_presets_defaults_and_what_was_tried_are_printed(page: str) -> None:
    assert re.search(r"<td>ipa</td><td class=\"left\"><code>k = 8</code>.*?<code>k = 4</code>.*?<td>3</td>", page, re.S)


def test_noise_is_said_in_words(page: str) -> None:
    assert "oppu cannot be told from no method" in page


def test_the_words_of_users_and_models_are_escaped(tmp_path: Path) -> None:
    made = [{**e, "question": "<b>hi</b>", "prediction": e["prediction"] + "<script>"} for e in answers()]
    text = report(folder(tmp_path, made)).read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "&lt;b&gt;hi" in text


def test_side_by_side_answers_differ_and_come_from_every_method_in_turn() -> None:
    chosen = list(sides(answers("ipa", own=0.5) + answers("oppu", own=0.9)))
    assert all(s.own["prediction"] != s.other["prediction"] for s in chosen)
    assert [s.method for s in chosen[:4]] == ["oppu", "ipa", "oppu", "ipa"]  # what gains most comes first
    assert {s.own["score"] for s in chosen} == {0.0, 1.0}  # right or not


def test_a_report_of_retrieval_has_a_table_by_kind_of_question(tmp_path: Path) -> None:
    kinds = ("temporal", "multi-hop")
    made = [line(user=u, kind=k, arm=a, query=k) for u in "ab" for k in kinds for a in ("own", "base")]
    assert "multi-hop" in report(folder(tmp_path, made)).read_text(encoding="utf-8")


def test_the_table_is_recomputed_from_the_answers(tmp_path: Path) -> None:
    path = folder(tmp_path, answers())
    report(path)
    first = json.loads((path / "results.json").read_text())["rows"]
    (path / "results.json").unlink()
    report(path)
    assert json.loads((path / "results.json").read_text())["rows"] == first


def test_a_folder_without_results_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no results"):
        report(tmp_path)


def test_a_folder_without_answers_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no answers yet"):
        report(folder(tmp_path, []))


def test_what_cannot_be_told_from_noise_has_its_mark_in_every_table(page: str) -> None:
    people = page[page.index('id="people"') : page.index('id="words"')]
    found = re.findall(r"<td>[-+.\d]+ \[[^]]*\]([ ?]*)</td>\s*<td>([.\d]+)</td>", people)
    assert len(found) == 10
    assert all(mark == " ?" for mark, p in found if float(p) > 0.05)
    assert {mark for mark, _ in found} == {"", " ?"}


def test_the_page_says_how_all_of_it_is_run_again(tmp_path: Path) -> None:
    made = answers("ipa") + answers("oppu", "rewrite", own=0.31)
    stated = {"seeds": [3], "queries": 2, "methods": ["oppu"], "tasks": ["rewrite"], "world": {"seed": 7, "users": 4}}
    text = report(folder(tmp_path / "run", made, experiment=stated)).read_text(encoding="utf-8")
    file = tmp_path / "again.toml"
    file.write_text(html.unescape(re.findall(r"<pre>(.*?)</pre>", text, re.S)[0]), encoding="utf-8")
    again = load(file)
    assert (again.methods, again.plan) == (("ipa", "oppu"), {"ipa": ("tag",), "oppu": ("rewrite",)})
    assert (again.seeds, again.queries, again.world.seed, again.world.users) == ((3,), 2, 7, 4)


def test_where_less_is_better_an_error_of_one_is_not_shown_as_full_marks(tmp_path: Path) -> None:
    made = [{**e, "score": 1 - e["score"], "higher_is_better": False} for e in answers()]
    text = report(folder(tmp_path, made)).read_text(encoding="utf-8")
    assert '<span class="good">0.00' in text
    assert '<span class="good">1.00' not in text
    assert "less is better" in text


def test_people_who_are_learnt_from_and_asked_are_not_called_others(tmp_path: Path) -> None:
    for apart, said in ((True, "learnt from 64 others"), (False, "learnt from 64 of them")):
        assert said in report(folder(tmp_path / said, answers(), apart=apart)).read_text(encoding="utf-8")


def test_all_that_is_written_is_json(tmp_path: Path) -> None:
    made = [line(user=f"u{i}", arm=a, score=s) for i in range(8) for a, s in (("own", 1.0), ("base", 0.0))]
    path = folder(tmp_path, made)
    assert "∞" in report(path).read_text(encoding="utf-8")
    assert "Infinity" not in (path / "results.json").read_text(encoding="utf-8")
