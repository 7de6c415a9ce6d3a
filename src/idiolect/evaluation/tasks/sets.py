"""Public sets whose questions a generating model answers, told from their files, read by the loaders of `benchmarks`.

| set | a user is | tasks | scored by |
|---|---|---|---|
| LoCoMo | a conversation | kinds of question, but for the adversarial, which have no right answer | ROUGE-1 |
| LongMemEval | a question with its history | kinds of question, abstention | ROUGE-1 |
| PersonaMem | a question with what was said until then | kinds of question | the option's letter |
| PerLTQA | a person | kinds of memory | ROUGE-1 |
| PrefEval | a stated preference with its question | choice; topics are groups | the option's letter |
| LongLaMP | an author | abstract, review, topic | ROUGE-L |

Words in common are what can be counted without a judge: figures of papers that had a model judge are not comparable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.core.types import Attribute, Message, Query, Record, Turn
from idiolect.data.dataset import Asked, Dataset
from idiolect.data.readers import locomo as conversations
from idiolect.evaluation import metrics
from idiolect.evaluation.benchmarks.card import digest
from idiolect.evaluation.benchmarks.generation import longlamp
from idiolect.evaluation.benchmarks.memory import longmemeval, perltqa, personamem, prefeval
from idiolect.evaluation.tasks.dataset import DatasetSource, Told
from idiolect.evaluation.tasks.options import LETTERS, Chosen, put

READ = ("rouge_l", "meteor")  # beside ROUGE-1, where a short answer is read from a long history
SHORTLY = "Answer in as few words as you can."
ADVERSARIAL = conversations.CATEGORIES[5]
MARKS: Mapping[str, tuple[str, ...]] = {  # what lies in the folder of each set: one of these patterns, or its .gz
    "longmemeval": longmemeval.CARD.files,
    "personamem": personamem.CARD.files[:1],
    "perltqa": perltqa.CARD.files[:1],
    "prefeval": ("explicit_preference", "mcq_options"),
    "longlamp": tuple(f"{task}_user" for task in longlamp.SHAPES),
    "locomo": ("locomo*.json",),
}


def recognised(path: Path) -> str:
    """Which set lies in a folder, or is a file; empty: none of these."""
    there = [p.name for p in path.iterdir()] if path.is_dir() else [path.name]
    for name, marks in MARKS.items():
        if any(fnmatch(found.removesuffix(".gz"), mark) for found in there for mark in marks):
            return name
    return ""


def open_set(name: str, path: Path, *, users: int, learners: int) -> DatasetSource:
    """The people of a set, and what they are asked.

    Raises:
        BadInput: a file is missing or cannot be read; says where it comes from.
    """
    dataset, told = SETS[name](path if path.is_dir() or name == "locomo" else path.parent)
    return DatasetSource(dataset, users=users, learners=learners, told=told)


def _locomo(place: Path) -> tuple[Dataset, Told]:
    found = conversations.read(place)
    asked = [replace(q, query=_shortly(q.query)) for q in found.questions if q.task != ADVERSARIAL]
    return replace(found, questions=tuple(asked)), _words()


def _longmemeval(folder: Path) -> tuple[Dataset, Told]:
    cases = longmemeval.read(folder)
    entries = longmemeval.CARD.document(folder, longmemeval.CARD.files[0])
    days = {str(e["question_id"]): str(e["question_date"]) for e in entries}
    people, asked = {}, []
    for case in cases:
        user, day = f"longmemeval-{case.id}", days[case.id]
        people[user] = tuple(sorted(_sessions(case, folder), key=lambda t: t.time))
        said = f"Today is {day}. {case.question}"
        query = replace(_query(said, case.question), time=_day(day, f"{folder}, {case.id}"))
        kind = "abstention" if case.abstains else case.kind
        asked.append(Asked(id=case.id, user=user, task=kind, query=_shortly(query), target=case.answer))
    return Dataset(name=longmemeval.CARD.title, people=people, questions=tuple(asked)), _words()


def _sessions(case: longmemeval.Case, folder: Path) -> Iterator[Turn]:
    for n, (session, stated) in enumerate(zip(case.sessions, case.dates, strict=True)):
        began = _day(stated, f"{folder}, {case.id}, session {n}")
        for i, turn in enumerate(session):
            role, _, text = turn.partition(": ")
            yield _turn(f"{n}/{i}", role, text, str(n), began + i)


def _day(stated: str, place: str) -> float:
    try:
        return datetime.strptime(stated, "%Y/%m/%d (%a) %H:%M").replace(tzinfo=UTC).timestamp()
    except ValueError:
        fix = 'Write it like "2023/05/20 (Sat) 02:21", as in the file that was published'
        raise BadInput(place, f"{stated!r} is no date", fix) from None


def _personamem(folder: Path) -> tuple[Dataset, Told]:
    people: dict[str, tuple[Record, ...]] = {}
    asked, persons = [], {}
    for case in personamem.read(folder):
        user = f"{case.person}#{case.id}"
        people[user] = tuple(_said(n, role, text) for n, (role, text) in enumerate(case.said))
        query = _query(put(case.question, [_bare(o) for o in case.options]), case.question)
        asked.append(Asked(id=case.id, user=user, task=case.kind, query=query, target=LETTERS[case.right]))
        persons[user] = case.person
    whole = Dataset(name=personamem.CARD.title, people=people, questions=tuple(asked))
    return whole, Told(metric=Chosen(), persons=persons, groups={u: f"persona {p}" for u, p in persons.items()})


def _said(number: int, role: str, text: str) -> Record:
    """What the context says of the person stands there as a system message."""
    if role == "system":
        return Attribute(id=str(number), time=float(number), name="about", value=text)
    return _turn(str(number), role, text, "", float(number))


def _turn(ident: str, role: str, text: str, session: str, time: float) -> Turn:
    if role == "assistant":
        return Turn(id=ident, text=text, role="assistant", session=session, time=time, asserted_by="assistant")
    return Turn(id=ident, text=text, session=session, time=time)


def _bare(option: str) -> str:
    """An option without its own letter."""
    return option[3:].strip() if option[:1] == "(" and option[2:3] == ")" else option


def _perltqa(folder: Path) -> tuple[Dataset, Told]:
    found = perltqa.read(folder)
    people = {
        person: tuple(Turn(id=i, text=text, session=i, time=float(n)) for n, (i, text) in enumerate(memories.items()))
        for person, memories in found.documents.items()
    }
    asked = [
        Asked(id=str(n), user=q.owner, task=q.kind, query=_query(q.question), target=q.answer, evidence=q.wanted)
        for n, q in enumerate(found.questions)
    ]
    return Dataset(name=perltqa.CARD.title, people=people, questions=tuple(asked)), _words()


def _prefeval(folder: Path) -> tuple[Dataset, Told]:
    people: dict[str, tuple[Record, ...]] = {}
    asked, topics = [], {}
    for n, case in enumerate(prefeval.read(folder)):
        user = f"prefeval-{n}"
        people[user] = (Attribute(id="preference", name="wants", value=case.preference),)
        shown = sorted(range(len(case.options)), key=lambda i: digest(case.options[i]))
        query = _query(put(case.question, [case.options[i] for i in shown]), case.question)
        asked.append(Asked(id=str(n), user=user, task="choice", query=query, target=LETTERS[shown.index(0)]))
        topics[user] = case.topic
    whole = Dataset(name=prefeval.CARD.title, people=people, questions=tuple(asked))
    return whole, Told(metric=Chosen(), groups=topics)


def _longlamp(folder: Path) -> tuple[Dataset, Told]:
    people: dict[str, tuple[Record, ...]] = {}
    asked: list[Asked] = []
    for task, found in longlamp.read(folder).items():
        people |= {f"{task}/{user}": records for user, records in found.people.items()}
        asked += [replace(q, user=f"{task}/{q.user}") for q in found.questions]
    whole = Dataset(name=longlamp.CARD.title, people=people, questions=tuple(asked))
    return whole, Told(further=("rouge_1", "meteor"))


def _query(said: str, bare: str = "") -> Query:
    """`bare`: what retrieval searches by; empty: what is said."""
    return Query(messages=(Message("user", said),), input=bare or said)


def _shortly(query: Query) -> Query:
    """The question, with the wish for a short answer: the right ones are short, and words beside them count against."""
    return replace(query, messages=(Message("user", f"{query.text} {SHORTLY}"),))


def _words() -> Told:
    return Told(metric=metrics.get("rouge_1"), further=READ)


SETS: Mapping[str, Callable[[Path], tuple[Dataset, Told]]] = {
    "longmemeval": _longmemeval,
    "personamem": _personamem,
    "perltqa": _perltqa,
    "prefeval": _prefeval,
    "longlamp": _longlamp,
    "locomo": _locomo,
}
