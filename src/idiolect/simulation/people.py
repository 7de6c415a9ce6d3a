"""One person of a world: planted truth, the dated records that show it, and probes on it that come later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from idiolect.core.layout import ask, date
from idiolect.core.types import Attribute, Interaction, Message, Post, Preference, Query, Record, Relation, Turn
from idiolect.simulation import facts as planted
from idiolect.simulation import style as styles
from idiolect.simulation import tastes
from idiolect.simulation.language import Language

EPOCH = 1577836800.0  # 2020-01-01
DAY = 86400.0
TODAY = 1460  # probes are asked on this day, after all records
FORMS = {"short": "short answers", "formal": "formal answers", "warm": "a smiley", "call": "to be called {n}"}


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A question with its planted truth; `truth` is plain data, see `oracles`."""

    id: str
    user: str
    task: str
    query: Query
    target: str
    truth: Mapping[str, Any]


@dataclass(kw_only=True)
class Person:
    """Draws a person's records and probes from one generator."""

    user: str
    r: Random
    lang: Language
    history: int  # labelled examples a task
    asked: int  # probes a task
    truth: dict[str, Any] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    probes: dict[str, list[Probe]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.style = styles.Style.draw(self.r, self.lang)
        self.taste = tastes.Taste.draw(self.r, self.lang)
        self.wish = self.r.choice(list(FORMS))
        self.called = self.lang.value(self.r, name=True)
        self.plant_facts()
        self.plant_events()
        self.plant_writing()
        self.plant_judgements()
        self.plant_replies()
        self.plant_knowledge()
        self.records.sort(key=lambda x: (x.time, x.id))
        self.truth |= {"style": self.style.json(), "taste": vars(self.taste), "wish": self.wish, "called": self.called}

    # -- writing down

    def stamp(self, day: int | None = None) -> dict[str, Any]:
        """Id and time of the next record."""
        day = self.r.randrange(1400) if day is None else day
        return {"id": f"r{len(self.records):04d}", "time": EPOCH + day * DAY + self.r.randrange(80000)}

    def says(self, text: str, day: int | None = None) -> None:
        self.records.append(Turn(text=text, **self.stamp(day)))

    def probe(self, task: str, query: Query | str, target: str, **truth: Any) -> None:
        query = Query(messages=(Message("user", query),), task=task, input=query) if isinstance(query, str) else query
        mine = self.probes.setdefault(task, [])
        mine.append(
            Probe(
                id=f"{self.user}/{task}/{len(mine):02d}",
                user=self.user,
                task=task,
                query=query,
                target=target,
                truth=truth,
            )
        )

    def times(self) -> range:
        return range(self.asked)

    # -- facts

    def plant_facts(self) -> None:
        used: set[tuple[str, str]] = set()
        facts = [planted.draw_fact(self.r, self.lang, used, updated=i < 3) for i in range(10)]
        for f in facts:
            for day, text in f.lines:
                self.says(text, day)
        for _ in range(6):
            self.says(planted.clutter(self.r, self.lang, facts))
        statement = self.lang.fill(
            self.r.choice(self.lang.frames("preferences", self.wish, "statements")), self.r, n=self.called
        )
        self.says(statement)
        wanted = FORMS[self.wish].replace("{n}", self.called)
        self.records.append(Preference(dimension=wanted, weight=1.0, **self.stamp()))
        self.truth["facts"] = [{"kind": f.kind, "key": f.key, "value": f.value, "old": f.old} for f in facts]
        updated, single = [f for f in facts if f.old], [f for f in facts if not f.old]
        for i in self.times():
            self.ask_fact("fact", single[i % len(single)])
            self.ask_fact("update", updated[i % len(updated)])
            self.ask_fact("preference", single[i % len(single)])
            hidden = planted.draw_fact(self.r, self.lang, set(used))
            self.ask_fact("unknown", hidden)

    def ask_fact(self, task: str, f: planted.Fact) -> None:
        head, value, tail = planted.answer(self.lang, f.kind, f.key, f.value)
        text = planted.question(self.r, self.lang, f.kind, f.key)
        if task == "unknown":
            self.probe(task, text, f"{head}{planted.UNKNOWN}{tail}", match="contains", value="do not know")
        elif task == "preference":
            target = self.formed(head, value, tail)
            first = head.split()[0]
            self.probe(task, text, target, match="form", wish=self.wish, value=value, name=self.called, head=first)
        else:
            self.probe(
                task, text, f"{head}{value}{tail}", match="contains", value=value, **({"not": f.old} if f.old else {})
            )

    def formed(self, head: str, value: str, tail: str) -> str:
        """The plain answer in the form that this user asked for."""
        full = f"{head}{value}{tail}"
        small = f"{head[:1].lower()}{head[1:]}{value}{tail}"
        return {"short": f"{value}{tail}", "formal": f"Certainly. {full}", "warm": f"{full} :)"}.get(
            self.wish, f"{self.called}, {small}"
        )

    def plant_events(self) -> None:
        r, lang = self.r, self.lang
        towns = [lang.value(r, name=True) for _ in range(r.randint(2, 5))]
        days = sorted(r.sample(range(1400), len(towns)))
        for day, town in zip(days, towns, strict=True):
            self.says(lang.fill(r.choice(lang.frames("facts", "visit", "statements")), r, v=town), day)
        homes = {}
        for relation in r.sample(lang.words("relations"), 2):
            who, where = lang.value(r, name=True), lang.value(r, name=True)
            self.records.append(Relation(name=relation, value=who, **self.stamp()))
            self.says(lang.fill(r.choice(lang.frames("facts", "residence", "statements")), r, n=who, v=where))
            homes[relation] = where
        visit, home = lang.data["facts"]["visit"], lang.data["facts"]["residence"]["answer"]
        self.truth["visits"], self.truth["homes"] = dict(zip(towns, days, strict=True)), homes
        for i in self.times():
            town, day = towns[i % len(towns)], days[i % len(towns)]
            when = date(EPOCH + day * DAY)
            text = lang.fill(r.choice(lang.frames("facts", "visit", "when_questions")), r, v=town)
            self.probe(
                "temporal",
                text,
                visit["when_answer"].replace("{v}", town).replace("{d}", when),
                match="contains",
                value=when,
            )
            text = lang.fill(r.choice(lang.frames("facts", "visit", "count_questions")), r)
            count = str(len(towns))
            self.probe("count", text, visit["count_answer"].replace("{c}", count), match="contains", value=count)
            relation = list(homes)[i % len(homes)]
            text = lang.fill(r.choice(lang.frames("facts", "residence", "questions")), r, k=relation)
            target = home.replace("{k}", relation).replace("{v}", homes[relation])
            self.probe("multi_hop", text, target, match="contains", value=homes[relation])

    # -- writing

    def plant_writing(self) -> None:
        for name, value in self.style.profile():
            self.records.append(Attribute(name=name, value=value, **self.stamp(0)))
        for task, make in (("rewrite", self.rewrite), ("headline", self.headline), ("review", self.review)):
            for _ in range(self.history):
                source, neutral = make()
                text = self.style.render(self.lang.synonyms, neutral)
                self.records.append(Post(task=task, prompt=source, text=text, **self.stamp()))
            for _ in self.times():
                source, neutral = make()
                target = self.style.render(self.lang.synonyms, neutral)
                self.probe(task, ask(task, source), target, match="style", style=self.style.json(), neutral=neutral)

    def rewrite(self) -> tuple[str, str]:
        text = styles.content(self.r, self.lang)
        return text, text

    def headline(self) -> tuple[str, str]:
        note, short, long = styles.headline(self.r, self.lang)
        return note, long if self.style.long else short

    def review(self) -> tuple[str, str]:
        text, signs = tastes.visit(self.r, self.lang)
        return text, tastes.opinion(self.lang, text, signs, [a for a, w in self.taste.aspects.items() if w])

    # -- judgements

    def plant_judgements(self) -> None:
        def tag() -> tuple[str, str, dict[str, Any]]:
            text, topic = tastes.film(self.r, self.lang)
            return text, self.taste.tags[topic], {"match": "exact", "value": self.taste.tags[topic]}

        def rate() -> tuple[str, str, dict[str, Any]]:
            text, signs = tastes.visit(self.r, self.lang)
            n = tastes.rating(self.taste, signs)
            return text, str(n), {"match": "number", "value": n, "range": 4}

        def recommend() -> tuple[str, str, dict[str, Any]]:
            text, _, best = tastes.offer(self.r, self.lang, self.taste)
            return text, best, {"match": "exact", "value": best}

        self.plant_labels("tag", tag, 2 * self.history)
        self.plant_labels("rate", rate, self.history)
        self.plant_labels("recommend", recommend, self.history)

    def plant_labels(self, task: str, make: Callable[[], tuple[str, str, dict[str, Any]]], n: int) -> None:
        for _ in range(n):
            text, label, _truth = make()
            self.records.append(Interaction(task=task, prompt=text, text=label, **self.stamp()))
        for _ in self.times():
            text, label, truth = make()
            self.probe(task, ask(task, text), label, **truth)

    def plant_replies(self) -> None:
        r, lang = self.r, self.lang
        bodies = lang.data["reply"]["questions"]
        for _ in range(self.history):
            body = r.choice(bodies)
            while True:
                a, b = (tastes.compose(r, lang, body, {}) for _ in range(2))
                left, right = (
                    tastes.satisfaction(self.taste.weights, tastes.features(lang.data["reply"], x)) for x in (a, b)
                )
                if left != right:
                    break
            chosen, rejected = (a, b) if left > right else (b, a)
            self.records.append(Preference(prompt=body["q"], chosen=chosen, rejected=rejected, **self.stamp()))
        for i in self.times():
            body = bodies[(i * 7 + r.randrange(7)) % len(bodies)]
            target = tastes.compose(r, lang, body, self.taste.weights)
            self.probe("reply", ask("reply", body["q"]), target, match="reply", weights=dict(self.taste.weights))
            text, label = tastes.dilemma(r, lang, self.taste)
            self.probe("choose", ask("choose", text), label, match="exact", value=label)

    def plant_knowledge(self) -> None:
        """Beliefs that are wrong, and questions on the same facts: what the user thinks must not bend the truth."""
        known = self.r.sample(self.lang.data["world"]["facts"], self.asked)
        for f in known[: self.asked // 2]:
            self.says(f["wrong"])
        for f in known:
            self.probe("factual", ask("factual", f["q"]), f["a"], match="exact", value=f["a"])

    def all_probes(self) -> Iterator[Probe]:
        return (p for probes in self.probes.values() for p in probes)
