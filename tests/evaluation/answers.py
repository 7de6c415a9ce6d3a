"""Answers as a run leaves them, made up with known gains."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

USERS = tuple(f"u{i:02d}" for i in range(12))
CHANCES = {"own": 0.8, "base": 0.3, "swapped": 0.3, "pooled": 0.5, "copy": 0.2, "cousin": 0.4}


def line(**fields: Any) -> dict[str, Any]:
    """One line of examples.jsonl."""
    return {
        "method": "ipa",
        "task": "tag",
        "seed": 0,
        "arm": "own",
        "user": "u00",
        "data_of": "u00",
        "query": "q0",
        "question": "Tag: a film about ships",
        "prediction": "salty",
        "target": "salty",
        "score": 1.0,
        "prompt_tokens": 40,
        "milliseconds": 2.0,
        "metric": "oracle@1",
        "higher_is_better": True,
        **fields,
    }


def answers(method: str = "ipa", task: str = "tag", queries: int = 16, **chances: float) -> list[dict[str, Any]]:
    """Every arm of one method and task; a chance an arm that an answer is right."""
    draw = random.Random(f"{method}/{task}")
    made = []
    for arm, chance in {**CHANCES, **chances}.items():
        for i, user in enumerate(USERS):
            for q in range(queries):
                right = draw.random() < chance
                other = USERS[(i + 1) % len(USERS)]
                made.append(
                    line(
                        method=method,
                        task=task,
                        arm=arm,
                        user=user,
                        data_of=other if arm == "swapped" else user,
                        query=f"{user}/{q}",
                        prediction="salty" if right else "sweet",
                        score=float(right),
                        used=["- a film about the sea => salty"],
                        used_count=3,
                    )
                )
    return made


def curve(method: str, task: str) -> list[dict[str, Any]]:
    """Answers of the learning curve, better with more history."""
    draw = random.Random(f"{method}/{task}/curve")
    same = {"method": method, "task": task}
    return [
        line(**same, user=u, query=f"{u}/{q}", history=h, score=float(draw.random() < 0.3 + 0.006 * h))
        for h in (0, 1, 4, 16, 64)
        for u in USERS
        for q in range(16)
    ]


def folder(path: Path, examples: list[dict[str, Any]], **head: Any) -> Path:
    """A folder of results with a head and costs."""
    path.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(e) + "\n" for e in examples)
    (path / "examples.jsonl").write_text(text, encoding="utf-8")
    methods = dict.fromkeys(e["method"] for e in examples)
    costs = [
        {"method": m, "seed": 0, "arm": "own", "trained_parameters": 64, "bytes_per_user": 5e3, "adapt_seconds": 0.25}
        for m in methods
    ]
    (path / "costs.jsonl").write_text("".join(json.dumps(c) + "\n" for c in costs), encoding="utf-8")
    setting = {"preset": {"k": "8"}, "default": {"k": "4"}, "in_force": {"k": "8"}}
    made = {
        "presets": "embedded",
        "tried": dict.fromkeys(methods, 3),
        "model": "embedded",
        "digest": "0123",
        "source": "world 1000",
        "users": len(USERS),
        "learners": 64,
        "fingerprint": "0",
        "experiment": {"seeds": [0], "data": "", "model": "embedded", "presets": "", "world": {"seed": 7, "file": ""}},
        "methods": {m: {m: setting} for m in methods},
        "versions": {"python": "3.11"},
        **head,
    }
    (path / "experiment.json").write_text(json.dumps(made), encoding="utf-8")
    return path
