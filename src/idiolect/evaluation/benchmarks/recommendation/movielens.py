"""MovieLens latest-small (Harper and Konstan 2015): the next film, and the rating of a film."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation.benchmarks import sequences
from idiolect.evaluation.benchmarks.card import Card, digest
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.evaluation.metrics import Floats
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="MovieLens latest-small",
    source="grouplens.org/datasets/movielens/latest; read from github.com/thierrydamiba/movie-rec",
    version="6324038b76d6d5a40c24e17c30fd0cc3bd88d258",
    licence="GroupLens terms: research, no commercial use",
    split="last film of a user measured, the one before chooses weights; ratings: the last tenth of each user",
    protocol="equal times in the order of md5(user/film); all films not yet rated are ranked; HR, NDCG, RMSE, MAE",
    files=("ratings.csv", "movies.csv"),
)
SHRINK = 5.0  # ratings that a mean is worth before anything is known


@dataclass(frozen=True, slots=True)
class Rating:
    """One user's stars for a film."""

    user: str
    film: int
    stars: float
    time: int


def read(folder: Path) -> list[Rating]:
    """Every rating, each user's in the order of time.

    Raises:
        BadInput: a column is missing, or a value is no number.
    """
    rows = CARD.table(folder, "ratings.csv", "userId", "movieId", "rating", "timestamp")
    CARD.table(folder, "movies.csv", "movieId", "title", "genres")
    found = []
    for number, row in enumerate(rows, 2):
        try:
            found.append(Rating(row["userId"], int(row["movieId"]), float(row["rating"]), int(row["timestamp"])))
        except ValueError as error:
            raise BadInput(f"{folder / 'ratings.csv'}, line {number}", str(error), "Fetch the file again") from error
    return sorted(found, key=lambda r: (int(r.user), r.time, digest(f"{r.user}/{r.film}")))


def count(data: Sequence[Rating]) -> dict[str, int]:
    """What is in it."""
    return {"ratings": len(data), "users": len({r.user for r in data}), "films": len({r.film for r in data})}


def measure(data: Sequence[Rating], encoder: Encoder | None) -> Iterator[Row]:
    """The next film as elsewhere; ratings from means and biases; ours: neighbours among the user's own films."""
    del encoder
    films = {film: i for i, film in enumerate(sorted({r.film for r in data}))}
    people = _people(data)
    histories = [np.array([films[r.film] for r in mine]) for mine in people.values()]
    yield from sequences.measure(list(people), histories, len(films))
    yield from _stars(people)


def _people(data: Sequence[Rating]) -> dict[str, list[Rating]]:
    people: dict[str, list[Rating]] = {}
    for r in data:
        people.setdefault(r.user, []).append(r)
    return people


def _stars(people: dict[str, list[Rating]]) -> Iterator[Row]:
    cut = {u: len(mine) - max(1, len(mine) // 10) for u, mine in people.items()}
    known = [r for u, mine in people.items() for r in mine[: cut[u]]]
    late = [r for u, mine in people.items() for r in mine[cut[u] :]]
    whole = float(np.mean([r.stars for r in known]))
    film = _shrunk([(r.film, r.stars - whole) for r in known])
    user = _shrunk([(r.user, r.stars - whole - film[r.film]) for r in known])
    other = dict(zip(user, [*list(user.values())[1:], next(iter(user.values()))], strict=True))
    owners, gold = [r.user for r in late], np.array([r.stars for r in late])
    guesses = {
        Label("rating", "mean of all"): np.full(len(late), whole),
        Label("rating", "mean of the film"): np.array([whole + film.get(r.film, 0.0) for r in late]),
        Label("rating", "film and own leaning", ours=True): np.array(
            [whole + film.get(r.film, 0.0) + user[r.user] for r in late]
        ),
        Label("rating", "film and another's leaning", ours=True, control=True): np.array(
            [whole + film.get(r.film, 0.0) + other[r.user] for r in late]
        ),
    }
    for label, guess in guesses.items():
        error: Floats = np.abs(np.clip(guess, 0.5, 5.0) - gold)
        yield mean(label, "MAE", error, owners, lower=True)
        yield mean(label, "MSE", error**2, owners, lower=True)


def _shrunk(pairs: Sequence[tuple[object, float]]) -> dict[object, float]:
    """By key the mean of its numbers, drawn towards 0 where there are few."""
    sums: dict[object, tuple[float, int]] = {}
    for key, value in pairs:
        total, n = sums.get(key, (0.0, 0))
        sums[key] = (total + value, n + 1)
    return {key: total / (n + SHRINK) for key, (total, n) in sums.items()}
