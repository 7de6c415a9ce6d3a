"""Simulated users: from a world's planted truth, by whose oracles they judge, or from a text about a person.

What changed in a world's person comes when its date comes: he tells the old value, is asked for it, and tells the new
one in a later session. In a text, a sentence that takes the place of another ("I live in Oslo" ... "I moved to Bergen",
"he used to bake, now he paints") makes a change, where the reader of facts (`memory.facts`) knows the form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from idiolect.core.errors import BadInput
from idiolect.core.types import Preference, Relation, Turn
from idiolect.evaluation.simulated.likability import Wants
from idiolect.evaluation.simulated.users import Fact, Offer, Person
from idiolect.memory.facts import extract, over
from idiolect.memory.facts.slots import Claim, supersedes
from idiolect.simulation.oracles import holds
from idiolect.simulation.people import Probe
from idiolect.simulation.world import World

OPENS = 6  # everyday questions in all
VERBS = {"is": "am", "has": "have", "was": "was", "does": "do", "goes": "go"}
THIRD = re.compile(r"\b(he|she) ((?:no longer |still |now |also )?)(\w+)\b", re.I)


def from_world(
    world: World, user: str, count: int = 6, *, sessions: int = 3, choices: int = 2, patience: int = 2
) -> Person:
    """Planted facts of a world's user: what he said of them, and the probes that ask for them; half of them change.

    Args:
        count: facts, besides two that need another one. sessions, choices, patience: as `Person` takes them.

    Raises:
        BadInput: the world asks this user for no fact that one of his turns states.
    """
    turns = [r for r in world.records(user) if isinstance(r, Turn)]
    changing = list(_changing(world.probes(user, "update"), turns))[: count // 2]
    lasting = list(_lasting(world.probes(user, "fact"), turns))[: count - len(changing)]
    facts = [*lasting, *(before for before, _ in changing)]
    if not facts:
        raise BadInput(world.name, f"nothing that {user!r} said answers a probe of his", "Take a world with facts")
    drifts = tuple((len(lasting) + n, after) for n, (_, after) in enumerate(changing))
    replies = world.probes(user, "reply")
    asked = {p.query.input: Fact(says=p.target, asks=p.query.input, value="") for p in replies}
    return Person(
        user,
        (*facts, *_references(world, user, turns)),
        drifts,
        sessions=sessions,
        opens=tuple(asked.values())[:OPENS],
        wants=Wants(dict(replies[0].truth["weights"]), {"reply": world.lexicon}) if replies else None,
        offers=offers(world, user) if replies else (),
        choices=choices,
        patience=patience,
    )


def offers(world: World, user: str) -> tuple[Offer, ...]:
    """Pairs of replies that anybody in the world chose between, in an order drawn for the user."""
    chosen = [r for u in world.users for r in world.records(u) if isinstance(r, Preference) and r.prompt]
    pairs = dict.fromkeys((r.prompt, *sorted((r.chosen, r.rejected))) for r in chosen)
    found = [Offer(prompt=prompt, first=a, second=b) for prompt, a, b in pairs]
    draw = Random(f"offers/{user}")
    draw.shuffle(found)
    return tuple(replace(o, first=o.second, second=o.first) if draw.random() < 0.5 else o for o in found)


def _lasting(probes: Sequence[Probe], turns: Sequence[Turn]) -> Iterator[Fact]:
    """Facts that hold to the end, each value once."""
    seen: set[str] = set()
    for probe in probes:
        value = str(probe.truth.get("value", ""))
        said = [t for t in turns if holds(t.text, value)]
        if said and value not in seen:
            seen.add(value)
            yield Fact(says=said[-1].text, asks=probe.query.text, value=value, time=said[-1].time)


def _changing(probes: Sequence[Probe], turns: Sequence[Turn]) -> Iterator[tuple[Fact, Fact]]:
    """Facts before and after they changed, each once, where he said both, in this order."""
    seen: set[str] = set()
    for probe in probes:
        value, old = str(probe.truth.get("value", "")), str(probe.truth.get("not", ""))
        before = [t for t in turns if holds(t.text, old) and not holds(t.text, value)]
        after = [t for t in turns if holds(t.text, value) and before and t.time > before[0].time]
        if after and value not in seen:
            seen.add(value)
            one = Fact(says=before[0].text, asks=probe.query.text, value=old, time=before[0].time)
            yield one, replace(one, says=after[-1].text, value=value, old=old, time=after[-1].time)


def _references(world: World, user: str, turns: Sequence[Turn]) -> Iterator[Fact]:
    """Questions on somebody whom he names by what he is to him: where does my brother live?"""
    named = {r.name: r.value for r in world.records(user) if isinstance(r, Relation)}
    seen: set[str] = set()
    for probe in world.probes(user, "multi_hop"):
        value, asks = str(probe.truth.get("value", "")), probe.query.text
        relation = next((name for name in named if holds(asks, name)), "")
        said = [t for t in turns if relation and holds(t.text, value) and holds(t.text, named[relation])]
        if said and value not in seen:
            seen.add(value)
            before = f"My {relation} is called {named[relation]}."
            yield Fact(says=said[-1].text, asks=asks, value=value, before=before, time=said[-1].time)


def from_text(name: str, text: str, *, sessions: int = 1) -> Person:
    """A person from a description: each sentence is a fact, its longest word that no other has the answer.

    Raises:
        BadInput: the text holds no sentence with a word of its own.
    """
    sentences = [s.strip() for s in re.split(r"(?<=[.!?])\s+|\n+", text) if s.strip()]
    parts = [part for sentence in sentences for part in _clauses(sentence)]
    claims = [_claim(part) for part in parts]
    words = [re.findall(r"[^\W\d_]{4,}", s) for s in parts]
    facts: dict[int, Fact] = {}  # by the place of its sentence
    drifts: list[tuple[int, Fact]] = []
    for n, (part, mine) in enumerate(zip(parts, words, strict=True)):
        if (place := _replaced(claims, n)) in facts:
            last = next((f for p, f in reversed(drifts) if p == place), facts[place])
            value = claims[n].value  # type: ignore[union-attr]
            drifts.append((place, Fact(says=part, asks=facts[place].asks, value=value, old=last.value, time=n)))
            continue
        claim = claims[n]
        later = any(_replaced(claims, m) == n for m in range(n + 1, len(parts)))
        others = {w.lower() for i, ws in enumerate(words) if i != n for w in ws}
        own = sorted((w for w in mine if w.lower() not in others), key=len)
        value = claim.value if claim is not None and later else own[-1] if own else ""
        if value:
            asked = re.sub(rf"\b{re.escape(value)}\b", "what", part).rstrip(".!?")
            facts[n] = Fact(says=part, asks=f"Do you remember: {asked}?", value=value, time=n)
    places = {n: place for place, n in enumerate(facts)}
    changes = tuple((places[n], fact) for n, fact in drifts)
    return Person(name, tuple(facts.values()), changes, sessions=sessions)


def _first_person(sentence: str) -> str:
    """As he would say it of himself, as far as the reader of facts needs it."""

    def said(found: re.Match[str]) -> str:
        verb = found[3].lower()
        return f"I {found[2]}{VERBS.get(verb, verb.removesuffix('s'))}"

    return re.sub(r"\b(?:his|her)\b", "my", THIRD.sub(said, sentence), flags=re.I)


def _clauses(sentence: str) -> list[str]:
    """What was and what is now, where one sentence says both; else the sentence."""
    told = over.told(_first_person(sentence))
    return [text for text, _ in told] if len({was for _, was in told}) > 1 else [sentence]


def _claim(sentence: str) -> Claim | None:
    said = _first_person(sentence)
    said = said[:1].upper() + said[1:]
    return next((c for c in extract.joined(said) if not c.over), None)


def _replaced(claims: Sequence[Claim | None], n: int) -> int:
    """The place of the first sentence whose value the n-th takes; -1 where there is none."""
    new = claims[n]
    if new is None:
        return -1
    slot = (new.kind, new.key)
    earlier = [i for i, c in enumerate(claims[:n]) if c is not None and (c.kind, c.key) == slot]
    return earlier[0] if any(supersedes(new, claims[i].value) for i in earlier if claims[i]) else -1  # type: ignore[union-attr]
