"""Which word of one text stands for which of another, in as few unbroken chunks as can be.

METEOR's penalty counts chunks: runs of words that follow one another in both texts. Where words repeat, the alignment
decides how many there are. A scan from the right, as in NLTK, gives too many; here a beam over the alignments that
link as many words as possible keeps those with the fewest chunks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Links: TypeAlias = dict[int, int]  # place in the one text -> place in the other
_Path: TypeAlias = "tuple[int, int, _Path] | None"
_States: TypeAlias = "dict[tuple[int, int], tuple[int, _Path]]"  # (last place, used places as bits): chunks, links
BEAM = 40  # the width of METEOR's own implementation
NONE = -2  # no place: nothing follows it


def chunks(links: Mapping[int, int]) -> int:
    """How many runs there are."""
    return sum(links.get(i - 1, NONE) != j - 1 for i, j in links.items())


def extended(links: Links, said: Sequence[str], gold: Sequence[str]) -> Links:
    """`links` and as many pairs of equal keys besides as there can be, with the fewest chunks in all.

    Args:
        said, gold: the key of every place: the word itself, or its stem.
    """
    taken = set(links.values())
    open_gold: dict[str, list[int]] = {}
    for j, key in enumerate(gold):
        if j not in taken:
            open_gold.setdefault(key, []).append(j)
    left = Counter(key for i, key in enumerate(said) if i not in links)
    wanted = {key: min(count, len(open_gold.get(key, ()))) for key, count in left.items()}
    alone = {key for key, count in wanted.items() if count == left[key] == len(open_gold[key]) == 1} if wanted else ()
    links = links | {i: open_gold[key][0] for i, key in enumerate(said) if key in alone and i not in links}
    if sum(wanted.values()) == len(alone):
        return links
    masks = {key: sum(1 << j for j in places) for key, places in open_gold.items()}
    states: _States = {(NONE, 0): (0, None)}
    for i, key in enumerate(said):
        if i in links:
            states = _onto(states, links[i], i)
            continue
        left[key] -= 1
        if wanted[key]:
            states = _pruned(_step(states, i, open_gold[key], masks[key], wanted[key], left[key]))
        else:
            states = {(NONE, used): state for (_, used), state in states.items()}
    _, path = min(states.values(), key=lambda state: state[0])
    found: Links = {}
    while path:
        i, j, path = path
        found[i] = j
    return found


def _step(states: _States, i: int, places: Sequence[int], mask: int, wanted: int, left: int) -> _States:
    """Place i linked to each free one of `places`, or left out where the rest can still link as many as are wanted."""
    made: _States = {}
    for (last, used), (count, path) in states.items():
        missing = wanted - (used & mask).bit_count()
        ends = [(j, used | 1 << j) for j in places if not used >> j & 1] if missing else []
        if left >= missing:
            ends.append((NONE, used))
        for end in ends:
            cost = count + (end[0] != NONE and end[0] != last + 1)
            if end not in made or cost < made[end][0]:
                made[end] = (cost, path if end[0] == NONE else (i, end[0], path))
    return made


def _onto(states: _States, j: int, i: int) -> _States:
    """Every state on along a link that is there already."""
    made: _States = {}
    for (last, used), (count, path) in states.items():
        cost = count + (last != j - 1)
        if (j, used) not in made or cost < made[j, used][0]:
            made[j, used] = (cost, (i, j, path))
    return made


def _pruned(states: _States) -> _States:
    """Without what cannot win: of states that used the same places, those one chunk behind only ever catch up."""
    if len(states) == 1:
        return states
    least: dict[int, int] = {}
    for (_, used), (count, _) in states.items():
        least[used] = min(count, least.get(used, count))
    kept = [state for state in states.items() if state[1][0] == least[state[0][1]]]
    return dict(sorted(kept, key=lambda state: state[1][0])[:BEAM])
