"""Questions of a world, whose planted truth scores them."""

from __future__ import annotations

from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.policy import STUDY
from idiolect.data.store import MemoryStore
from idiolect.evaluation.experiment import WorldConfig
from idiolect.evaluation.metrics import Metric
from idiolect.evaluation.metrics.oracle import Oracle
from idiolect.evaluation.tasks import Question
from idiolect.simulation.world import World, make


class WorldSource:
    """The first users of the world are asked, the last are those whom theta is learnt from."""

    def __init__(self, world: World, *, users: int, learners: int, name: str = "world") -> None:
        """
        Raises:
            BadInput: the world has too few people for two to ask and one to learn from.
        """
        people = world.users
        if len(people) < 3:
            fix = "Make one with at least 3: two to ask, so that their data can be swapped, and one to learn from"
            raise BadInput(name, f"the world has {len(people)} users", fix)
        if len(people) < users + learners:  # a file brings the people that it has: split them in the same proportion
            users = min(max(2, round(len(people) * users / (users + learners))), len(people) - 1)
        self.name, self.world = name, world
        self.users: tuple[str, ...] = tuple(people[:users])
        self.learners: tuple[str, ...] = tuple(people[users : users + learners])
        self.tasks: tuple[str, ...] = tuple(world.tasks)

    def store(self) -> MemoryStore:
        """The world's records."""
        store = MemoryStore(STUDY)
        self.world.fill(store)
        return store

    def questions(self, user: str, task: str) -> tuple[Question, ...]:
        """The world's probes of that user and task."""
        return tuple(
            Question(id=p.id, user=user, task=task, query=p.query, target=p.target, reference=p)
            for p in self.world.probes(user, task)
        )

    def group(self, user: str) -> str:
        """The planted group of taste."""
        group = self.world.truth.get(user, {}).get("taste", {}).get("group", "")
        return f"taste {group}" if group != "" else ""

    def person(self, user: str) -> str:
        """Himself."""
        return user

    def metric(self, task: str) -> Metric:
        """The oracle."""
        return Oracle(self.world.score)

    def further(self, task: str) -> tuple[str, ...]:
        """None: the oracle knows what is right."""
        return ()


def open_world(config: WorldConfig, queries: int = 16) -> WorldSource:
    """The population of that JSON file, or one made from the seed: in the wording of a TOML file, or in our own."""
    path = Path(config.file) if config.file else None
    if path and path.suffix != ".toml":
        world, name = World.load(path), path.name
    else:
        people = config.users + config.learners
        world = make(config.seed, people, history=config.records, probes=queries, language=path)
        name = f"seed {config.seed}, {path.name}" if path else f"seed {config.seed}"
    return WorldSource(world, users=config.users, learners=config.learners, name=name)
