"""The rungs of an embedded model, on users, values and phrasings it never saw: ``idiolect embedded evaluate``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import Lfm2ForCausalLM

from idiolect.core.errors import BadInput
from idiolect.embedded.exam import GOALS, Paper, papers
from idiolect.embedded.jobs.talking import REFUSAL
from idiolect.embedded.network import exact
from idiolect.simulation.language import Language
from idiolect.simulation.style import switches

WEIGHTS = Path(__file__).parent / "weights"


def evaluate(
    folder: Path = WEIGHTS,
    *,
    seed: int = 0,
    items: int = 300,
    world: Path | None = None,
    progress: Callable[[str], None] = lambda rung: None,
) -> dict[str, dict[str, Any]]:
    """Rung -> share of right greedy answers with its 95 % interval, beside floor and goal where they are set.

    world: a language file of other wording, measured as the rung "foreign".

    Raises:
        BadInput: the folder holds no model.
    """
    if not (folder / "model.safetensors").exists():
        raise BadInput(folder, "holds no model.safetensors", "Train one with: idiolect embedded train FOLDER")
    tok = Tokenizer.from_file(str(folder / "tokenizer.json"))
    model = Lfm2ForCausalLM.from_pretrained(folder, dtype=torch.float32).train(False)
    foreign = Language.load(world, held=True) if world else None
    out: dict[str, dict[str, Any]] = {}
    known: list[tuple[str, str]] = []  # questions about the worlds that are told, with what says that they are not
    for rung, paper in papers(seed, items, foreign).items():
        progress(rung)
        right = exact(model, tok, paper.pairs())
        out[rung] = share(rung, sum(right), len(right))
        if rung == "fact":
            right = exact(model, tok, paper.strangers())
            out["fact_stranger"] = share("fact_stranger", sum(right), len(right))
        if rung == "style":
            hits = style_switches(model, tok, paper)
            out["style_switches"] = share("style_switches", sum(hits), len(hits))
        if rung != "foreign_prompt":
            known += [(prompt, f" {REFUSAL}") for prompt, _ in paper.pairs()[: items // 10]]
    refused = exact(model, tok, known)
    out["known_refused"] = share("known_refused", sum(refused), len(refused))
    return out


def share(rung: str, right: float, n: int) -> dict[str, Any]:
    """A share with its Wilson interval."""
    z, q = 1.96, right / n
    mid = (q + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(q * (1 - q) / n + z * z / (4 * n * n))
    floor, goal = GOALS.get(rung, (None, None))
    return {
        "share": round(q, 4),
        "low": round(mid - half, 4),
        "high": round(mid + half, 4),
        "n": n,
        "floor": floor,
        "goal": goal,
    }


def style_switches(model: Lfm2ForCausalLM, tok: Tokenizer, paper: Paper) -> list[float]:
    """One number a switch and question: whether the written answer has it right."""
    texts = write(model, tok, [x.prompt(a.question) for x, a in zip(paper.lessons, paper.asked, strict=True)])
    pairs = Language.load().synonyms
    out = []
    for a, text in zip(paper.asked, texts, strict=True):
        seen = switches(pairs, a.truth["style"], a.truth["neutral"], text)
        out += [float(ok) for name, ok in seen.items() if name != "whole"]
    return out


@torch.no_grad()
def write(model: Any, tok: Tokenizer, prompts: Sequence[str], *, limit: int = 48, batch: int = 64) -> list[str]:
    """Greedy answers, one text a prompt."""
    out: list[str] = []
    for start in range(0, len(prompts), batch):
        ids = [e.ids for e in tok.encode_batch_fast(list(prompts[start : start + batch]), add_special_tokens=False)]
        width = max(map(len, ids))
        x, mask = torch.zeros(len(ids), width, dtype=torch.long), torch.zeros(len(ids), width, dtype=torch.long)
        for j, row in enumerate(ids):
            x[j, width - len(row) :], mask[j, width - len(row) :] = torch.tensor(row), 1
        y = model.generate(
            input_ids=x, attention_mask=mask, max_new_tokens=limit, do_sample=False, pad_token_id=0, eos_token_id=2
        )
        for row in y[:, width:].tolist():
            out.append(tok.decode(row[: row.index(2)] if 2 in row else row, skip_special_tokens=False).strip())
    return out
