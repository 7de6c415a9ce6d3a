"""A user's habits counted from his records: a profile that no model has to write.

    usual label of a task      l* = argmax_l n_l; of numbers the middle one, which the mean error calls for
    label that goes with w     argmax_l  n_wl - n_w n_l / n        seen more often with w than the two would by chance
    way of writing             for each switch its most frequent value, where it is the majority

Counts are added, so records may come in any number of portions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from idiolect.adaptation.prompting.records import slot
from idiolect.core.layout import count_line, line
from idiolect.core.types import Interaction, Post, Record
from idiolect.retrieval.bm25 import words

LONGEST = 3  # words of a label: what is longer is a text
CLOSING = re.compile(r"^(.*\w\W*?)(\.\.\.|[.!?])(\s.*)?$", re.DOTALL)
Counts = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Habits:
    """Counts over records.

    Args:
        labels: task -> label -> how often.
        with_word: task -> word of the item -> label -> how often.
        style: switch -> value -> how often, over the user's posts.
        stated: line of profile by what it is about; a later one stands for an earlier.
    """

    labels: Mapping[str, Counts] = field(default_factory=dict)
    with_word: Mapping[str, Mapping[str, Counts]] = field(default_factory=dict)
    style: Mapping[str, Counts] = field(default_factory=dict)
    stated: Mapping[str, str] = field(default_factory=dict)


def counted(habits: Habits, records: Iterable[Record]) -> Habits:
    """`habits` with these records added."""
    labels = {t: dict(c) for t, c in habits.labels.items()}
    with_word = {t: {w: dict(c) for w, c in by.items()} for t, by in habits.with_word.items()}
    style = {s: dict(c) for s, c in habits.style.items()}
    stated = dict(habits.stated)
    for r in filter(counts, records):
        match r:
            case Interaction():
                add(labels.setdefault(r.task, {}), r.text)
                for word in sorted(set(words(r.prompt))):
                    add(with_word.setdefault(r.task, {}).setdefault(word, {}), r.text)
            case Post():
                for switch, value in switches(r.text).items():
                    add(style.setdefault(switch, {}), value)
            case _:
                stated.pop(slot(r), None)
                stated[slot(r)] = line(r)
    return Habits(labels=labels, with_word=with_word, style=style, stated=stated)


def counts(record: Record) -> bool:
    """Whether the record adds to the counts."""
    match record:
        case Interaction():
            return len(record.text.split()) <= LONGEST
        case Post():
            return True
        case _:
            return bool(slot(record))


def add(counts: dict[str, int], key: str) -> None:
    counts[key] = counts.get(key, 0) + 1


def switches(text: str) -> dict[str, str]:
    """How a text is written: casing, opener ("Well, ..."), closing mark, emoticon and sign-off behind the mark."""
    found = CLOSING.match(text.strip())
    body, mark, tail = (found[1], found[2], found[3] or "") if found else (text.strip(), "none", "")
    opener, comma, _ = body.partition(", ")
    behind = tail.split()
    face = behind.pop(0) if behind and not behind[0].isalnum() and len(behind[0]) <= 4 else "none"
    initial = [w[0] for w in body.split() if w[0].isalpha()]
    upper = [c.isupper() for c in initial]
    casing = "title" if len(upper) > 1 and all(upper) else "sentence" if upper[:1] == [True] else "lower"
    return {
        "casing": casing,
        "opener": opener if comma and len(opener.split()) <= 2 else "none",
        "mark": mark,
        "emoticon": face,
        "sign-off": " ".join(behind) or "none",
    }


def usual(counts: Counts) -> str:
    """The most frequent key; of equals the first in the alphabet. Of numbers the middle one, of two the higher."""
    if all(is_number(key) for key in counts):
        ordered = [key for key in sorted(counts, key=float) for _ in range(counts[key])]
        return ordered[len(ordered) // 2]
    return min(counts, key=lambda key: (-counts[key], key))


def going_with(labels: Counts, with_word: Mapping[str, Counts]) -> dict[str, tuple[str, float]]:
    """Word -> (label that goes with it, its excess over chance), the strongest first; only what exceeds chance."""
    n = sum(labels.values())
    found: dict[str, tuple[str, float]] = {}
    for word, counts in with_word.items():
        n_word = sum(counts.values())
        excess = {label: k - n_word * labels[label] / n for label, k in counts.items()}
        label = min(excess, key=lambda x: (-excess[x], x))
        if excess[label] > 0:
            found[word] = (label, excess[label])
    return dict(sorted(found.items(), key=lambda pair: (-pair[1][1], pair[0])))


def is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def told(habits: Habits, task: str, item: str, most: int) -> list[str]:
    """The profile as lines of prompt for one query: what is stated, then the counts that bear on the task.

    Of the words of a labelled task the item's own come first; at most `most` of them are shown.
    """
    lines = list(habits.stated.values())
    if task in habits.labels:
        labels, with_word = habits.labels[task], habits.with_word.get(task, {})
        lines.append(f"- {count_line(task, usual(labels))}")
        if not all(is_number(label) for label in labels):
            pairs, own = going_with(labels, with_word), set(words(item))
            shown = sorted(pairs, key=lambda w: w not in own)[:most]  # stable: the strongest first within each half
            lines += [f"- {count_line(task, pairs[w][0], w)}" for w in shown]
    elif task and habits.style:
        lines += [f"- {s}: {usual(c)}" for s, c in habits.style.items() if 2 * max(c.values()) > sum(c.values())]
    return lines
