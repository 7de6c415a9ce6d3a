"""Measure every speed that has a goal: ``make bench``, or ``python benchmarks/speed [NAME ...] [--out FILE]``.

Each file beside this one yields its pairs from `pairs()`, or rows of what is no time; a new file is found by its name.
Rows are written as they come, and take the place of the same row of an earlier run.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from ratio import Row, measure, write

HERE = Path(__file__).parent
APART = ("__main__", "ratio")


def names() -> list[str]:
    """The files that measure something."""
    return sorted(p.stem for p in HERE.glob("*.py") if p.stem not in APART)


def line(row: Row) -> str:
    """One row for people."""
    goal = "" if row.goal is None else f"   goal {'<=' if row.better == 'lower' else '>='} {row.goal:g}"
    verdict = {None: "", True: "   held", False: "   MISSED"}[row.held]
    return f"{row.id:64} {row.ratio:7.3f} [{row.low:.3f}, {row.high:.3f}]{goal}{verdict}"


def main() -> None:
    """Prints each row, and writes it."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    given.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}; all where none is named")
    given.add_argument("--out", type=Path, default=Path("runs/bench/results.json"))
    chosen = given.parse_args()
    if unknown := set(chosen.names) - set(names()):
        given.error(f"no file {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    for name in chosen.names or names():
        for pair in importlib.import_module(name).pairs():
            row = pair if isinstance(pair, Row) else measure(pair, f"python benchmarks/speed {name}")
            write([row], chosen.out)
            print(line(row), flush=True)
    print(f"written to {chosen.out}")


if __name__ == "__main__":
    main()
