"""PEFT-U (Clarke et al. 2024): sets of texts on which named annotators disagree, split user by user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks.annotators import Judgement
from idiolect.evaluation.benchmarks.annotators import measure as judged
from idiolect.evaluation.benchmarks.card import Card, digest
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.retrieval.protocol import Encoder

SETS = (
    "cockamamie",
    "gabhate",
    "goemotion",
    "hatexplain",
    "measuringhatespeech",
    "studemo",
    "subjectivediscourse_question_sentiment",
    "subjectivediscourse_response",
    "subjectivediscourse_response_sentiment",
    "tweeteval",
    "unhealthyconversations",
    "wikidetox",
)
FILE = "user_data_leaked.json"
CARD = Card(
    title="PEFT-U",
    source="github.com/ChrisIsKing/Parameter-Efficient-Personalization; peft_u/write_data/prepare_<set>.py makes "
    f"data/<set>/{FILE}",
    version="47df06eecda5d4b978392c19a833f8165ce1c09e (peft_u/preprocess/convert_data_format.py)",
    licence="none stated there; each set has its own",
    split=f"<set>/{FILE}, at least one of {', '.join(SETS)}; train against test, a text may be in both by other users",
    protocol="whether the annotator gave the label: accuracy and macro F1, also as means over annotators; one row a "
    "label, but for sets of two labels one row; of larger sets users by md5 until 20,000 labels of training",
    files=(),
    tolerance=0.01,
)
MOST = 20_000
PARTS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Sample:
    """What one annotator said of one text."""

    item: str
    annotator: str
    text: str
    labels: frozenset[str]


Split = Mapping[str, tuple[Sample, ...]]


def read(folder: Path) -> dict[str, Split]:
    """By set, those that are there; each by part.

    Raises:
        BadInput: none is there, a user lacks a part, or a sample its text or label.
    """
    found = {name: _set(folder / name) for name in SETS if (folder / name).is_dir()}
    if not found:
        raise BadInput(folder, f"none of {', '.join(SETS)} is in it", f"They come from {CARD.source}")
    return found


def _set(folder: Path) -> Split:
    made: dict[str, list[Sample]] = {part: [] for part in PARTS}
    users = mapping(CARD.document(folder, FILE), folder / FILE)
    for user, raw in users.items():
        place = f"{folder / FILE}, user {user}"
        for part, samples in mapping(raw, place, *PARTS).items():
            if part not in PARTS:
                raise BadInput(place, f"no part {part!r}", f"Known are {', '.join(PARTS)}")
            items = mapping(samples, f"{place}, {part}").items()
            made[part] += [_sample(user, key, one, f"{place}, {part}, {key}") for key, one in items]
    if not made["train"] or not made["test"]:
        raise BadInput(folder / FILE, "nothing to learn from, or nothing to ask", "Make it again with its script")
    return {part: tuple(samples) for part, samples in made.items()}


def _sample(user: str, key: str, raw: object, place: str) -> Sample:
    item = mapping(raw, place, "text", "label")
    labels = frozenset(text(label, place) for label in listing(item["label"], place))
    if not labels:
        raise BadInput(place, "no label", "Make the file again with its script")
    return Sample(key, user, text(item["text"], place), labels)


def count(data: Mapping[str, Split]) -> dict[str, int]:
    """What is in it."""
    found = {}
    for name, parts in data.items():
        found[f"{name} users"] = len({s.annotator for samples in parts.values() for s in samples})
        found |= {f"{name} {part}": len(samples) for part, samples in parts.items()}
    return found


def measure(data: Mapping[str, Split], encoder: Encoder | None) -> Iterator[Row]:
    """Baselines and ours, set by set and label by label."""
    del encoder
    for name, parts in data.items():
        train = _fewer(parts["train"])
        people = {s.annotator for s in train}
        test = [s for s in parts["test"] if s.annotator in people]
        for label in asked(train):
            yield from judged(_given(train, label), _given(test, label), {}, f"{name}: {label}")


def asked(train: Sequence[Sample]) -> list[str]:
    """The labels that some gave and others did not; one of them where there are two, and nobody gave both."""
    every = sorted({label for s in train for label in s.labels})
    split = [label for label in every if any(label not in s.labels for s in train)]
    return split[:1] if len(every) == 2 and all(len(s.labels) == 1 for s in train) else split


def _given(samples: Sequence[Sample], label: str) -> list[Judgement]:
    return [Judgement(s.item, s.text, s.annotator, int(label in s.labels)) for s in samples]


def _fewer(samples: Sequence[Sample]) -> list[Sample]:
    """Those of so many whole users, in the order of their md5, that there are `MOST` or just more."""
    sizes: dict[str, int] = {}
    for s in samples:
        sizes[s.annotator] = sizes.get(s.annotator, 0) + 1
    kept, total = set(), 0
    for user in sorted(sizes, key=lambda u: digest(f"kept/{u}")):
        if total >= MOST:
            break
        kept.add(user)
        total += sizes[user]
    return [s for s in samples if s.annotator in kept]
