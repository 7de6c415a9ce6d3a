"""Facts from history: single, updated, not known, suggested, counted, dated, two hops away; as the user wishes."""

from __future__ import annotations

from random import Random

from idiolect.core.layout import HISTORY, PROFILE, date
from idiolect.embedded.jobs import noise as noise_lines
from idiolect.embedded.lesson import DECIDE, VALUE, WORDS, Answer, Lesson, Segments, plain
from idiolect.simulation import facts as planted
from idiolect.simulation.language import Language

EPOCH = 1577836800  # 2020-01-01, the first day of every world
DAY = 86400


def when(day: int) -> str:
    return date(EPOCH + day * DAY)


def told(r: Random, lines: list[tuple[int, str]], *, dated: bool) -> list[Segments]:
    """What the user said, oldest first."""
    return plain(f"{when(d)}: {t}" if dated else t for d, t in sorted(lines, key=lambda x: x[0]))


def worded(wish: str, name: str, head: str, value: str, tail: str, weight: float = VALUE) -> Segments:
    """The plain answer under a wish: short, formal, warm or call."""
    out: Segments = [(f" {value}", weight), (tail, WORDS)]
    if wish == "short":
        return out
    if wish == "call":
        first = (f" {name}", VALUE), (",", WORDS), (f" {head[:1].lower()}{head[1:]}".rstrip(), DECIDE)
        return [*first, *out]
    out = [(f" {head}".rstrip(), DECIDE), *out]
    if wish == "formal":
        out = [(" Certainly.", VALUE), *out]
    return [*out, (" :)", VALUE)] if wish == "warm" else out


WISH_LINES = {"short": "short answers", "formal": "formal answers", "warm": "a smiley", "call": "to be called {n}"}


def ask_fact(r: Random, lang: Language, fact: planted.Fact, wish: str, name: str) -> Answer:
    head, value, tail = planted.answer(lang, fact.kind, fact.key, fact.value)
    question = planted.question(r, lang, fact.kind, fact.key)
    kind = "preference" if wish else "update" if fact.old else "fact"
    return Answer(kind=kind, question=question, answer=worded(wish, name, head, value, tail), value=value, old=fact.old)


def ask_unknown(r: Random, lang: Language, used: set[tuple[str, str]], wish: str, name: str) -> Answer:
    """A question on a slot that nobody stated."""
    probe = planted.draw_fact(r, lang, used)
    head, _, tail = planted.answer(lang, probe.kind, probe.key, "")
    answer = worded(wish, name, head, planted.UNKNOWN, tail)
    return Answer(kind="unknown", question=planted.question(r, lang, probe.kind, probe.key), answer=answer)


def suggestion(r: Random, lang: Language, key: str, value: str, wish: str, name: str) -> Answer:
    frame = r.choice(lang.frames("suggest", "questions"))
    question = planted.with_lead(r, lang, lang.fill(frame, r, k=key))
    return Answer(
        kind="suggest", question=question, answer=worded(wish, name, "You could try ", value, "."), value=value
    )


def facts(
    r: Random,
    lang: Language,
    n: int,
    *,
    updates: int = 0,
    noise: int = 0,
    wish: str = "",
    dated: bool | None = None,
    only: str = "",
    beside: float = 0.3,
) -> Lesson:
    """`n` facts, the first `updates` of them stated twice; most are asked, and some slots that nobody stated.

    only: ask one question of this kind alone (fact, unknown, suggest). beside: how often lines about other things stand
    among them, in the profile and in the history.
    """
    used: set[tuple[str, str]] = set()
    stated = [planted.draw_fact(r, lang, used, updated=i < updates) for i in range(n)]
    listed = [f for f in stated if not f.old and not only and r.random() < 0.15]  # stands in the profile instead
    lines = [x for f in stated if f not in listed for x in f.lines]
    lines += [(r.randrange(1400), planted.clutter(r, lang, stated)) for _ in range(noise)]
    name = lang.value(r, name=True)
    profile = [f"{f.attribute}: {f.value}" for f in listed]
    if wish:
        spoken = r.random() < 0.6
        if spoken:
            lines.append(
                (r.randrange(1400), lang.fill(r.choice(lang.frames("preferences", wish, "statements")), r, n=name))
            )
        else:
            profile.append(f"wants: {WISH_LINES[wish].replace('{n}', name)}")
    r.shuffle(profile)
    history = told(r, lines, dated=r.random() < 0.3 if dated is None else dated)
    about, said = plain(profile), history
    if r.random() < beside:
        about = noise_lines.mixed(r, about, noise_lines.profile(r, lang, apart_from="facts"))
    if r.random() < beside:
        said = noise_lines.mixed(r, said, noise_lines.history(r, lang, apart_from="facts"))
    lesson = Lesson(sections=[(PROFILE, about), (HISTORY, said)])
    chosen = [r.choice(stated)] if only else r.choices(stated, k=n // 4) + r.sample(stated, min(n, 6))
    for f in chosen:  # some twice, in other words
        likes = f.kind == "like"
        if only == "unknown" or (not only and r.random() < 0.27):
            lesson.asked.append(ask_unknown(r, lang, used, wish, name))
        elif (only == "suggest" or (not only and r.random() < 0.18)) and likes:
            lesson.asked.append(suggestion(r, lang, f.key, f.value, wish, name))
        else:
            lesson.asked.append(ask_fact(r, lang, f, wish, name))
    return lesson


def nothing(r: Random, lang: Language) -> Lesson:
    """No history: popular defaults, and "not known"."""
    lesson = Lesson()
    defaults = lang.data["words"]["defaults"]
    for _ in range(4):
        if r.random() < 0.5:
            key = r.choice(list(defaults))
            lesson.asked.append(suggestion(r, lang, key, defaults[key], "", ""))
        else:
            lesson.asked.append(ask_unknown(r, lang, set(), "", ""))
    return lesson


def events(r: Random, lang: Language, n: int, *, noise: int = 0, only: str = "") -> Lesson:
    """Visits to count and to date, and homes of people to reach in two hops."""
    towns = [lang.value(r, name=True) for _ in range(n)]
    days = sorted(r.sample(range(1400), n))
    visits = lang.data["facts"]["visit"]
    lines = [
        (d, lang.fill(r.choice(lang.frames("facts", "visit", "statements")), r, v=t))
        for d, t in zip(days, towns, strict=True)
    ]
    lesson = Lesson()
    home = lang.data["facts"]["residence"]["answer"]
    for relation in r.sample(lang.words("relations"), r.randint(1, 2)):
        who, where = lang.value(r, name=True), lang.value(r, name=True)
        day = r.randrange(1400)
        person = planted.Fact(kind="person", key=relation, value=who)
        lines += [(day, planted.state(r, lang, person, who))]
        lines += [
            (r.randrange(1400), lang.fill(r.choice(lang.frames("facts", "residence", "statements")), r, n=who, v=where))
        ]
        question = lang.fill(r.choice(lang.frames("facts", "residence", "questions")), r, k=relation)
        head, tail = home.replace("{k}", relation).split("{v}")
        lesson.asked.append(
            Answer(kind="multi_hop", question=question, answer=worded("", "", head, where, tail), value=where)
        )
    for day, town in r.sample(list(zip(days, towns, strict=True)), min(2, n)):
        question = lang.fill(r.choice(lang.frames("facts", "visit", "when_questions")), r, v=town)
        head, tail = visits["when_answer"].replace("{v}", town).split("{d}")
        lesson.asked.append(
            Answer(kind="temporal", question=question, answer=worded("", "", head, when(day), tail), value=when(day))
        )
    question = lang.fill(r.choice(lang.frames("facts", "visit", "count_questions")), r)
    head, tail = visits["count_answer"].split("{c}")
    tail = tail.replace("towns", "town") if n == 1 else tail
    lesson.asked.append(
        Answer(kind="count", question=question, answer=worded("", "", head, str(n), tail), value=str(n))
    )
    lines += [(r.randrange(1400), planted.clutter(r, lang, [])) for _ in range(noise)]
    lesson.sections = [(HISTORY, told(r, lines, dated=True))]
    r.shuffle(lesson.asked)
    if only:
        lesson.asked = [a for a in lesson.asked if a.kind == only][:1]
    return lesson
