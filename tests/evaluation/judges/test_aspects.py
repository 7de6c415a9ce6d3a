"""ExPerT with a judge that answers from a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from idiolect.core.types import Message
from idiolect.evaluation.judges.asking import judged
from idiolect.evaluation.judges.aspects import Aspects, Matched, Weigh
from idiolect.models.scripted import ScriptedModel

ANSWER = ("sea", "sky", "sun")
REFERENCE = ("sea", "sky", "sun", "sand")
STYLE = {"sea"}  # of these both texts are written alike; all that match say the same


class Judge:
    """Takes texts apart by their words, matches what is called the same, and answers yes or no from a table."""

    def __init__(self, garbled: int = 0) -> None:
        self.garbled = garbled  # answers that cannot be read before each one that can
        self.asked: dict[str, int] = {}

    def __call__(self, said: Sequence[Message]) -> str:
        prompt = said[-1].content
        self.asked[prompt] = self.asked.get(prompt, 0) + 1
        return "well..." if self.asked[prompt] <= self.garbled else self.answer(prompt)

    def answer(self, prompt: str) -> str:
        if "Take the text apart" in prompt:
            words = re.findall(r"Text:\n(.*)", prompt)[0].split()
            return "\n".join(f"Aspect: {w}\nAbout: of the {w}\nEvidence: The {w} is here." for w in words)
        if "Match:" in prompt:
            wanted = re.findall(r"Aspect:\n(\w+)", prompt)[0]
            numbers = {name: number for number, name in re.findall(r"(\d+)\. (\w+):", prompt)}
            return f"Match: {numbers.get(wanted, 'none')}"
        about = re.findall(r"Both are about: (\w+)", prompt)[0]
        assert f"Text 1:\nThe {about} is here." in prompt, "the evidence is judged, not the title"
        return "Same content: yes" if "Same content" in prompt else f"Same style: {'yes' if about in STYLE else 'no'}"


def matched(judge: Judge, answer: str, reference: str, weigh: Weigh = "average") -> Matched:
    flows = {"x": Aspects(weigh=weigh).flow("The beach?", answer, reference)}
    return judged(flows, ScriptedModel(judge))["x"]


def test_the_published_average_of_content_and_style_in_both_directions() -> None:
    found = matched(Judge(), " ".join(ANSWER), " ".join(REFERENCE))
    assert [found.precision, found.recall] == pytest.approx([2 / 3, 1 / 2])
    assert found.f1 == pytest.approx(0.571429, abs=1e-6)
    assert found.unread == 0


@pytest.mark.parametrize(
    ("weigh", "precision", "recall"),
    [("content", 1, 3 / 4), ("style", 1 / 3, 1 / 4), ("and", 1 / 3, 1 / 4), ("or", 1, 3 / 4)],
)
def test_the_published_variants_weigh_the_same_judgements(weigh: Weigh, precision: float, recall: float) -> None:
    found = matched(Judge(), " ".join(ANSWER), " ".join(REFERENCE), weigh)
    assert [found.precision, found.recall] == pytest.approx([precision, recall])


def test_a_match_says_on_which_aspects_it_rests() -> None:
    found = matched(Judge(), "sea rain", "sea")
    assert [(m.aspect.title, m.partner.title if m.partner else "", m.style) for m in found.answer] == [
        ("sea", "sea", True),
        ("rain", "", False),
    ]


@pytest.mark.parametrize(("answer", "reference"), [("", "sea"), ("sea", ""), ("", "")])
def test_an_empty_text_scores_nothing_and_asks_nothing_of_itself(answer: str, reference: str) -> None:
    found = matched(Judge(), answer, reference)
    assert (found.precision, found.recall, found.f1, found.unread) == (0.0, 0.0, 0.0, 0)


def test_a_judge_that_cannot_be_read_is_asked_again() -> None:
    judge = Judge(garbled=2)
    assert matched(judge, " ".join(ANSWER), " ".join(REFERENCE)).f1 == pytest.approx(4 / 7)
    assert min(judge.asked.values()) == 3


def test_what_stays_unreadable_is_unmatched_and_counted() -> None:
    class Silent(Judge):
        def answer(self, prompt: str) -> str:
            return "hm" if "Match:" in prompt else super().answer(prompt)

    judge = Silent()
    found = matched(judge, "sea", "sea")
    assert (found.f1, found.unread) == (0.0, 2)
    assert max(judge.asked.values()) == 22, "eleven times in each direction"
