"""The network of `encoder.EncoderModel`: text below, one label above.

    x = lower(text)          hidden states of the frozen lower layers, averaged over tokens: the "embeddings" here
    h = upper(x)             the open layers, which edits, prefixes and trained parts reach
    p(label | text) = softmax(W mean_t h_t + b)

A token is a span of the encoder's own ("pieces"): with spans of eight the open layers read an eighth, which is what a
slow machine can train. Ids: labels are 0 .. K - 1, the end is K, tokens follow. A label in the input is what has been
answered: no text sees it, and after it comes the end.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from idiolect.core.errors import BadInput
from idiolect.forward.attach import pad_stack

MARK = 1e4  # an "embedding" full of it stands for a label
NEVER = -1e4  # the logit of what cannot come
AT_ONCE = 32  # texts in one call of the lower layers
STATES = 1 << 19  # tokens whose hidden states are kept
SPELT = 1 << 20  # tokens whose pieces are kept


class Spelling:
    """Tokens of up to `span` pieces, numbered from `first` on as they are met. The `most` met last are kept; a number
    is never given twice."""

    def __init__(self, first: int, span: int, most: int = SPELT) -> None:
        self.first, self.span, self.most = first, span, most
        self._next = first
        self._number: OrderedDict[tuple[int, ...], int] = OrderedDict()  # met last at the end
        self._pieces: dict[int, tuple[int, ...]] = {}

    def ids(self, pieces: Sequence[int]) -> list[int]:
        """A text's tokens."""
        return [self._id(tuple(pieces[i : i + self.span])) for i in range(0, len(pieces), self.span)]

    def pieces(self, token: int) -> tuple[int, ...]:
        """What a token stands for.

        Raises:
            BadInput: its text was read so long ago that this is forgotten.
        """
        if token not in self._pieces:
            what = f"{token} stands for pieces met before the last {self.most}"
            raise BadInput("token", what, "Give the text again instead of its tokens.")
        return self._pieces[token]

    def _id(self, span: tuple[int, ...]) -> int:
        if span not in self._number:
            self._number[span], self._pieces[self._next] = self._next, span
            self._next += 1
            if len(self._number) > self.most:
                _, old = self._number.popitem(last=False)
                del self._pieces[old]
        self._number.move_to_end(span)
        return self._number[span]


class Lower(nn.Module):
    """Token ids -> hidden states (d,) a token; a text met before is not run again, unless others came since with more
    than `most` tokens together.

    Args:
        encoder: a BERT-like model.
        depth: how many of its layers are below.
    """

    def __init__(self, encoder: Any, depth: int, spelling: Spelling, most: int = STATES) -> None:
        super().__init__()
        self.most = most
        self.words = encoder.embeddings
        self.blocks = nn.Sequential(*encoder.encoder.layer[:depth])
        self.spelling = spelling
        self.known: OrderedDict[tuple[int, ...], Tensor] = OrderedDict()  # text -> (T, d), half precision
        self._counted = 0  # texts, when it was last looked whether they are too many

    def forward(self, ids: Tensor) -> Tensor:
        """(T,) one text and the label that may follow it, or (B, T) of them -> (..., T, d), marks where labels are."""
        rows = ids.reshape(-1, ids.shape[-1])
        self.remember([self._text(row) for row in rows.tolist()])
        weight: Tensor = self.words.word_embeddings.weight
        out = weight.new_full((*rows.shape, weight.shape[1]), MARK)
        for row, place in zip(rows, out, strict=True):
            if text := self._text(row.tolist()):
                place[row >= self.spelling.first] = self.known[text].to(place)
                self.known.move_to_end(text)
        self._forget()
        return out.view(*ids.shape, -1)

    @torch.no_grad()
    def remember(self, texts: Sequence[tuple[int, ...]]) -> None:
        """Runs the texts that are new, those of like length together."""
        new = sorted({t for t in texts if t and t not in self.known}, key=len)
        device = self.words.word_embeddings.weight.device
        for start in range(0, len(new), AT_ONCE):
            part = new[start : start + AT_ONCE]
            spelt = [[piece for token in text for piece in self.spelling.pieces(token)] for text in part]
            h = self.words(input_ids=pad_stack([torch.tensor(s, device=device) for s in spelt]))
            valid = pad_stack([torch.ones(len(s), dtype=torch.bool, device=device) for s in spelt])
            for block in self.blocks:
                h = block(h, valid[:, None, None])
            for text, row, pieces in zip(part, h, spelt, strict=True):
                spans = row[: len(pieces)].split(self.spelling.span)
                self.known[text] = torch.stack([span.mean(0) for span in spans]).half()

    def _forget(self) -> None:
        if len(self.known) == self._counted:
            return
        over = sum(map(len, self.known)) - self.most
        while over > 0 and len(self.known) > 1:
            text, _ = self.known.popitem(last=False)
            over -= len(text)
        self._counted = len(self.known)

    def _text(self, ids: list[int]) -> tuple[int, ...]:
        return tuple(i for i in ids if i >= self.spelling.first)


class Labelled(nn.Module):
    """`layers` are the open ones, `head` (K, d) gives the labels' logits; called as decoders are."""

    def __init__(self, encoder: Any, labels: int, *, layers: int, spelling: Spelling) -> None:
        super().__init__()
        depth = len(encoder.encoder.layer) - layers
        d = int(encoder.config.hidden_size)
        self.layers = nn.ModuleList(encoder.encoder.layer[depth:])
        self.head = nn.Linear(d, labels)
        self.lower = Lower(encoder, depth, spelling)
        self.config = SimpleNamespace(num_hidden_layers=layers, hidden_size=d, max_position_embeddings=None)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    @property
    def dtype(self) -> torch.dtype:
        return self.head.weight.dtype

    @property
    def device(self) -> torch.device:
        return self.head.weight.device

    def get_input_embeddings(self) -> nn.Module:
        return self.lower

    def get_output_embeddings(self) -> nn.Module:
        return self.head

    def forward(
        self,
        *,
        attention_mask: Tensor,
        input_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        past_key_values: Any = None,
        logits_to_keep: int = 1,
        **_: Any,
    ) -> Any:
        """Logits (B, keep, K + 1), of every position alike: those of the labels, or after a label the end's.

        Raises:
            BadInput: a past, or hidden states of single positions, are asked for.
        """
        if past_key_values is not None:
            raise BadInput("Stream.past", "an encoder reads a text at once", "Use a method that brings no past.")
        x = self.lower(input_ids) if inputs_embeds is None else inputs_embeds
        answered = (x == MARK).all(-1)
        pooled = self.pooled(x, attention_mask.bool() & ~answered)
        answered = answered[:, -logits_to_keep:, None]
        logits = self.head(pooled[:, None].expand(-1, answered.shape[1], -1))
        ends = torch.full_like(logits[..., :1], NEVER)
        before, after = torch.cat([logits, ends], -1), torch.cat([torch.full_like(logits, NEVER), -ends], -1)
        return SimpleNamespace(logits=torch.where(answered, after, before))

    def pooled(self, x: Tensor, read: Tensor) -> Tensor:
        """The mean (B, d) of the open layers' states over the places (B, T) that are read."""
        h = x.masked_fill(~read[..., None], 0.0)
        for layer in self.layers:
            h = layer(h, read[:, None, None])
        weights = read.to(h.dtype)[..., None]
        return (h * weights).sum(1) / weights.sum(1).clamp(min=1)
