"""CoS: context steering (He et al., ICLR 2025, eq. 2-4).

    I(x_t)     = log p(x_t | C, q) - log p(x_t | q)                    the influence of the context on a token
    log p(x_t) = log p(x_t | C, q) + lambda * I(x_t) - log Z

C is what the user says of himself; in ``pag | cos`` it is what PAG wrote, of which q alone inherits nothing. lambda = 0
is plain prompting with C, -1 takes C away, above 0 amplifies it.

Relations: AMULET's sixty online-learning steps are this formula at lambda = 4.648699 (each step is affine in the two
rows); `stylevector` takes the same kind of difference among hidden states. Prefer CoS where the profile is in the
prompt and too little heeded: it costs a second pass and no training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from idiolect.adaptation.prompting.records import block, sources, stated
from idiolect.adaptation.steering import steer
from idiolect.core.idiolect import Combine, Idiolect, Stream
from idiolect.core.layout import HISTORY, PROFILE
from idiolect.core.method import Access, Card, Method, method
from idiolect.core.types import Query, Turn, UserData


@method(
    Card(
        paper="CoS: Enhancing Personalization and Mitigating Bias with Context Steering (He et al., ICLR 2025)",
        arxiv="2405.01768",
        site="logits",
        phi="attributes, relations and stated wishes",
        roles={"base": Access.LOGITS},
        data=("attribute", "relation", "preference", "turn"),
        tasks=("preference", "headline"),
        cousin="strength 0: the same profile in the prompt, not amplified",
        cousin_options={"strength": 0.0},
        differs="the temperature divides the combined distribution, not each of the two",
    )
)
@dataclass(frozen=True, kw_only=True)
class CoS(Method[None, None]):
    """`strength` is lambda. `turns`: how many of his latest turns stand below the profile, in both streams.

    `contrast`: whose words are C, those that he "stated", or all that stands "left" of this method in ``a | b``; "auto"
    is a profile where one stands directly left, else what he stated.
    """

    strength: float = 1.0
    turns: int = 0
    contrast: Literal["auto", "stated", "left"] = "auto"

    def condition(self, user: UserData, query: Query, theta: None, own: None) -> Idiolect:
        others = self.contrast == "left"
        profile = () if others else stated(user)
        if not profile and not others:
            return Idiolect()
        said = tuple(user.of(Turn))[-self.turns :] if self.turns else ()
        below = block(HISTORY, said)
        told = Stream(context=block(PROFILE, profile, priority=1) + below)
        return Idiolect(
            streams=(told, Stream(context=below, inherits=not others)),
            combine=Combine(formula=steer, rows={"strength": self.strength}),
            sources=sources(user, (*profile, *said)),
        )
