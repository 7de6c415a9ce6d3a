"""A person's way of writing: opener, casing, closing mark, emoticon, sign-off, choice of verbs, length of headlines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from idiolect.simulation.language import Language, split

CASES = ("lower", "sentence", "title")
MARKS = (".", "!", "...")
EYES = [*":;=8x%B|"]
NOSES = ["", "", *"-^o'"]
MOUTHS = [*")(DP/|*3]>}$"]
EVEN = [*"^oOxXTu-><"]  # eyes of a face that stands upright
MIDDLES = [*"_.-v"]


@dataclass(frozen=True, kw_only=True)
class Style:
    """Seven switches; "" is none."""

    case: str
    opener: str
    mark: str
    emoticon: str
    signoff: str
    formal: bool  # the formal verb of each pair of synonyms
    long: bool  # headlines keep the place

    @classmethod
    def draw(cls, r: Random, lang: Language) -> Style:
        return cls(
            case=r.choices(CASES, (45, 35, 20))[0],
            opener=draw_opener(r, lang) if r.random() < 0.55 else "",
            mark=r.choices(MARKS, (40, 40, 20))[0],
            emoticon=draw_emoticon(r, lang) if r.random() < 0.5 else "",
            signoff=draw_signoff(r, lang) if r.random() < 0.25 else "",
            formal=r.random() < 0.5,
            long=r.random() < 0.5,
        )

    def parts(self, pairs: Mapping[str, str], neutral: str) -> list[tuple[str, bool]]:
        """The neutral text in this style as (text, is it a decision) pieces; each begins with a space but for marks.

        pairs: plain verb -> formal verb.
        """
        verbs = set(pairs) | set(pairs.values())
        words = [pairs.get(w, w) if self.formal else w for w in neutral.split()]
        heavy = [w in verbs for w in words]
        if self.opener:
            lead = f"{self.opener},".split()
            words, heavy = [*lead, *words], [False] * len(lead) + heavy
        if self.case == "title":
            words = [w[:1].upper() + w[1:] for w in words]
        elif self.case == "sentence":
            words[0] = words[0][:1].upper() + words[0][1:]
        out = [(f" {w}", h) for w, h in zip(words, heavy, strict=True)] + [(self.mark, True)]
        out += [(f" {self.emoticon}", True)] if self.emoticon else []
        return out + ([(f" {self.signoff}", True)] if self.signoff else [])

    def render(self, pairs: Mapping[str, str], neutral: str) -> str:
        return "".join(t for t, _ in self.parts(pairs, neutral)).strip()

    def profile(self) -> list[tuple[str, str]]:
        """(name, value) lines that state the style in a profile."""
        return [
            ("casing", self.case),
            ("opener", self.opener or "none"),
            ("mark", self.mark),
            ("emoticon", self.emoticon or "none"),
            ("sign-off", self.signoff or "none"),
            ("words", "formal" if self.formal else "plain"),
            ("length", "long" if self.long else "short"),
        ]

    def json(self) -> dict[str, Any]:
        return asdict(self)


def draw_opener(r: Random, lang: Language) -> str:
    """From the list, or in training any one or two words."""
    if not lang.wild or r.random() < 0.35:
        return str(r.choice(split(lang.data["style"]["openers"], lang.held)))
    pool = lang.anything
    return " ".join(lang.word(r) if r.random() < 0.25 else r.choice(pool) for _ in range(r.randint(1, 2)))


def draw_signoff(r: Random, lang: Language) -> str:
    """From the list, or in training any one or two words that are not held out."""
    listed = lang.data["style"]["signoffs"]
    while lang.wild and r.random() < 0.6:
        pool = lang.anything
        text = " ".join(lang.word(r) if r.random() < 0.25 else r.choice(pool) for _ in range(r.randint(1, 2)))
        if text not in split(listed, True):
            return text
    return str(r.choice(split(listed, lang.held)))


def draw_emoticon(r: Random, lang: Language) -> str:
    """From the list, or in training any face that is not held out."""
    known = split(lang.data["style"]["emoticons"], True)
    while lang.wild and r.random() < 0.65:
        eye = r.choice(EVEN)
        upright = r.random() < 0.3
        face: str = f"{eye}{r.choice(MIDDLES)}{eye}" if upright else r.choice(EYES) + r.choice(NOSES) + r.choice(MOUTHS)
        if face not in known:
            return face
    return str(r.choice(split(lang.data["style"]["emoticons"], lang.held)))


def content(r: Random, lang: Language, *, longest: int = 9) -> str:
    """A neutral sentence with one verb of the synonyms; in training mostly any words in any order, to be copied."""
    style = lang.data["style"]
    verb = r.choice(list(style["synonyms"]))
    if not lang.wild or r.random() < 0.4:
        frame = r.choice(lang.frames("style", "content", "sentences"))
        a, b = (lang.word(r) if r.random() < 0.3 else r.choice(lang.nouns) for _ in range(2))
        return lang.fill(frame, r, s=verb, a=a, b=b)
    pool = lang.words("filler") + lang.words("common") + lang.anything
    pairs = set(style["synonyms"]) | set(style["synonyms"].values())
    words = [w for w in r.choices(pool, k=r.randint(2, max(2, longest - 2))) if w not in pairs]
    words += [lang.word(r) for _ in range(r.randint(0, 2))] + [verb]
    r.shuffle(words)
    return " ".join(words)


def headline(r: Random, lang: Language) -> tuple[str, str, str]:
    """(a neutral note, its short neutral headline, its long one, which keeps the place).

    Articles and times go, the place moves before the noun; a fifth of the nouns and of the objects is held out.
    """
    parts = lang.data["style"]["headline"]
    subject, named = r.choice(parts["who"])
    action, done = r.choice(parts["does"])
    pair: Sequence[str] = r.choice(lang.frames("style", "headline", "what"))
    thing, bare = pair
    a, b = (lang.word(r) if r.random() < 0.3 else r.choice(lang.nouns) for _ in range(2))
    person = r.choice(lang.frames("style", "headline", "people"))
    if lang.wild and r.random() < 0.7:  # the noun has to be copied, whatever it is
        person = lang.word(r) if r.random() < 0.5 else r.choice(lang.anything)
    slots = {"s": r.choice(list(lang.synonyms)), "a": a, "b": b, "p": lang.word(r), "n": person}
    when = r.choice(parts["when"])
    note = [when, subject, action, thing] if r.random() < 0.4 else [subject, action, thing, when]
    long = f"{named} {done} {bare}"
    brief = long.replace("{p} ", "")
    full, short, whole = (lang.fill(x, r, **slots) for x in (" ".join(note), brief, long))
    return full, short, whole


def switches(pairs: Mapping[str, str], style: Style, neutral: str, text: str) -> dict[str, bool]:
    """Which switches a text got right: what it shares with the true rendering, switch by switch."""
    want = style.render(pairs, neutral)
    verbs = [(p, f) for p, f in pairs.items() if p in neutral.split()]
    tail = f" {style.emoticon}" * bool(style.emoticon) + f" {style.signoff}" * bool(style.signoff)
    body = text.removesuffix(tail) if text.endswith(tail) else text
    mark = next((m for m in ("...", "!", ".") if body.rstrip().endswith(m)), "")
    opener = text.lower().split(", ")[0] if ", " in text else ""
    low = text.lower().split()
    letters = [w for w in body.split() if w[:1].isalpha()]
    case = (
        "title"
        if len(letters) > 1 and all(w[0].isupper() for w in letters)
        else "sentence"
        if text[:1].isupper()
        else "lower"
    )
    return {
        "case": case == style.case,
        "opener": opener == style.opener.lower(),
        "mark": mark == style.mark,
        "emoticon": (style.emoticon in text.split()) if style.emoticon else body == text or bool(style.signoff),
        "signoff": text.endswith(f" {style.signoff}")
        if style.signoff
        else text.endswith((style.mark, style.emoticon or style.mark)),
        "words": all((f if style.formal else p) in low for p, f in verbs),
        "whole": text.strip() == want,
    }
