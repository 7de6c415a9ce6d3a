"""Every answer, to be searched in the page itself: question by question, all arms beside one another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from idiolect.evaluation.ledger import FULL, Line

MOST = 1500  # questions in one page: about two megabytes
LONGEST = 600  # characters of a text that is shown
ORDER = ("own", "base", "swapped", "pooled", "group", "everybody", "across", "shuffled", "cousin", "copy")


def browsed(examples: Iterable[Line]) -> dict[str, Any]:
    """Plain data for the page: of the first seed and the whole history; where there are too many, drawn by hash."""
    cells: dict[tuple[str, str, str, str], dict[str, Line]] = {}
    for e in examples:
        if e.get("history", FULL) == FULL:
            cells.setdefault((e["method"], e["task"], e["user"], e["query"]), {}).setdefault(e["arm"], e)
    whole = {key: arms for key, arms in cells.items() if "own" in arms}
    kept = sorted(sorted(whole, key=_draw)[:MOST])
    return {"total": len(whole), "cells": [_cell(*key, whole[key]) for key in kept]}


def _draw(key: tuple[str, str, str, str]) -> str:
    return hashlib.sha256("/".join(key[2:]).encode()).hexdigest()  # the same questions of every method


def _cell(method: str, task: str, user: str, query: str, arms: dict[str, Line]) -> dict[str, Any]:
    own = arms["own"]
    return {
        "m": method,
        "t": task,
        "u": user,
        "q": _cut(own.get("question") or query),
        "w": _cut(own["target"]),
        "k": own.get("kind", ""),
        "up": own.get("higher_is_better", True),
        "a": [_answer(name, arms[name]) for name in ORDER if name in arms],
    }


def _answer(name: str, e: Line) -> dict[str, Any]:
    made: dict[str, Any] = {"n": name, "p": _cut(e["prediction"]), "s": round(e["score"], 3)}
    if e.get("data_of") and e["data_of"] != e["user"]:
        made["d"] = e["data_of"]
    if e.get("used"):
        made |= {"r": [_cut(line.removeprefix("- ")) for line in e["used"]], "c": e.get("used_count", len(e["used"]))}
    return made


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def embedded(data: dict[str, Any]) -> str:
    """JSON that may stand inside a script element: nothing in it can close the element or open a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
