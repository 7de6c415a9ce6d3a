"""A person's judgements: the tag he gives a topic, how he rates, what he would rather see, which reply he prefers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from idiolect.simulation.language import Language

RANKS = (0.4, 0.3, 0.2, 0.1)  # how popular the four tags of a topic are, by archetype
FILMS = (
    "a {j} film about {w} and {x}",
    "a {j} story of {w}, with {x}",
    "{w} and {x} in a {j} film",
    "one {j} film on {x} and {w}",
)
REPLIES = (
    "brief",
    "formal",
    "warm",
    "concrete",
)  # dimensions of a reply, each wanted (+1), unwanted (-1) or indifferent (0)
BRIEF = 13  # words of a brief reply, opener and closing apart
WISHES = {  # how a stated wish reads in a profile, by dimension and sign
    ("brief", 1): "short replies",
    ("brief", -1): "long replies",
    ("formal", 1): "a formal tone",
    ("formal", -1): "a casual tone",
    ("warm", 1): "warm words",
    ("warm", -1): "no warm words",
    ("concrete", 1): "exact figures",
    ("concrete", -1): "no figures",
}


@dataclass(frozen=True, kw_only=True)
class Taste:
    """Planted judgements; `tags` topic -> tag, `likes` topic -> how much, `aspects` aspect -> weight."""

    tags: Mapping[str, str]
    likes: Mapping[str, float]
    aspects: Mapping[str, float]
    bias: float
    weights: Mapping[str, int]  # over REPLIES
    group: int

    @classmethod
    def draw(cls, r: Random, lang: Language, *, groups: int = 4) -> Taste:
        group = r.randrange(groups)
        tags = {}
        for i, (name, topic) in enumerate(lang.data["topics"].items()):
            options: Sequence[str] = topic["tags"]
            usual = options[archetype_rank(group, i) % len(options)]
            tags[name] = usual if r.random() < 0.7 else r.choices(options, RANKS[: len(options)])[0]
        names = list(lang.data["aspects"])
        cares = r.sample(names, 2)
        return cls(
            tags=tags,
            likes={t: round(r.gauss(0, 1), 3) for t in lang.data["topics"]},
            aspects={a: 1.5 if a in cares else 0.0 for a in names},
            bias=r.choice((-1.0, 0.0, 1.0)),
            weights=dict(zip(REPLIES, draw_weights(r), strict=True)),
            group=group,
        )


def archetype_rank(group: int, topic: int) -> int:
    """Which of a topic's four tags a group prefers: the first is the most popular over all groups together."""
    return (0, 0, 1, 2)[(group + topic) % 4]


def draw_weights(r: Random) -> list[int]:
    """Signs over the four reply dimensions, at least two of them not indifferent."""
    while True:
        w = [r.choice((-1, 0, 1)) for _ in REPLIES]
        if sum(x != 0 for x in w) >= 2:
            return w


def film(r: Random, lang: Language, topic: str | None = None) -> tuple[str, str]:
    """(text of an item, its topic)."""
    topic = topic or r.choice(list(lang.data["topics"]))
    word = r.choice(lang.data["topics"][topic]["words"])
    adjective = r.choice(lang.words("adjectives"))
    text = r.choice(FILMS).replace("{w}", word).replace("{x}", r.choice(lang.nouns)).replace("{j}", adjective)
    return text, topic


def visit(r: Random, lang: Language) -> tuple[str, dict[str, int]]:
    """(what a visit to a restaurant was like, aspect -> +1 or -1)."""
    chosen = r.sample(list(lang.data["aspects"]), 3)
    signs = {a: r.choice((1, -1)) for a in chosen}
    return ", ".join(r.choice(lang.data["aspects"][a]["good" if s > 0 else "bad"]) for a, s in signs.items()), signs


def opinion(lang: Language, text: str, signs: Mapping[str, int], cares: Sequence[str]) -> str:
    """What a person who cares for some aspects would say of a visit: those of its phrases, or the first one."""
    phrases = dict(zip(signs, text.split(", "), strict=True))
    return " and ".join(p for a, p in phrases.items() if a in cares) or next(iter(phrases.values()))


def rating(taste: Taste, signs: Mapping[str, int]) -> int:
    """1 to 5: three, the person's bias, and the aspects that he cares for."""
    raw = 3 + taste.bias + sum(taste.aspects[a] * s for a, s in signs.items())
    return int(min(5, max(1, round(raw))))


def offer(r: Random, lang: Language, taste: Taste) -> tuple[str, tuple[str, str], str]:
    """(two films to choose from as a query, the candidates, the one the person would take)."""
    topics = r.sample(list(lang.data["topics"]), 2)
    items = tuple(f"the film about {r.choice(lang.data['topics'][t]['words'])}" for t in topics)
    best = items[0] if taste.likes[topics[0]] >= taste.likes[topics[1]] else items[1]
    return f"{items[0]} or {items[1]}", (items[0], items[1]), best


def compose(r: Random, lang: Language, body: Mapping[str, str], features: Mapping[str, int]) -> str:
    """A reply with the given features (+1, -1; 0 is drawn)."""
    f = {d: features.get(d, 0) or r.choice((1, -1)) for d in REPLIES}
    texts = {
        (1, -1): body["short"],
        (1, 1): body["concrete"],
        (-1, -1): f"{body['vague']} {body['long']}",
        (-1, 1): f"{body['long']} {body['concrete']}",
    }
    opener = r.choice(lang.data["reply"]["formal" if f["formal"] > 0 else "casual"])
    text = texts[f["brief"], f["concrete"]]
    text = f"{opener} {text[:1].lower()}{text[1:]}" if opener.endswith(",") else f"{opener} {text}"
    return f"{text} {r.choice(lang.data['reply']['warm'])}" if f["warm"] > 0 else text


def dilemma(r: Random, lang: Language, taste: Taste) -> tuple[str, str]:
    """(a question with two replies A and B, the letter of the one that suits the person)."""
    body = r.choice(lang.data["reply"]["questions"])
    while True:
        a, b = (compose(r, lang, body, {}) for _ in range(2))
        left, right = (satisfaction(taste.weights, features(lang.data["reply"], x)) for x in (a, b))
        if left != right:
            return f"{body['q']} A: {a} B: {b}", "A" if left > right else "B"


def features(reply: Mapping[str, Sequence[str]], text: str) -> dict[str, int]:
    """The features of a reply, read off its text: the oracle's eyes. `reply` lists formal, casual and warm phrases."""
    low, found = text.lower(), {}
    for manner in ("formal", "casual", "warm"):
        phrase = max((p.lower() for p in reply[manner] if p.lower() in low), key=len, default="")
        found[manner] = bool(phrase)
        low = low.replace(phrase, " ") if phrase else low
    return {
        "brief": 1 if len(low.split()) <= BRIEF else -1,
        "formal": int(found["formal"]) - int(found["casual"]),
        "warm": 1 if found["warm"] else -1,
        "concrete": 1 if any(c.isdigit() for c in low) else -1,
    }


def satisfaction(weights: Mapping[str, int], seen: Mapping[str, int]) -> float:
    """Share of the wanted features that a reply has, in [0, 1]."""
    wanted = {d: w for d, w in weights.items() if w}
    return sum(1.0 for d, w in wanted.items() if seen[d] == w) / len(wanted) if wanted else 1.0
