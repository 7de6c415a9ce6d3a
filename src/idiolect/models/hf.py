"""A local Hugging Face model: answers every kind of request, for any mix of users in one batch."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any, Literal
from weakref import WeakValueDictionary

import torch

from idiolect.core.errors import BadInput
from idiolect.core.method import Access
from idiolect.core.requests import Ask, Fit, Key, Read, Request, Score
from idiolect.forward import heap
from idiolect.forward.feed import Backbone
from idiolect.generation import score
from idiolect.generation.engine import Engine
from idiolect.generation.row import Handle
from idiolect.models import families
from idiolect.models.folder import checked


@dataclass(frozen=True, eq=False)
class Variant:
    """A derived model as a backbone: other weights, the same tokenizer."""

    module: Any
    tokenizer: Any
    device: torch.device
    width: int


@dataclass(frozen=True, eq=False)
class Named(Mapping[str, Backbone]):
    """A model, its companions and what was derived from it; nothing is kept alive by being listed here."""

    base: HFModel

    def __getitem__(self, name: str) -> Backbone:
        if name == "base":
            return self.base
        if name in self.base.companions:
            return self.base.companions[name]
        return Variant(self.base.derived[name], self.base.tokenizer, self.base.device, self.base.width)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self.base.companions, *self.base.derived, "base"]))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(eq=False)
class HFModel:
    """M_0. The weights are never written; what is trained lies beside them.

    companions: other models of the same vocabulary that streams may name (`Stream.model`). derived: modules that a
    `Fit` of `Weights` made, by name, for as long as somebody holds that name.
    """

    module: Any
    tokenizer: Any
    name: str
    digest: str
    access: Access = Access.WEIGHTS
    companions: dict[str, HFModel] = field(default_factory=dict)
    derived: MutableMapping[str, Any] = field(default_factory=WeakValueDictionary)
    alone: Any = field(default_factory=RLock, init=False, repr=False)  # whose call runs

    def __post_init__(self) -> None:
        heap.keep()

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        dtype: str | torch.dtype = "auto",
        device: str = "auto",
        threads: int | None = None,
    ) -> HFModel:
        """A model folder with its tokenizer.

        Args:
            dtype: "auto" is bfloat16 where the hardware multiplies it, else float32; or a type's name.
            device: "auto" is the first GPU, else the CPU.
            threads: of this process, for torch on the CPU.

        Raises:
            BadInput: a folder that cannot be opened, with what is wrong in it.
        """
        from transformers import AutoTokenizer
        from transformers.utils import logging as said

        silence: Any = said.disable_progress_bar
        silence()  # our own bars say what is being done
        root, config, digest = checked(folder)
        where = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
        kind = _dtype(dtype, where)
        if threads:
            torch.set_num_threads(threads)
        options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        made, loader = _kind(cls, root, config)
        try:
            module, report = loader.from_pretrained(
                root, dtype=kind, use_safetensors=True, attn_implementation="sdpa", output_loading_info=True, **options
            )
            tokenizer = AutoTokenizer.from_pretrained(root, **options)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError, ImportError) as error:
            what = (
                f"cannot be opened as a {config.get('model_type', 'causal')} model ({str(error).splitlines()[0][:200]})"
            )
            raise BadInput(root, what, "Give a decoder-only model with its tokenizer, saved together.") from error
        if report["missing_keys"]:
            what = f"no weights for {sorted(report['missing_keys'])[0]}"
            raise BadInput(root, what, "Fetch the folder again: config and weights are not of one model.")
        return made(_still(module.to(where)), tokenizer, root.name, digest)

    @classmethod
    def random(
        cls,
        family: Literal["llama", "qwen", "lfm2", "gpt2"] | str = "llama",
        seed: int = 0,
        layers: int = 2,
        width: int = 32,
        vocab: int = 262,
        *,
        positions: int = 2048,
    ) -> HFModel:
        """Random weights under a byte-level tokenizer (262 tokens), in float32 on the CPU.

        Raises:
            UnknownName: no such family.
        """
        from idiolect.training.derived import digest

        module = families.build(family, seed=seed, layers=layers, width=width, vocab=vocab, positions=positions)
        name = f"random-{family}-{seed}"
        return cls(_still(module), families.byte_tokenizer(), name, digest(module))

    @property
    def device(self) -> torch.device:
        return self.module.device  # type: ignore[no-any-return]

    @property
    def width(self) -> int:
        return int(self.module.config.hidden_size)

    @property
    def models(self) -> Mapping[str, Backbone]:
        """All that a stream may name, looked up when it is asked for."""
        return Named(self)

    @cached_property
    def engine(self) -> Engine:
        """The rows being written."""
        return Engine(self.models)

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        """Answers in the order asked; all requests are of one kind. Of several threads one is answered at a time: edits
        hang on the modules during a call, and another's pass would run through them.

        Raises:
            BadInput: a query that does not fit, or an Idiolect that cannot run.
            UnknownName: a site or model that is not there.
        """
        with self.alone:
            return self._answers(requests, keys) if requests else []

    def _answers(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        match requests[0]:
            case Ask():
                return self._texts([r for r in requests if isinstance(r, Ask)], keys)
            case Score():
                return list(score.score(self.models, [r for r in requests if isinstance(r, Score)]))
            case Read():
                return list(score.read(self, [r for r in requests if isinstance(r, Read)]))
            case Fit():
                from idiolect.training.loop import fit

                return list(fit(self, [r for r in requests if isinstance(r, Fit)], keys))

    def _texts(self, asks: Sequence[Ask], keys: Sequence[Key]) -> list[tuple[str, ...]]:
        engine, handles = self.engine, list[Handle]()
        engine.models = self.models
        try:
            for ask, key in zip(asks, keys, strict=True):
                handles.append(engine.submit(ask, key))
            while not all(h.done for h in handles):  # others' rows may run beside these, and go on after them
                engine.step()
        except BaseException:
            for handle in handles:
                handle.cancel()
            raise
        if error := next((h.error for h in handles if h.error), None):
            raise error
        return [h.texts for h in handles]


def _kind(made: type[HFModel], root: Path, config: dict[str, Any]) -> tuple[type[HFModel], Any]:
    """The class that answers for this folder, and the library's that loads it."""
    import transformers

    if not config.get("is_encoder_decoder"):
        return made, transformers.AutoModelForCausalLM
    from idiolect.models.t5 import FAMILY, T5Model

    if config.get("model_type") not in FAMILY:
        what = f"an encoder-decoder of kind {config.get('model_type')}"
        raise BadInput(root / "config.json", what, f"Give a decoder-only model, or one of {', '.join(FAMILY)}.")
    return T5Model, transformers.AutoModelForSeq2SeqLM


def _still(module: Any) -> Any:
    # a slower but equal convolution is used where a kernel package is not installed: nothing that a user can act on
    logging.getLogger("transformers.integrations.hub_kernels").setLevel(logging.ERROR)
    return module.eval().requires_grad_(False)


def _dtype(wanted: str | torch.dtype, device: torch.device) -> torch.dtype:
    """Many CPUs multiply bfloat16 far more slowly than float32: only those with the instructions are given it."""
    if isinstance(wanted, torch.dtype):
        return wanted
    if wanted != "auto":
        found = getattr(torch, wanted, None)
        if not isinstance(found, torch.dtype) or not found.is_floating_point:
            raise BadInput("dtype", f"{wanted!r} is no floating type", "Say auto, float32, bfloat16 or float16.")
        return found
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.bfloat16 if {"avx512_bf16", "amx_bf16"} & _cpu_flags() else torch.float32


def _cpu_flags() -> set[str]:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return set()
    lines = [x for x in info.read_text(encoding="utf-8").splitlines() if x.startswith("flags")]
    return set(lines[0].split()) if lines else set()
