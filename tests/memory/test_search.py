"""Search: words always, vectors where there is an encoder, both fused; in Chinese and Japanese too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.memory.opening import open
from idiolect.memory.search import CATCH_UP, LONGEST
from idiolect.memory.space import Space
from idiolect.memory.user import User
from idiolect.retrieval.dense import MiniLM
from memory_doubles import Letters

CJK = [
    "我住在北京的朝阳区",
    "她每天喝咖啡",
    "私は東京に住んでいます",
    "妹は京都の本屋で働く",
    "I like 寿司 and ラーメン",
]


def texts(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    return [entry["memory"] for entry in found["results"]]


class Failing(Letters):
    """An encoder that must not be asked."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise AssertionError("asked")


@pytest.fixture
def dense(tmp_path: Path) -> Iterator[Space]:
    with open(tmp_path / "dense", encoder=Letters()) as made:
        yield made


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("北京", 0),
        ("朝阳", 0),
        ("咖啡", 1),
        ("东京 東京", 2),
        ("住んで", 2),
        ("京都", 3),
        ("本屋", 3),
        ("寿司", 4),
        ("ラー", 4),
    ],
)
def test_words_of_two_characters_are_found(ann: User, question: str, answer: int) -> None:
    ann.add(CJK)
    assert texts(ann.search(question))[:1] == [CJK[answer]]


def test_a_question_in_a_sentence_finds_the_word(ann: User) -> None:
    ann.add(CJK)
    assert texts(ann.search("你在北京的哪里？", top_k=1)) == [CJK[0]]


def test_inflected_english_is_found(ann: User) -> None:
    ann.add(["She paints houses", "He cooks"])
    assert texts(ann.search("painting a house")) == ["She paints houses"]


def test_rare_words_weigh_more_than_usual_ones(ann: User) -> None:
    ann.add(["we met on the train", *["we met on the way"] * 30])
    assert texts(ann.search("where did we meet, on the train?", top_k=1)) == ["we met on the train"]


def test_a_question_without_words_finds_nothing(ann: User) -> None:
    ann.add("something")
    for question in ("", "?!", " \n", "\0"):
        assert ann.search(question) == {"results": []}


def test_meaning_is_found_where_no_word_is_shared(dense: Space) -> None:
    ann = dense.user("ann")
    ann.add(["silent", "xyz"])
    (first, *_) = ann.search("listen", explain=True)["results"]
    assert (first["memory"], list(first["parts"]), first["parts"]["dense"]["rank"]) == ("silent", ["dense"], 1)


def test_what_stands_first_in_both_lists_scores_one(dense: Space) -> None:
    ann = dense.user("ann")
    ann.add(["tea at noon", "xyz"])
    (first, *_) = ann.search("tea at noon", explain=True)["results"]
    assert first["score"] == 1.0
    assert {name: part["rank"] for name, part in first["parts"].items()} == {"words": 1, "dense": 1}
    assert first["parts"]["dense"]["score"] == pytest.approx(1.0, abs=1e-3)


def test_of_equals_the_newer_comes_first(ann: User) -> None:
    ann.add(["same words, one", "same words, two"])
    first, second = ann.search("same words")["results"]
    assert [first["id"], second["id"]] == [entry["id"] for entry in ann.get_all()["results"]][::-1]


def test_corrected_and_deleted_texts_have_no_vector_that_is_found(dense: Space) -> None:
    ann = dense.user("ann")
    one, other = ann.add(["silent", "tinsel"], wait=True)["results"]
    ann.update(one["id"], "xyz")
    ann.delete(other["id"])
    ann.flush()
    assert texts(ann.search("listen", explain=True)) in ([], ["xyz"])


def test_writing_does_not_wait_for_the_encoder(tmp_path: Path) -> None:
    with open(tmp_path / "home", encoder=Failing()) as space:
        space.user("ann").add("text")
        with pytest.raises(AssertionError, match="asked"):
            space.user("ann").add("text", wait=True)
        assert len(space.user("ann").get_all()["results"]) == 2


def test_a_search_makes_a_bounded_number_of_missing_vectors_and_flush_all(dense: Space) -> None:
    ann = dense.user("ann")
    ann.add([f"text {i}" for i in range(CATCH_UP + 30)])

    def missing() -> int:
        (check,) = [c for c in dense.doctor() if c["check"] == "user 'ann'"]
        return int(check["detail"].split(", ")[1].split()[0]) if "without" in check["detail"] else 0

    assert missing() == CATCH_UP + 30
    ann.search("text")
    assert missing() == 30
    ann.flush()
    assert missing() == 0


def test_vectors_of_another_encoder_are_made_anew(tmp_path: Path) -> None:
    class Wide(Letters):
        dim = 48

    with open(tmp_path / "home", encoder=Letters()) as space:
        space.user("ann").add(["silent", "xyz"], wait=True)
    with open(tmp_path / "home", encoder=Wide()) as space:
        (first, *_) = space.user("ann").search("listen", explain=True)["results"]
        assert (first["memory"], first["parts"]["dense"]["score"]) == ("silent", pytest.approx(1.0, abs=1e-3))
        space.user("ann").flush()
        (path,) = space.store.home.rglob("vectors*.f16")
        assert path.stat().st_size == 2 * 48 * 2


def test_vectors_of_the_old_encoder_serve_until_those_of_the_new_are_whole(tmp_path: Path) -> None:
    class Wide(Letters):
        dim = 48

    def missing(encoder: Letters) -> bool:
        with open(tmp_path / "home", encoder=encoder) as space:
            return any("without a vector" in check["detail"] for check in space.doctor())

    with open(tmp_path / "home", encoder=Letters()) as space:
        space.user("ann").add(["silent", *(f"text {i}" for i in range(CATCH_UP + 6))], wait=True)
    with open(tmp_path / "home", encoder=Wide()) as space:
        space.user("ann").search("listen")
    assert (missing(Letters()), missing(Wide())) == (False, True)
    with open(tmp_path / "home", encoder=Letters()) as space:
        (found,) = space.user("ann").search("listen", top_k=1, explain=True)["results"]
        assert found["parts"]["dense"]["score"] == pytest.approx(1.0, abs=1e-3)
    with open(tmp_path / "home", encoder=Wide()) as space:
        space.user("ann").flush()
        assert len(list(space.store.home.rglob("vectors*.f16"))) == 1
    assert (missing(Letters()), missing(Wide())) == (True, False)


def test_the_file_of_vectors_can_be_lost(dense: Space) -> None:
    ann = dense.user("ann")
    ann.add("tea at noon", wait=True)
    (path,) = dense.store.home.rglob("vectors.f16")
    path.unlink()
    dense.close()
    with open(dense.store.home, encoder=Letters()) as space:
        (found,) = space.user("ann").search("tea", explain=True)["results"]
        assert (found["memory"], set(found["parts"])) == ("tea at noon", {"words", "dense"})


def test_of_a_question_that_is_a_whole_book_only_the_beginning_is_looked_up(tmp_path: Path) -> None:
    seen: list[int] = []

    class Noting(Letters):
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            seen.extend(map(len, texts))
            return super().encode(texts)

    with open(tmp_path / "home", encoder=Noting()) as space:
        ann = space.user("ann")
        ann.add(["I play the violin", "I own a cat"])
        book = "violin " + " ".join(f"word{i}" for i in range(20_000))
        assert ann.search(book) == ann.search(book[:LONGEST])
        assert max(seen) == LONGEST


@pytest.mark.slow
def test_the_packaged_encoder_finds_meaning(tmp_path: Path) -> None:
    with open(tmp_path / "home", encoder=MiniLM()) as space:
        ann = space.user("ann")
        ann.add(["I play the violin in an orchestra", "My car needs new tyres", "I am allergic to peanuts"])
        assert texts(ann.search("What musical instrument?", top_k=1)) == ["I play the violin in an orchestra"]
        assert texts(ann.search("food problems", top_k=1)) == ["I am allergic to peanuts"]
