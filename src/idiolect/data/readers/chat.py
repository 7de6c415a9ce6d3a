"""Plain chat logs, told apart line by line; a line that begins no message goes on with the one before.

    [12/05/2024, 09:30:15] Ann: See you at noon          WhatsApp's export (iOS)
    12/05/24, 9:30 PM - Ann: See you at noon             WhatsApp's export (Android)
    [2024-05-12 09:30] <Ann> See you at noon             IRC and its kin; brackets and date may be missing
    Ann: See you at noon                                 names alone

Whether the day or the month stands first is told by the numbers above 12, else by the order of the lines, else the day.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.core.types import Turn
from idiolect.data.dataset import Dataset
from idiolect.data.readers.messages import ALONE
from idiolect.data.readers.text import ident, whole

MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202c\ufeff"))  # of direction; WhatsApp strews them
DATE = r"\[?(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})"
CLOCK = r"[,T]?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s?([AaPp])\.?[Mm]\.?)?\]?"
STAMPED = re.compile(rf"^{DATE}{CLOCK}\s*(?:-\s+)?(.*)$")
NAMED = re.compile(r"^(?:<([^<>]{1,64})>\s+|([^:\s][^:]{0,63}):\s+)(.+)$")
FORM = "Give lines such as: [12/05/2024, 09:30:15] Ann: See you at noon."


@dataclass
class Said:
    """A message while it is read; `stamp`: three numbers of the date, hour, minute, second; empty where none stands."""

    stamp: tuple[int, ...]
    name: str
    text: str
    line: int


def read(path: str | Path, speaker: str) -> Dataset:
    """A conversation as one of those in it has it: what the others said is kept as said by them.

    Args:
        speaker: his name in the log.

    Raises:
        BadInput: no messages, nobody of that name, or a date that does not exist.
    """
    path = Path(path)
    said = _messages(whole(path).split("\n"))
    names = sorted({one.name for one in said})
    if not said:
        raise BadInput(path, "holds no messages", FORM)
    if speaker not in names:
        raise BadInput(path, f"nobody in it is called {speaker!r}", f"Name the user: {', '.join(names[:10])}.")
    when = _times(said, path)
    turns = [
        Turn(
            id=ident("chat", place, one.name, one.text),
            text=one.text,
            session=path.stem,
            time=time,
            asserted_by="user" if one.name == speaker else one.name,
        )
        for place, (one, time) in enumerate(zip(said, when, strict=True))
    ]
    undated = frozenset() if said[0].stamp else frozenset((ALONE, turn.id) for turn in turns)
    return Dataset(name="chat", people={ALONE: tuple(sorted(turns, key=lambda turn: turn.time))}, undated=undated)


def _messages(lines: Sequence[str]) -> list[Said]:
    found: list[Said] = []
    dated = any(STAMPED.match(line.translate(MARKS)) for line in lines)
    for number, raw in enumerate(lines, 1):
        line = raw.translate(MARKS).replace("\u202f", " ")
        stamped = STAMPED.match(line)
        named = NAMED.match(stamped[8] if stamped else line)
        if named and (stamped or not dated):
            found.append(Said(_stamp(stamped), (named[1] or named[2]).strip(), named[3].strip(), number))
        elif found and not stamped and line.strip():
            found[-1].text += f"\n{line.strip()}"
    return found


def _stamp(match: re.Match[str] | None) -> tuple[int, ...]:
    if match is None:
        return ()
    first, second, third, hour, minute, seconds, half = match.groups()[:7]
    hours = int(hour) % 12 + 12 * (half in ("p", "P")) if half else int(hour)
    return int(first), int(second), int(third), hours, int(minute), int(seconds or 0)


def _times(said: Sequence[Said], path: Path) -> list[float]:
    """POSIX seconds (UTC) of each; where no dates stand, a second after the one before."""
    if not said[0].stamp:
        return [float(place) for place in range(len(said))]
    options = []
    for day_first in (True, False):
        try:
            options.append([_time(one, path, day_first) for one in said])
        except BadInput as error:
            refused = error
    if not options:
        raise refused
    return next((times for times in options if times == sorted(times)), options[0])


def _time(one: Said, path: Path, day_first: bool) -> float:
    first, second, third, hour, minute, seconds = one.stamp
    year, month, day = (first, second, third) if first > 31 else (third, second, first)
    if first <= 31 and not day_first:
        month, day = first, second
    year += 2000 if year < 100 else 0
    try:
        return datetime(year, month, day, hour, minute, seconds, tzinfo=UTC).timestamp()
    except ValueError as error:
        raise BadInput(f"{path}, line {one.line}", f"no such date or time ({error})", "Mend that line.") from None
