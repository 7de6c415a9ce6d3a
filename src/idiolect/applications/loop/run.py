"""Feedback in stages, and the same unseen questions under each arm after each stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from idiolect.applications.loop.door import Door, opened
from idiolect.applications.loop.visitors import Visitor, visitors
from idiolect.core.errors import BadInput

NONE, ALL, SWAPPED, COPY = "none", "all", "swapped", "copy"
ARMS: Mapping[str, str | None] = {ALL: None, "prompt": "ipa", "weights": "pref", "adapter": "modpo"}  # arm -> pipeline
AT_ONCE = 16  # requests
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """stages: after how many feedbacks is measured. questions: of a person and arm. adapters: whether they are trained
    and measured."""

    users: int = 64
    stages: tuple[int, ...] = (10, 30, 100)
    questions: int = 8
    seed: int = 9001
    adapters: bool = True

    @property
    def arms(self) -> Mapping[str, str | None]:
        return {a: p for a, p in ARMS.items() if self.adapters or a != "adapter"}


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One measured answer. score: of the person's satisfaction; about: whether it is about the question."""

    arm: str
    stage: int
    user: str
    question: str
    text: str
    score: float
    about: float


@dataclass(kw_only=True)
class Measured:
    """All answers of a run."""

    plan: Plan
    answers: list[Answered] = field(default_factory=list)


def measure(plan: Plan, tell: Tell, keep: Callable[[Measured], object] = lambda _: None) -> Measured:
    """Runs a plan on the embedded model.

    Args:
        keep: is given what is known after each stage, as a run of the stages so far.

    Raises:
        BadInput: fewer than two users (another's feedback is a control), or stages that do not rise.
    """
    if plan.users < 2 or list(plan.stages) != sorted(set(plan.stages)) or min(plan.stages, default=0) < 1:
        raise BadInput("loop", f"{plan.users} users, stages {plan.stages}", "Give two users and rising stages.")
    people = visitors(plan.seed, plan.users)
    found = Measured(plan=plan)
    with TemporaryDirectory(prefix="idiolect-loop-") as home, opened(Path(home), adapters=plan.adapters) as door:
        for visitor in people:
            door.enter(visitor, train=plan.adapters)
        found.answers += _asked(door, people, plan, NONE, 0, NONE)
        said = 0
        for place, stage in enumerate(plan.stages):
            _fed(door, people, range(said, stage), tell)
            said = stage
            door.learnt()
            for arm, pipeline in plan.arms.items():
                tell(f"after {stage}: {arm}", stage, plan.stages[-1])
                found.answers += _asked(door, people, plan, arm, stage, pipeline)
            found.answers += _controls(found.answers, people, plan, stage)
            keep(Measured(plan=replace(plan, stages=plan.stages[: place + 1]), answers=[*found.answers]))
    return found


def _fed(door: Door, people: Sequence[Visitor], numbers: range, tell: Tell) -> None:
    """Each person's feedback in its order, several people at once."""

    def all_of(visitor: Visitor) -> None:
        for number in numbers:
            door.feedback(visitor, number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done, _ in enumerate(pool.map(all_of, people), 1):
            tell(f"feedback {numbers.start} to {numbers.stop}", done, len(people))


def _asked(
    door: Door, people: Sequence[Visitor], plan: Plan, arm: str, stage: int, pipeline: str | None
) -> list[Answered]:
    todo = [(v, q) for v in people for q in v.questions.measured[: plan.questions]]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        texts = list(pool.map(lambda one: door.ask(one[0].id, one[1]["q"], pipeline)[0], todo))
    return [_judged(v, q, arm, stage, text) for (v, q), text in zip(todo, texts, strict=True)]


def _judged(visitor: Visitor, question: Mapping[str, str], arm: str, stage: int, text: str) -> Answered:
    return Answered(
        arm=arm,
        stage=stage,
        user=visitor.id,
        question=question["q"],
        text=text,
        score=visitor.satisfaction(text),
        about=visitor.questions.about(question, text),
    )


def _controls(answers: Sequence[Answered], people: Sequence[Visitor], plan: Plan, stage: int) -> list[Answered]:
    """What the next person's feedback made of the same question, and what he liked himself at the nearest one."""
    given = {(a.user, a.question): a.text for a in answers if (a.arm, a.stage) == (ALL, stage)}
    found = []
    for visitor, other in zip(people, [*people[1:], people[0]], strict=True):
        for question in visitor.questions.measured[: plan.questions]:
            found.append(_judged(visitor, question, SWAPPED, stage, given[other.id, question["q"]]))
            found.append(_judged(visitor, question, COPY, stage, visitor.copied(question["q"])))
    return found
