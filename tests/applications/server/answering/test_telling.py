"""What bears on a request is the same whether it is found at once or gone on with from earlier requests."""

from __future__ import annotations

from random import Random

from idiolect.applications.server.answering import dialogue
from idiolect.applications.server.answering.telling import Telling
from idiolect.core.types import Attribute, Record, Turn

WORDS = ("I have a dog.", "i have  A dog.", "Is it late?", "ẞ", "ss", "It rains. Does it?", "")


def drawn(dice: Random, number: int) -> Record:
    began, ended = dice.choice([(None, None), (None, None), (0.0, None), (50.0, None), (None, 50.0), (20.0, 60.0)])
    if dice.random() < 0.2:
        return Attribute(id=f"{number}", name="has", value="a dog", valid_from=began, valid_to=ended)
    return Turn(id=f"{number}", text=dice.choice(WORDS), valid_from=began, valid_to=ended)


def bears(record: Record, there: set[str], asked: str, now: float) -> bool:
    """One record looked at by itself."""
    holds = (record.valid_from or now) <= now and (record.valid_to is None or record.valid_to > now)
    known = isinstance(record, Turn) and (dialogue.asks(record.text) or dialogue.alike(record.text, asked))
    return record.id not in there and holds and not known


def test_it_is_as_if_each_record_was_looked_at_by_itself_each_time() -> None:
    dice, telling, records = Random(5), Telling(), tuple[Record, ...]()
    for step in range(300):
        match dice.choice(["add", "add", "many", "drop", "none"]):
            case "add":
                records = (*records, drawn(dice, step))
            case "many":
                records = (*records, *(drawn(dice, 1000 * step + i) for i in range(3)))
            case "drop" if records:
                place = dice.randrange(len(records))
                records = records[:place] + records[place + 1 :]
        there, asked, now = {r.id for r in records if dice.random() < 0.1}, dice.choice(WORDS), dice.uniform(0, 100)
        telling = telling.of(records)
        assert telling.bearing(there, asked, now) == tuple(r for r in records if bears(r, there, asked, now))


def test_what_was_seen_is_not_looked_at_again() -> None:
    records = tuple(Turn(id=f"{i}", text="I have a dog.") for i in range(3))
    telling = Telling().of(records)
    assert telling.of(tuple(records)) is telling
    grown = telling.of((*records, Turn(id="q", text="Is it late?")))
    assert grown.kept is telling.kept
