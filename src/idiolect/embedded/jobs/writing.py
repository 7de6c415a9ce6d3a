"""Writing in the user's style: rewrite, headline, review; known from examples, a profile, both, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from idiolect.core.layout import HISTORY, PROFILE
from idiolect.embedded.jobs import noise
from idiolect.embedded.lesson import DECIDE, VALUE, Answer, Lesson, Segments, plain, shown
from idiolect.simulation import facts as planted
from idiolect.simulation import style as styles
from idiolect.simulation import tastes
from idiolect.simulation.language import Language


def weighed(parts: list[tuple[str, bool]]) -> Segments:
    """A styled text with its decisions weighted."""
    return [(t, VALUE if heavy else DECIDE) for t, heavy in parts]


class Piece(NamedTuple):
    """What is to be written: the text given, its neutral rendering, the user's rendering with loss weights."""

    source: str
    neutral: str
    answer: Segments


@dataclass
class Writer:
    """One user who writes for one task."""

    r: Random
    lang: Language
    task: str
    longest: int

    def __post_init__(self) -> None:
        self.cares = self.r.sample(list(self.lang.data["aspects"]), 2)
        self.change()

    def change(self) -> None:
        """Become another user."""
        self.style = styles.Style.draw(self.r, self.lang)

    def piece(self) -> Piece:
        if self.task == "rewrite":
            source = neutral = styles.content(self.r, self.lang, longest=self.longest)
        elif self.task == "headline":
            source, short, long = styles.headline(self.r, self.lang)
            neutral = long if self.style.long else short
        else:
            source, signs = tastes.visit(self.r, self.lang)
            neutral = tastes.opinion(self.lang, source, signs, self.cares)
        return Piece(source, neutral, weighed(self.style.parts(self.lang.synonyms, neutral)))

    def profile(self) -> list[Segments]:
        """His style as it is stated, among lines on other things."""
        keep = self.task == "headline" or self.r.random() < 0.5
        names = [f"{n}: {v}" for n, v in self.style.profile() if n != "length" or keep]
        names += [f"cares about: {', '.join(self.cares)}"] if self.task == "review" else []
        self.r.shuffle(names)
        other = noise.profile(self.r, self.lang, apart_from="writing") if self.r.random() < 0.4 else []
        return noise.mixed(self.r, plain(names), other)

    def said(self, low: int, high: int) -> list[Segments]:
        """What he said lately: nothing to the point."""
        return plain(planted.clutter(self.r, self.lang, []) for _ in range(self.r.randint(low, high)))

    def command(self) -> str:
        if self.task == "rewrite" and self.r.random() < 0.4:
            return self.lang.fill(self.r.choice(self.lang.frames("rewrite", "commands")), self.r)
        return f"{self.task.capitalize()}:"


def style(
    r: Random, lang: Language, shots: int, *, asked: int = 2, longest: int = 9, how: str = "", task: str = ""
) -> Lesson:
    """Rewrite, headline, review in the user's style, known from examples, from a profile, from both, or not at all."""
    how = how or r.choices(("shots", "profile", "both", "none"), (54, 20, 10, 16))[0]
    task = task or (r.choices(("rewrite", "headline", "review"), (60, 28, 12))[0] if longest > 5 else "rewrite")
    writer, lesson = Writer(r, lang, task, longest), Lesson()
    if how in ("profile", "both"):
        lesson.sections.append((PROFILE, writer.profile()))
    if how in ("shots", "both"):
        pieces = [writer.piece() for _ in range(shots)]
        lines = [shown(p.source, p.answer, learn=i > 0 or how == "both") for i, p in enumerate(pieces)]
        lesson.sections.append((HISTORY, noise.mixed(r, lines, writer.said(1, 3)) if r.random() < 0.3 else lines))
    elif how == "profile" and r.random() < 0.3:
        other = noise.history(r, lang, apart_from="writing", most=4)
        lesson.sections.append((HISTORY, writer.said(0, 4) + other))
    for _ in range(asked):
        if how == "none":  # the population's habits: nothing in the history settles them
            writer.change()
        p = writer.piece()
        answer = [(t, min(w, DECIDE)) for t, w in p.answer] if how == "none" else p.answer
        truth = {"style": writer.style, "neutral": p.neutral}
        question = f"{writer.command()} {p.source}"
        lesson.asked.append(Answer(kind="style", question=question, answer=answer, value=p.source, truth=truth))
    return lesson
