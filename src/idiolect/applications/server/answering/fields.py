"""A request's fields: what the local engine can honour, and ours, which no upstream sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idiolect.applications.server.answering.dialogue import checked
from idiolect.applications.server.errors import Refusal
from idiolect.core.requests import Sampling

OURS = ("idiolect", "conversation")
IGNORED = ("model", "messages", "user", "metadata", "store", "stream", "stream_options", "service_tier", *OURS)
SILENT = ("safety_identifier", "prompt_cache_key", "prompt_cache_retention")  # they change no words here
NEUTRAL: Mapping[str, tuple[Any, ...]] = {  # what asks for nothing is honoured by doing nothing
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "parallel_tool_calls": (True, False),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "verbosity": ("medium",),
}
MOST = 16  # texts of one request
MOST_PROBABLE = 20  # tokens named at each place, as chat has it


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """What the engine is asked for. seed: None draws a fresh one."""

    sampling: Sampling
    n: int = 1
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class Extension:
    """The field `idiolect` of a request; None: as key or settings say. context: what the answer is for ("health"),
    which decides whether what is sensitive may be used."""

    pipeline: str | None = None
    strength: float | None = None
    budget: int | None = None
    context: str = ""


def extension(body: Mapping[str, Any]) -> Extension:
    """Raises:
    Refusal: 400, naming the part that is not as it should be.
    """
    given = body.get("idiolect")
    if given is None:
        return Extension()
    if not isinstance(given, Mapping):
        raise Refusal(400, "idiolect must be an object", param="idiolect")
    for name in given:
        if name not in Extension.__dataclass_fields__:
            known = ", ".join(Extension.__dataclass_fields__)
            raise Refusal(400, f"idiolect knows {known}, not {name!r}", param=f"idiolect.{name}")
    for name in ("pipeline", "context"):
        if not isinstance(given.get(name), (str, type(None))):
            raise Refusal(400, f"idiolect.{name} must be a text", param=f"idiolect.{name}")
    strength = _number(given, "strength", 0, 1, where="idiolect.")
    budget = _whole(given, "budget", 0, 10**6, where="idiolect.")
    context = given.get("context") or ""
    return Extension(pipeline=given.get("pipeline"), strength=strength, budget=budget, context=context)


def completion(body: Mapping[str, Any]) -> dict[str, Any]:
    """A request of `/v1/completions` as `/v1/chat/completions` takes it.

    Raises:
        Refusal: 400, naming what cannot be honoured.
    """
    prompt, logprobs = body.get("prompt"), _whole(body, "logprobs", 0, MOST_PROBABLE)
    if not isinstance(prompt, str) or not prompt:
        raise Refusal(400, "prompt must be a text", param="prompt")
    for name in ("echo", "suffix", "best_of"):
        asked = body.get(name) not in (None, count(body)) if name == "best_of" else body.get(name)
        if asked:
            raise Refusal(400, f"/v1/completions cannot honour {name!r}", param=name, code="unsupported_parameter")
    kept = {k: v for k, v in body.items() if k not in ("prompt", "echo", "suffix", "best_of", "logprobs")}
    probable = {} if logprobs is None else {"logprobs": True, **({"top_logprobs": logprobs} if logprobs else {})}
    return {**kept, **probable, "messages": [{"role": "user", "content": prompt}]}


def conversation(body: Mapping[str, Any]) -> str:
    """The dialogue that a request belongs to, where it says so.

    Raises:
        Refusal: 400, no text.
    """
    found = body.get("conversation") or ""
    if isinstance(found, Mapping):
        found = found.get("id")
    if not isinstance(found, str) or len(found) > 256:
        raise Refusal(400, "conversation must be a text of at most 256 characters", param="conversation")
    return found


def streams(body: Mapping[str, Any]) -> bool:
    """Whether the answer is to be streamed.

    Raises:
        Refusal: 400, neither true nor false.
    """
    found = body.get("stream") or False
    if not isinstance(found, bool):
        raise Refusal(400, "stream must be true or false", param="stream")
    return found


def with_usage(body: Mapping[str, Any]) -> bool:
    """Whether a stream ends with its usage."""
    options = body.get("stream_options") or {}
    if not isinstance(options, Mapping):
        raise Refusal(400, "stream_options must be an object", param="stream_options")
    return bool(options.get("include_usage"))


def count(body: Mapping[str, Any]) -> int:
    """How many answers are asked for.

    Raises:
        Refusal: 400, no number, or out of bounds.
    """
    return _whole(body, "n", 1, MOST) or 1


def sampled(body: Mapping[str, Any], tokens: int) -> Sampled:
    """A request for the local engine. tokens: where it states no number of them.

    Raises:
        Refusal: 400, naming a field that the engine cannot honour, or a value out of bounds.
    """
    for place, message in enumerate(checked(body.get("messages"))):
        _plain(message, f"messages.{place}")
    ours = ("max_tokens", "max_completion_tokens", "temperature", "top_p", "stop", "n", "seed")
    for name, value in body.items():
        if name in (*IGNORED, *SILENT, *ours) or value is None or value in NEUTRAL.get(name, ()):
            continue
        raise Refusal(400, f"the local engine cannot honour {name!r}", param=name, code="unsupported_parameter")
    limit = _whole(body, "max_completion_tokens", 1, 10**6) or _whole(body, "max_tokens", 1, 10**6)
    temperature = _number(body, "temperature", 0, 2)
    top_p = _number(body, "top_p", 0, 1)
    sampling = Sampling(
        max_tokens=limit or tokens,
        temperature=temperature or 0.0,
        top_p=1.0 if top_p is None else top_p,
        stop=_stop(body),
    )
    return Sampled(sampling=sampling, n=_whole(body, "n", 1, MOST) or 1, seed=_whole(body, "seed", -(2**63), 2**64))


def _plain(message: Mapping[str, Any], where: str) -> None:
    """Text alone can be read here."""
    for name in ("tool_calls", "function_call", "audio"):
        if message.get(name):
            raise Refusal(400, f"the local engine cannot honour {name!r}", param=f"{where}.{name}")
    content = message.get("content")
    for place, part in enumerate(content if isinstance(content, list) else ()):
        if not isinstance(part, Mapping) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            kind = part.get("type") if isinstance(part, Mapping) else type(part).__name__
            message_ = f"the local engine reads text, not {kind!r}"
            raise Refusal(400, message_, param=f"{where}.content.{place}", code="unsupported_parameter")


def _stop(body: Mapping[str, Any]) -> tuple[str, ...]:
    given = body.get("stop")
    found = [given] if isinstance(given, str) else given or []
    if not isinstance(found, list) or len(found) > MOST or not all(isinstance(s, str) and s for s in found):
        raise Refusal(400, f"stop must be a text or a list of at most {MOST}", param="stop")
    return tuple(found)


def _number(body: Mapping[str, Any], name: str, least: float, most: float, where: str = "") -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise Refusal(400, f"{where}{name} must be a number from {least} to {most}", param=f"{where}{name}")
    return float(value)


def _whole(body: Mapping[str, Any], name: str, least: int, most: int, where: str = "") -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Refusal(400, f"{where}{name} must be a whole number from {least} to {most}", param=f"{where}{name}")
    return value
