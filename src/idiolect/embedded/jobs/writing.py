"""Writing in the user's style: rewrite, headline, review; known from examples, a profile, both, or not at all."""

from __future__ import annotations

from random import Random

from idiolect.core.layout import HISTORY, PROFILE
from idiolect.embedded.lesson import DECIDE, VALUE, Answer, Lesson, Segments, plain, shown
from idiolect.simulation import facts as planted
from idiolect.simulation import style as styles
from idiolect.simulation import tastes
from idiolect.simulation.language import Language


def weighed(parts: list[tuple[str, bool]]) -> Segments:
    """A styled text with its decisions weighted."""
    return [(t, VALUE if heavy else DECIDE) for t, heavy in parts]


def style(r: Random, lang: Language, shots: int, *, asked: int = 2, longest: int = 9, how: str = "") -> Lesson:
    """Rewrite and headline in the user's style, known from examples, from a profile, from both, or not at all."""
    s = styles.Style.draw(r, lang)
    how = how or r.choices(("shots", "profile", "both", "none"), (62, 20, 10, 8))[0]
    task = r.choices(("rewrite", "headline", "review"), (65, 25, 10))[0] if longest > 5 else "rewrite"
    lesson = Lesson()
    cares = r.sample(list(lang.data["aspects"]), 2)

    def one() -> tuple[str, Segments, str]:
        if task == "rewrite":
            source = neutral = styles.content(r, lang, longest=longest)
        elif task == "headline":
            source, short, long = styles.headline(r, lang)
            neutral = long if s.long else short
        else:
            source, signs = tastes.visit(r, lang)
            neutral = tastes.opinion(lang, source, signs, cares)
        return source, weighed(s.parts(lang.synonyms, neutral)), neutral

    if how in ("profile", "both"):
        names = [f"{n}: {v}" for n, v in s.profile() if task == "headline" or n != "length" or r.random() < 0.5]
        names += [f"cares about: {', '.join(cares)}"] if task == "review" else []
        r.shuffle(names)
        lesson.sections.append((PROFILE, plain(names)))
    if how in ("shots", "both"):
        lines = [shown(*one()[:2], learn=i > 0 or how == "both") for i in range(shots)]
        if r.random() < 0.3:
            lines += plain(planted.clutter(r, lang, []) for _ in range(r.randint(1, 3)))
            r.shuffle(lines)
        lesson.sections.append((HISTORY, lines))
    for _ in range(asked):
        if how == "none":
            s = styles.Style.draw(r, lang)
        source, answer, neutral = one()
        command = f"{task.capitalize()}:"
        if task == "rewrite" and r.random() < 0.4:
            command = lang.fill(r.choice(lang.frames("rewrite", "commands")), r)
        if how == "none":  # the population's habits: nothing in the history settles them
            answer = [(t, min(w, DECIDE)) for t, w in answer]
        truth = {"style": s, "neutral": neutral}
        lesson.asked.append(
            Answer(kind="style", question=f"{command} {source}", answer=answer, value=source, truth=truth)
        )
    return lesson
