"""What is run: models, methods, tasks, seeds, metrics, users, and where the results go. A frozen value, read from TOML.

    methods = ["ipa", "oppu", "ipa | oppu"]
    tasks = ["tag", "fact"]        # left out: the tasks that each method's card names
    seeds = [0, 1, 2]
    out = "runs/study"

    [world]
    seed = 1000
    users = 64
    learners = 64

The flags of `idiolect evaluate` replace fields of it (`load(..., methods=...)`): there is nothing that only a flag or
only the file can say.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.requests import Sampling

ARMS = ("own", "base", "swapped", "pooled", "copy", "cousin", "shuffled", "group", "everybody", "across")
ALL = "*"  # in place of a task's name: every task
TOKENS = Sampling.max_tokens
RECORDS = 16
USUAL = ARMS[:6]  # the others answer questions of their own: they are asked for by name


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldConfig:
    """The population: made from `seed`, or read from `file`. theta is learnt from `learners`, scores are of `users`.

    records: labelled examples of each task that a person of a made world has (tags: twice as many).
    """

    seed: int = 1000
    users: int = 64
    learners: int = 64
    records: int = RECORDS
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """models x methods x tasks x seeds on one population.

    Args:
        plan: tasks by method, where they differ; `tasks` given for all wins.
        metrics: names of metrics by task, computed beside what scores it; under "*" for every task. A list is for all.
        seeds: of initial values, batches and sampling; methods that draw nothing run under the first alone.
        queries: at most so many a user and task.
        arms: what each answer is compared with; "own" is always run.
        history: lengths of the learning curve, in records that bear on the task; empty: no curve.
        data: a folder or file of real data; empty: the world.
        model: "embedded", a local Hugging Face folder, or a served one: the address of an OpenAI-compatible server and,
            behind "#", the server's name for the model. Its key stands in the environment: in OPENAI_API_KEY, or as
            "https://SERVER/v1?key=VARIABLE#NAME" says.
        models: several of them, in place of `model`: each method is called "METHOD @ MODEL".
        tokens: at most so many an answer.
        cache: a folder in which a server's answers are kept, so that none is asked for twice; empty: none are.
        presets: name or file of the settings chosen for the model; empty: the papers' defaults.
    """

    methods: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    plan: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0, 1, 2)
    queries: int = 16
    arms: tuple[str, ...] = USUAL
    history: tuple[int, ...] = ()
    metrics: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    world: WorldConfig = field(default_factory=WorldConfig)
    data: str = ""
    model: str = "embedded"
    models: tuple[str, ...] = ()
    tokens: int = TOKENS
    cache: str = "runs/cache"
    presets: str = "embedded"
    out: str = "runs/latest"

    @property
    def fingerprint(self) -> str:
        """Names what answers depend on: a folder of results may grow by methods, tasks and seeds, not change these.

        It may grow by models where `models` names them; whether one of these has changed, the folder's head knows.
        """
        alike = ("queries", "world", "data", "presets", *(() if self.models else ("model",)))
        alike += ("tokens",) if self.tokens != TOKENS else ()
        same = {k: v for k, v in asdict(self).items() if k in alike}
        if self.world.records == RECORDS:  # folders begun before it could be chosen
            del same["world"]["records"]
        return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:16]


def asdict(experiment: Experiment) -> dict[str, Any]:
    """Plain data, as it stands in TOML."""
    return dataclasses.asdict(experiment)


def toml(experiment: Experiment) -> str:
    """The experiment as a file that `load` reads back: what the flags of a command are short for."""
    plain, nested = [], []
    for name, value in asdict(experiment).items():
        if isinstance(value, dict):
            nested += ["", f"[{name}]", *(f"{json.dumps(k)} = {_literal(v)}" for k, v in value.items())]
        else:
            plain.append(f"{name} = {_literal(value)}")
    return "\n".join([*plain, *nested]) + "\n"


def _literal(value: Any) -> str:
    """Texts, numbers and lists of them are written alike in TOML and in JSON."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False).replace("\x7f", "\\u007f")


def load(path: str | Path | None = None, **flags: Any) -> Experiment:
    """An experiment from a TOML file, with the flags that are not None in place of its fields.

    Args:
        flags: fields of `Experiment`; besides, `seed` sets the world's seed and the first of the seeds, and `world`
            a file for the population or its wording.

    Raises:
        BadInput: the file cannot be read, or a value is of the wrong type.
        UnknownName: a field that does not exist.
    """
    where = str(path) if path else "flags"
    experiment = read(_toml(Path(path)), where) if path else Experiment()
    given = {k: v for k, v in flags.items() if v is not None}
    seed, world = given.pop("seed", None), given.pop("world", None)
    if "model" in given:
        given["models"] = ()
    if "methods" in given and "tasks" not in given and not experiment.tasks:
        given["plan"] = {m: t for m, t in experiment.plan.items() if m in given["methods"]}
    experiment = read({**asdict(experiment), **given}, "flags")
    if seed is not None:
        if seed < 0:
            raise BadInput("flags", f"the seed is {seed}", "Give a whole number from 0 on")
        seeds = tuple(seed + i for i in range(len(experiment.seeds)))
        experiment = replace(experiment, seeds=seeds, world=replace(experiment.world, seed=seed))
    if world:
        experiment = replace(experiment, world=replace(experiment.world, file=str(world)))
    return experiment


def read(values: Mapping[str, Any], where: str = "experiment") -> Experiment:
    """An experiment from plain data.

    Raises:
        BadInput: a value of the wrong type or out of range.
        UnknownName: a field that does not exist.
    """
    experiment: Experiment = _fill(Experiment(), values, where)
    for arm in experiment.arms:
        if arm not in ARMS:
            raise UnknownName("arm", arm, ARMS)
    if "own" not in experiment.arms:
        experiment = replace(experiment, arms=("own", *experiment.arms))
    counts = (("seeds", len(experiment.seeds)), ("queries", experiment.queries), ("tokens", experiment.tokens))
    for name, value in counts:
        if value < 1:
            raise BadInput(where, f"{name} is empty or below 1", f"Give at least one for {name}")
    if experiment.world.users < 2:
        raise BadInput(where, "world.users is below 2", "The control of another user's data needs at least 2 users")
    return experiment


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError as error:
        raise BadInput(path, "there is no such file", "Give the path of an experiment's TOML") from error
    except UnicodeDecodeError as error:
        raise BadInput(path, f"byte {error.start} is not UTF-8", "Save the file as UTF-8") from error
    except (tomllib.TOMLDecodeError, IsADirectoryError) as error:
        raise BadInput(path, f"it is not TOML ({error})", "Mend that place") from error


def _fill(default: Any, values: Mapping[str, Any], where: str) -> Any:
    known = {f.name for f in fields(default)}
    filled = {}
    for key, value in values.items():
        if key not in known:
            raise UnknownName(f"field in {where}", key, known)
        filled[key] = _typed(getattr(default, key), value, f"{where}: {key}")
    return replace(default, **filled)


def _typed(default: Any, value: Any, where: str) -> Any:
    """The value in the type of its default; lists become tuples."""
    if dataclasses.is_dataclass(default):
        if isinstance(value, Mapping):
            return _fill(default, value, where)
    elif isinstance(default, Mapping):
        if isinstance(value, list | tuple) and where.endswith(": metrics"):
            value = {ALL: value}
        if isinstance(value, Mapping):
            return {k: _names(v, f"{where}.{k}") for k, v in value.items()}
    elif isinstance(default, tuple):
        number = where.endswith((": seeds", ": history"))
        return _numbers(value, where) if number else _names(value, where)
    elif type(value) is type(default):
        return value
    raise BadInput(where, f"{value!r} is of the wrong type", f"Give something like {default!r}")


def _names(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(v, str) for v in value):
        return tuple(dict.fromkeys(value))  # named twice, it would be answered twice
    raise BadInput(where, f"{value!r} is no list of names", 'Give a list such as ["tag", "fact"]')


def _numbers(value: Any, where: str) -> tuple[int, ...]:
    if isinstance(value, Sequence) and all(type(v) is int and v >= 0 for v in value):
        return tuple(dict.fromkeys(value))
    raise BadInput(where, f"{value!r} is no list of whole numbers from 0 on", "Give a list such as [0, 1, 2]")
