"""How a text is written, beside how its author usually writes: casing, opener, closing mark, emoticon, sign-off.

fits(text) = share of his usual values that the text has        usual: what more than half of his texts have
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from idiolect.adaptation.prompting.counting import switches
from idiolect.core.types import Post


@dataclass(frozen=True, kw_only=True)
class Manner:
    """usual: his, by switch. before, after: of the draft and of the result; None where there is nothing to compare."""

    usual: Mapping[str, str]
    before: float | None
    after: float | None

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {"usual": dict(self.usual), "before": self.before, "after": self.after}


def manner(posts: Iterable[Post], draft: str, result: str) -> Manner:
    """How much nearer a result is to somebody's usual way than the draft.

    Args:
        draft: empty where there was none.
    """
    usual = usually(post.text for post in posts)
    return Manner(usual=usual, before=fits(draft, usual) if draft else None, after=fits(result, usual))


def usually(texts: Iterable[str]) -> dict[str, str]:
    """Switch -> the value that more than half of the texts have."""
    found = [switches(text) for text in texts]
    counts = {name: Counter(one[name] for one in found) for name in (found[0] if found else ())}
    most = {name: count.most_common(1)[0] for name, count in counts.items()}
    return {name: value for name, (value, times) in most.items() if 2 * times > len(found)}


def fits(text: str, usual: Mapping[str, str]) -> float | None:
    """The share of his usual values that a text has; None where he has none."""
    if not usual:
        return None
    own = switches(text)
    return round(sum(own[name] == value for name, value in usual.items()) / len(usual), 4)
