"""How texts are split for the index: any script, and words of two characters are always found."""

from __future__ import annotations

import pytest

from idiolect.retrieval.terms import MOST, asked, indexed

CHINESE = [
    "北京",
    "上海",
    "老师",
    "音乐",
    "电影",
    "苹果",
    "咖啡",
    "工作",
    "学校",
    "朋友",
    "医生",
    "手机",
    "天气",
    "旅行",
    "足球",
    "蓝色",
    "妹妹",
    "哥哥",
    "书店",
    "春天",
]
JAPANESE = [
    "東京",
    "京都",
    "先生",
    "音楽",
    "映画",
    "仕事",
    "学校",
    "友達",
    "電車",
    "天気",
    "旅行",
    "野球",
    "青い",
    "妹の",
    "兄は",
    "本屋",
    "すし",
    "そば",
    "ネコ",
    "イヌ",
]


@pytest.mark.parametrize("word", CHINESE + JAPANESE)
@pytest.mark.parametrize(
    "sentence", ["{}", "我喜欢{}，也喜欢别的。", "私は{}が好きです。", "x{}y", "iPhone{}を買う 3{}"]
)
def test_a_word_of_two_characters_is_found_alone_and_inside_a_sentence(word: str, sentence: str) -> None:
    assert set(asked(word)) <= set(indexed(sentence.format(word, word)))


def test_a_single_character_is_found() -> None:
    assert set(asked("猫")) <= set(indexed("私の猫です"))


def test_a_word_in_a_question_finds_the_word_in_a_text() -> None:
    assert set(asked("北京在哪里？")) & set(indexed("我住在北京"))


def test_neighbours_make_pairs_only_within_a_run() -> None:
    assert "京大" not in indexed("東京 大阪")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café", "cafe"),
        ("ＡＢＣ", "abc"),
        ("ｶﾀｶﾅ", "カタカナ"),
        ("Straße", "STRASSE"),
        ("naïve", "NAIVE"),
        ("Việt", "viet"),
    ],
)
def test_case_width_and_accents_do_not_matter(one: str, other: str) -> None:
    assert indexed(one) == indexed(other)


@pytest.mark.parametrize("text", ["हिन्दी", "русский", "ελληνικά", "עברית", "العربية", "tiếng", "й", "がぎぐ"])
def test_marks_stay_with_their_letters(text: str) -> None:
    assert "".join(dict.fromkeys("".join(asked(text)))) != ""
    assert asked(text) == asked(f" {text}! ")
    assert indexed("が") != indexed("か")


def test_signs_are_no_terms() -> None:
    assert indexed('"*()^:-_ NEAR\0 \ufe0f 🎈') == ["near"]


def test_a_question_looks_a_term_up_once_and_no_more_than_a_bound() -> None:
    assert asked("a b a") == ["a", "b"]
    assert len(asked(" ".join(map(str, range(1000))))) == MOST
