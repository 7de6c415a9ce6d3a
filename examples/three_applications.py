"""Three applications over one space: what suits Ann, what she means, how she writes. Nothing is asked of any server.

pip install 'idiolect[local,store]'
python examples/three_applications.py
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import idiolect
from idiolect.applications.recommend import recommend
from idiolect.applications.rewrite import rewrite
from idiolect.applications.search import search
from idiolect.core.model import Model
from idiolect.core.types import Interaction, Post

SAID = ["I love quiet films about the sea", "I can't stand robots", "I keep snakes and love warm forests"]
RATED = {"a storm at sea, in black and white": "5", "a war of machines": "1", "an old harbour": "4"}
WRITTEN = [
    "hey all, the ship sails at noon! cheers",
    "hey all, i bought a boat! cheers",
    "hey all, the harbour is closed today! cheers",
]
FILMS = [
    {"id": "f1", "text": "robots at war with machines", "popularity": 9},
    {"id": "f2", "text": "a lighthouse by the sea", "popularity": 3},
    {"id": "f3", "text": "bread and love in Paris", "popularity": 6},
]
NOTES = [
    {"id": "code.md", "title": "Python", "text": "Python is a language. Write functions and classes in Python."},
    {"id": "zoo.md", "title": "Snakes", "text": "The python is a large snake that lives in warm forests."},
]


def lines(home: Path, model: Model) -> Iterator[str]:
    """What the three say of Ann, of whom something is known, and of Bob, of whom nothing is."""
    with idiolect.open(home, encoder=None) as space:  # without an encoder things are compared by their words
        ann = space.user("ann")
        ann.add(SAID)
        ann.add(Interaction(id=f"r{n}", task="film", prompt=p, text=t) for n, (p, t) in enumerate(RATED.items()))
        ann.add(Post(id=f"p{n}", task="mail", prompt="", text=text) for n, text in enumerate(WRITTEN))
        for user in ("ann", "bob"):
            films = recommend(space, user, FILMS)
            yield f"{user}: {' > '.join(one.item.shown for one in films.results)}"
            yield from (f"  {r.added:+.2f} {r.memory}" for one in films.results[:1] for r in one.reasons)
            yield f"  asked for python: {search(space, user, 'python', NOTES).results[0].document.id}"
            made = rewrite(space, user, "The boat leaves.", model=model)
            yield f"  writes: {made.text}  (from {len(made.used)} of their own)"
            yield from (f"  {note}" for note in (films.note,) if note)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for line in lines(Path(folder) / "home", idiolect.open_embedded()):
            sys.stdout.write(f"{line}\n")
