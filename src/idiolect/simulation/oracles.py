"""Exact oracles: the score in [0, 1] of any answer to a probe, from the planted truth alone.

`truth["match"]` names the rule:

| rule | score |
|---|---|
| contains | 1 if the value stands in the answer as words (and `not`, where given, does not) |
| exact | 1 if the answer is the target, case and surrounding space apart |
| number | 1 - |difference| / range |
| form | 1 if the answer has the form that the user asked for |
| style | share of style switches that are right, times the share of content words kept |
| reply | share of the wanted features that the reply has |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from idiolect.core.errors import UnknownName
from idiolect.simulation.style import Style, switches
from idiolect.simulation.tastes import features, satisfaction

Truth = Mapping[str, Any]
Lexicon = Mapping[str, Any]  # the world's own lists: synonyms, reply openers and closings


def score(truth: Truth, text: str, lexicon: Lexicon) -> float:
    """Raises:
    UnknownName: the truth names a rule that does not exist.
    """
    rule = RULES.get(str(truth["match"]))
    if rule is None:
        raise UnknownName("rule of scoring", str(truth["match"]), RULES)
    return rule(truth, text.strip(), lexicon)


def holds(text: str, value: str) -> bool:
    """Whether the value stands in the text as whole words, in any case."""
    return bool(value) and re.search(rf"(?<!\w){re.escape(value.lower())}(?!\w)", text.lower()) is not None


def contains(truth: Truth, text: str, lexicon: Lexicon) -> float:
    wrong = truth.get("not", "")
    return float(holds(text, truth["value"]) and not (wrong and holds(text, wrong)))


def exact(truth: Truth, text: str, lexicon: Lexicon) -> float:
    return float(text.lower().rstrip(".") == str(truth["value"]).lower().rstrip("."))


def number(truth: Truth, text: str, lexicon: Lexicon) -> float:
    found = re.search(r"\d+", text)
    return max(0.0, 1 - abs(int(found.group()) - truth["value"]) / truth["range"]) if found else 0.0


def form(truth: Truth, text: str, lexicon: Lexicon) -> float:
    match truth["wish"]:
        case "short":
            return float(bool(text) and not text.startswith(truth["head"]))  # the value alone, no sentence before it
        case "formal":
            return float(text.startswith("Certainly"))
        case "warm":
            return float(text.endswith(":)"))
        case _:
            return float(text.lower().startswith(truth["name"].lower()))


def style(truth: Truth, text: str, lexicon: Lexicon) -> float:
    seen = switches(lexicon["synonyms"], Style(**truth["style"]), truth["neutral"], text)
    whole = seen.pop("whole")
    if whole:
        return 1.0
    pairs: Mapping[str, str] = lexicon["synonyms"]
    content = [w for w in truth["neutral"].split() if w not in pairs]
    kept = sum(holds(text, w) for w in content) / len(content) if content else 1.0
    return kept * sum(seen.values()) / len(seen)


def reply(truth: Truth, text: str, lexicon: Lexicon) -> float:
    return satisfaction(truth["weights"], features(lexicon, text)) if text else 0.0


RULES: dict[str, Callable[[Truth, str, Lexicon], float]] = {
    "contains": contains,
    "exact": exact,
    "number": number,
    "form": form,
    "style": style,
    "reply": reply,
}
