"""Train the embedded model from nothing: ``idiolect embedded train OUT``.

What mattered, in order (see docs/embedded.md): convolution before attention, values made fresh, many questions after
one history, weights on the pieces that select, a curriculum by success, Muon for the matrices, statements whose
filler means nothing.
"""

from __future__ import annotations

import json
import multiprocessing as mp
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from queue import Full
from random import Random
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from transformers import Lfm2ForCausalLM

from idiolect.embedded.exam import Paper, papers
from idiolect.embedded.mixture import TOP, draw
from idiolect.embedded.network import Shape, build, encode, exact, pad, save, use_shifted_convolution
from idiolect.embedded.tokenizer import train_tokenizer
from idiolect.simulation.language import Language

Tell: TypeAlias = Callable[[str], None]
SAY: Tell = partial(print, flush=True)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One training run. Rates hold for `hold` of the time, then fall linearly to 0.

    average: the share of the past in the running mean of the weights; the mean is what is examined and saved.
    """

    seconds: float = 5400
    threads: int = 2
    tokens: int = 5000  # a step, padding included
    rate: float = 0.004  # AdamW: embeddings, norms, convolutions
    muon_rate: float = 0.02
    hold: float = 0.4
    average: float = 0.99
    advance: float = 0.85  # running share of right first pieces at which histories grow
    level: int = 1
    vocabulary: int = 4096
    exam_every: float = 600
    seed: int = 0
    shape: Shape = field(default_factory=Shape)


def orthogonal(grad: Tensor, coefficients: Any, steps: int, eps: float) -> Tensor:
    """Newton-Schulz in fp32: the library's own casts to bf16, many times slower on a CPU without the instructions."""
    a, b, c = coefficients
    x = grad.T if grad.size(0) > grad.size(1) else grad
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if grad.size(0) > grad.size(1) else x


def optimizers(model: Lfm2ForCausalLM, plan: Plan) -> list[torch.optim.Optimizer]:
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    rest = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    return [
        torch.optim.Muon(matrices, lr=plan.muon_rate, weight_decay=0.01, momentum=0.95),
        torch.optim.AdamW(rest, lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True),
    ]


def produce(tokenizer: str, tokens: int, seed: int, level: Any, queue: Any) -> None:
    """Endless batches of about `tokens` tokens, in a process of its own; lengths are multiples of 16: few shapes."""
    tok, lang, r = Tokenizer.from_file(tokenizer), Language.load(wild=True), Random(seed)
    bins: dict[int, list[Any]] = {}
    while True:
        ready = []
        for row in encode(tok, [draw(r, lang, level.value).segments() for _ in range(256)]):
            length = -len(row[0]) // 16 * -16
            group = bins.setdefault(length, [])
            group.append(row)
            if len(group) >= max(1, tokens // length):
                ready.append((length, bins.pop(length)))
        r.shuffle(ready)
        for length, rows in ready:
            if not put(queue, pad(rows, length)):
                return


def put(queue: Any, batch: Any, *, patience: float = 5.0) -> bool:
    """Whether the batch went in: not where the process that trains is gone."""
    while True:
        try:
            queue.put(batch, timeout=patience)
        except Full:
            parent = mp.parent_process()
            if parent is not None and not parent.is_alive():
                return False
        else:
            return True


def loss_of(model: Lfm2ForCausalLM, ids: Tensor, weights: Tensor) -> tuple[Tensor, float]:
    """(weighted cross-entropy, share of right first pieces of values); the head runs only where there is a loss."""
    hidden = model.model(input_ids=ids).last_hidden_state[:, :-1]
    counted = weights[:, 1:] > 0
    logits = model.lm_head(hidden[counted]).float()
    target, w = ids[:, 1:][counted], weights[:, 1:][counted]
    loss = (torch.nn.functional.cross_entropy(logits, target, reduction="none") * w).sum() / w.sum()
    first = w > 3.5
    right = (logits.argmax(-1) == target)[first].float().mean().item() if first.any() else float("nan")
    return loss, right


def examine(model: Lfm2ForCausalLM, tok: Tokenizer, sets: dict[str, Paper]) -> dict[str, float]:
    """Share of exact answers of every rung."""
    model.train(False)
    out = {name: float(np.mean(exact(model, tok, paper.pairs()))) for name, paper in sets.items()}
    out["fact_stranger"] = float(np.mean(exact(model, tok, sets["fact"].strangers())))
    model.train()
    return {k: round(v, 3) for k, v in out.items()}


@dataclass
class Run:
    """The state of a run: where the curriculum stands, what has been spent."""

    plan: Plan
    level: int
    right: float = 0.0
    loss: float = 7.0
    step: int = 0
    tokens: int = 0
    raised: int = 0

    def note(self, loss: float, right: float, tokens: int) -> None:
        self.step += 1
        self.tokens += tokens
        self.loss = 0.97 * self.loss + 0.03 * loss
        if right == right:  # not NaN
            self.right = 0.97 * self.right + 0.03 * right
        if self.right > self.plan.advance and self.level < TOP and self.step - self.raised > 60:
            self.level, self.raised = self.level + 1, self.step


def rate_at(plan: Plan, step: int, done: float) -> float:
    """Share of the full rate: a short warm-up, a plateau, a line to 0."""
    return min(1.0, (step + 1) / 50) * (1.0 if done < plan.hold else max(0.02, (1 - done) / (1 - plan.hold)))


class Training:
    """One run: a producer of batches in a process of its own, and steps until the time is spent."""

    def __init__(self, out: Path, plan: Plan, start: Path | None, tell: Tell) -> None:
        self.out, self.plan, self.tell = out, plan, tell
        self.tok, self.model = prepare(out, plan, start)
        self.mean = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(plan.average))  # type: ignore[no-untyped-call]
        self.opts = optimizers(self.model, plan)
        self.rates = [[g["lr"] for g in opt.param_groups] for opt in self.opts]
        self.run, self.sets = Run(plan, plan.level), papers(77, 128)
        context = mp.get_context("spawn")
        self.level, self.queue = context.Value("i", plan.level), context.Queue(8)
        args = (str(out / "tokenizer.json"), plan.tokens, plan.seed + 1, self.level, self.queue)
        self.feed = context.Process(target=produce, args=args, daemon=True)

    def go(self) -> dict[str, float]:
        """Train until the time is spent; returns the last exam."""
        plan, run, result = self.plan, self.run, dict[str, float]()
        self.tell(json.dumps({"parameters": sum(p.numel() for p in self.model.parameters()), **asdict(plan)}))
        self.feed.start()
        began, examined, next_exam = time.time(), 0.0, plan.exam_every
        while (spent := time.time() - began - examined) < plan.seconds:
            self.step(spent / plan.seconds)
            if run.step % 50 == 0:
                million = run.tokens / 1e6
                self.tell(
                    f"step {run.step}, {spent:.0f} s, {million:.2f} M tokens: loss {run.loss:.3f}, level {run.level}"
                )
            if spent > next_exam:
                next_exam += plan.exam_every
                clock = time.time()
                result = self.exam(spent)
                examined += time.time() - clock
        self.feed.terminate()
        return self.exam(plan.seconds) or result

    def step(self, done: float) -> None:
        ids, weights = (torch.from_numpy(x) for x in self.queue.get())
        for opt, full in zip(self.opts, self.rates, strict=True):
            for group, rate in zip(opt.param_groups, full, strict=True):
                group["lr"] = rate * rate_at(self.plan, self.run.step, done)
        loss, right = loss_of(self.model, ids, weights)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for opt in self.opts:
            opt.step()
            opt.zero_grad()
        self.mean.update_parameters(self.model)
        self.run.note(loss.item(), right, ids.numel())
        self.level.value = self.run.level

    def exam(self, spent: float) -> dict[str, float]:
        """Measure, note the curve, save: a run that is stopped leaves its last exam's model."""
        run, mean = self.run, cast(Lfm2ForCausalLM, self.mean.module)
        result = examine(mean, self.tok, self.sets)
        row = {"seconds": round(spent), "step": run.step, "tokens": run.tokens, "level": run.level, **result}
        self.tell(json.dumps(row))
        with (self.out / "curve.jsonl").open("a") as log:
            log.write(json.dumps(row) + "\n")
        save(mean, self.tok, self.out)
        return result


def train(out: Path, plan: Plan, start: Path | None = None, tell: Tell = SAY) -> dict[str, float]:
    """Train and save into `out`; go on from the folder `start` where given. Returns the last exam."""
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    torch.optim._muon.__dict__["_zeropower_via_newtonschulz"] = orthogonal
    use_shifted_convolution()
    out.mkdir(parents=True, exist_ok=True)
    return Training(out, plan, start, tell).go()


def prepare(out: Path, plan: Plan, start: Path | None) -> tuple[Tokenizer, Lfm2ForCausalLM]:
    """Tokenizer and model, fresh or from a folder."""
    source = start or out
    path = source / "tokenizer.json"
    lang = Language.load(wild=True)
    tok = Tokenizer.from_file(str(path)) if path.exists() else train_tokenizer(lang, vocabulary=plan.vocabulary)
    tok.save(str(out / "tokenizer.json"))
    model = (
        Lfm2ForCausalLM.from_pretrained(start, dtype=torch.float32)
        if start
        else build(plan.shape, tok.get_vocab_size())
    )
    model.config._attn_implementation = "eager"  # faster than the fused kernel here: short rows, small heads
    return tok, model.train()
