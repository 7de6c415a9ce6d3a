"""Moments: times that a question names, against the time of each document.

A day, month or year ("on 7 May 2023", "in March", "2021-06-01"), or a distance from now ("yesterday", "last week",
"three months ago"). A month or day without a year is that of any year.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

YEARLY = "january february march april may june july august september october november december"
MONTHS = YEARLY.split()
NAMED = "|".join(f"{month[:3]}(?:{month[3:]})?" if len(month) > 3 else month for month in MONTHS)
DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
YEAR = r"(?P<year>(?:19|20)\d\d)"
DATES = (
    re.compile(rf"\b{YEAR}-(?P<number>\d\d)-(?P<day>\d\d)\b"),
    re.compile(rf"\b{DAY} (?:of )?(?P<month>{NAMED})\b(?:,? {YEAR})?", re.I),
    re.compile(rf"\b(?P<month>{NAMED}) {DAY}\b(?:,? {YEAR})?", re.I),
    re.compile(rf"\b(?:in|of|during|since|last|this|early|late|mid) (?P<month>{NAMED})\b(?:,? {YEAR})?", re.I),
    re.compile(rf"\b(?P<month>{NAMED}),? {YEAR}", re.I),
    re.compile(rf"\b(?:in|of|during|since) {YEAR}\b", re.I),
)
COUNTED = "zero one two three four five six seven eight nine ten"
NUMBERS = {word: n for n, word in enumerate(COUNTED.split())}
UNITS = {"day": 1, "week": 7, "month": 30, "year": 365}
AGO = re.compile(rf"\b(?P<n>an?|\d+|{'|'.join(NUMBERS)}) (?P<unit>day|week|month|year)s? ago\b", re.I)
LAST = re.compile(r"\b(?:last|past|this) (?P<unit>week|month|year)\b", re.I)
Test = Callable[[datetime], bool]


def moments(question: str, times: Sequence[float], now: float | None = None) -> list[float]:
    """1 for each document (POSIX seconds) in a time that the question names, else 0; all 0 where it names none.

    Args:
        now: when it is asked, for distances; they are left aside where it is None.
    """
    tests = _dates(question) + ([] if now is None else _distances(question, now))
    return [float(any(test(day) for test in tests)) for day in map(_day, times)] if tests else [0.0] * len(times)


def _dates(question: str) -> list[Test]:
    found: list[Test] = []
    spans: list[tuple[int, int]] = []
    for pattern in DATES:
        for match in pattern.finditer(question):
            if not any(match.start() < end and start < match.end() for start, end in spans):
                spans.append(match.span())
                found.append(_date(match.groupdict()))
    return found


def _date(parts: dict[str, str | None]) -> Test:
    years, days = parts.get("year"), parts.get("day")
    year, day = int(years) if years else None, int(days) if days else None
    number = parts.get("number")
    month = int(number) if number else None
    if name := parts.get("month"):
        month = next(n for n, full in enumerate(MONTHS, 1) if full.startswith(name.lower()))
    wanted = (year, month, day)
    return lambda when: all(w in (None, is_) for w, is_ in zip(wanted, (when.year, when.month, when.day), strict=True))


def _distances(question: str, now: float) -> list[Test]:
    today = _day(now)
    found: list[Test] = []
    for match in AGO.finditer(question):
        word, length = match["n"].lower(), UNITS[match["unit"].lower()]
        count = 1 if word in ("a", "an") else NUMBERS.get(word) or int(word) if word.isdigit() or word in NUMBERS else 1
        found.append(_between(today - timedelta(days=min((count + 0.5) * length, 3e5)), length))
    for match in LAST.finditer(question):
        length = UNITS[match["unit"].lower()]
        reach = length if match[0].lower().startswith("this") else 2 * length
        found.append(_between(today - timedelta(days=reach), reach))
    if re.search(r"\byesterday\b", question, re.I):
        found.append(_between(today - timedelta(days=1.5), 1.5))
    return found


def _between(start: datetime, days: float) -> Test:
    return lambda when: start <= when <= start + timedelta(days=days)


def _day(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime(1, 1, 1, tzinfo=UTC)
