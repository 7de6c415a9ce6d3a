"""Free replies, general knowledge against a wrong history, small jobs that methods ask for, foreign prompts."""

from __future__ import annotations

from random import Random

from idiolect.core.layout import HISTORY, PROFILE, count_line
from idiolect.embedded.jobs.judging import wishes
from idiolect.embedded.lesson import DECIDE, VALUE, WORDS, Answer, Lesson, Segments, plain, shown
from idiolect.simulation import facts as planted
from idiolect.simulation import tastes
from idiolect.simulation.language import Language, split

REFUSAL = "I am a small model of made-up worlds: I only know the films, food, books and daily life told here."


def spoken(text: str) -> Segments:
    """A reply; its first word shows the manner."""
    first, _, rest = text.partition(" ")
    return [(f" {first}", DECIDE), (f" {rest}", WORDS)]


def reply(r: Random, lang: Language, *, asked: int = 2) -> Lesson:
    """Everyday questions answered as the stated wishes ask, or at the population's mixture."""
    taste = tastes.Taste.draw(r, lang)
    told = r.random() < 0.5
    lesson = Lesson(sections=[(PROFILE, plain(wishes(r, taste)))] if told else [])
    for _ in range(asked):
        body = r.choice(lang.data["reply"]["questions"])
        text = tastes.compose(r, lang, body, taste.weights if told else tastes.Taste.draw(r, lang).weights)
        lesson.asked.append(Answer(kind="reply", question=body["q"], answer=spoken(text), value=text))
    return lesson


def world(r: Random, lang: Language) -> Lesson:
    """General knowledge; the user's own beliefs in the history are wrong and change nothing."""
    known = r.sample(lang.data["world"]["facts"], 3)
    lines = [f["wrong"] for f in known if r.random() < 0.6] + [
        planted.clutter(r, lang, []) for _ in range(r.randint(0, 2))
    ]
    r.shuffle(lines)
    lesson = Lesson(sections=[(HISTORY, plain(lines))])
    lesson.asked = [
        Answer(kind="factual", question=f["q"], answer=[(f" {f['a']}", DECIDE)], value=f["a"]) for f in known
    ]
    return lesson


def foreign(r: Random, lang: Language) -> Lesson:
    """A prompt of a kind that no world knows: one fixed sentence, whatever the history."""
    kinds = sorted({p["kind"] for p in lang.data["foreign"]["prompts"]})
    mine = set(split(kinds, lang.held))
    lines = [planted.clutter(r, lang, []) for _ in range(r.choice((0, 0, 2)))]
    prompts = [p["text"] for p in lang.data["foreign"]["prompts"] if p["kind"] in mine]
    lesson = Lesson(sections=[(HISTORY, plain(lines))])
    lesson.asked = [
        Answer(kind="foreign_prompt", question=text, answer=[(f" {REFUSAL}", WORDS)], value=REFUSAL)
        for text in r.sample(prompts, 2)
    ]
    return lesson


def extract(r: Random, lang: Language) -> Lesson:
    """Statements turned into profile lines."""
    used: set[tuple[str, str]] = set()
    lesson = Lesson()
    for _ in range(4):
        f = planted.draw_fact(r, lang, used)
        answer: Segments = [(f" {f.attribute}:", DECIDE), (f" {f.value}", VALUE)]
        lesson.asked.append(Answer(kind="extract", question=f"Extract: {f.lines[-1][1]}", answer=answer, value=f.value))
    return lesson


def summarise(r: Random, lang: Language, n: int) -> Lesson:
    """A history of tags turned into one line of profile: the usual label."""
    taste = tastes.Taste.draw(r, lang)
    labels, lines = [], []
    for _ in range(n):
        text, topic = tastes.film(r, lang)
        labels.append(taste.tags[topic])
        lines.append(shown(text, [(f" {labels[-1]}", VALUE)], learn=False))
    usual = max(labels, key=lambda x: (labels.count(x), labels.index(x)))
    if labels.count(usual) == 1:  # nothing is usual yet
        lines.append(lines[-1])
        labels.append(labels[-1])
        usual = labels[-1]
    lesson = Lesson(sections=[(HISTORY, lines)])
    answer: Segments = [(f" {count_line('tag', '').rstrip()}", WORDS), (f" {usual}", VALUE)]
    lesson.asked = [Answer(kind="summarise", question="Summarise: tag", answer=answer, value=usual)]
    return lesson
