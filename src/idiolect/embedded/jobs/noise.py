"""Lines about other things: a method shows what it knows of a user, not only what one question turns on."""

from __future__ import annotations

from random import Random

from idiolect.core.layout import count_line
from idiolect.embedded.lesson import Segments, plain, shown
from idiolect.simulation import facts as planted
from idiolect.simulation import style as styles
from idiolect.simulation import tastes
from idiolect.simulation.language import Language


def profile(r: Random, lang: Language, *, apart_from: str = "", most: int = 10) -> list[Segments]:
    """Profile lines that bear on something else than `apart_from` ("facts", "writing" or "judging")."""
    lines: list[str] = []
    if apart_from != "facts":
        used: set[tuple[str, str]] = set()
        told = [planted.draw_fact(r, lang, used) for _ in range(r.randint(0, 3))]
        lines += [f"{f.attribute}: {f.value}" for f in told]
        lines += [f"wants: {w}" for w in r.sample(["short answers", "formal answers", "a smiley"], r.choice((0, 1)))]
        lines += [f"wants: {w}" for w in r.sample(list(tastes.WISHES.values()), r.choice((0, 0, 2)))]
    if apart_from != "writing" and r.random() < 0.7:
        lines += [f"{n}: {v}" for n, v in styles.Style.draw(r, lang).profile()]
    if apart_from != "judging" and r.random() < 0.3:
        lines += [count_line("tag", r.choice(tags(lang))), count_line("rate", str(r.randint(1, 5)))]
    return plain(r.sample(lines, min(len(lines), r.randint(1, most))))


def history(r: Random, lang: Language, *, apart_from: str = "", most: int = 3) -> list[Segments]:
    """Lines of other tasks: labelled items and rewritten texts, or what the user said."""
    out: list[Segments] = []
    for _ in range(r.randint(1, most)):
        kind = r.choice([k for k in ("facts", "writing", "judging") if k != apart_from])
        if kind == "facts":
            fact = planted.draw_fact(r, lang, set())
            out += plain([fact.lines[-1][1]])
        elif kind == "writing":
            style, text = styles.Style.draw(r, lang), styles.content(r, lang)
            out.append(shown(text, [(f" {style.render(lang.synonyms, text)}", 0.0)], learn=False))
        elif r.random() < 0.6:
            out.append(shown(tastes.film(r, lang)[0], [(f" {r.choice(tags(lang))}", 0.0)], learn=False))
        else:
            out.append(shown(tastes.visit(r, lang)[0], [(f" {r.randint(1, 5)}", 0.0)], learn=False))
    return out


def tags(lang: Language) -> list[str]:
    """Every tag of every topic."""
    return [t for topic in lang.data["topics"].values() for t in topic["tags"]]


def mixed(r: Random, own: list[Segments], other: list[Segments]) -> list[Segments]:
    """Own lines in their order, other ones anywhere between."""
    out = list(own)
    for line in other:
        out.insert(r.randint(0, len(out)), line)
    return out
