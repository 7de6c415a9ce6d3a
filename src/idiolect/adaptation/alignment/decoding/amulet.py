"""AMULET: realignment at test time by online learning over tokens (Zhang et al., ICLR 2025).

    u_t(a)        = alpha (log pi_t(a) - log pi_base(a))              pi_1: his wishes in the prompt; pi_base: without
    log pi_{t+1}  ~ [ lambda log pi_1 + 1/t sum_{s<=t} u_s + 1/(eta t) log pi_t ] / [ lambda + 1/(eta t) ]      t = 1..T

Every step is affine in the two rows of log-probabilities, so that after T steps, exactly,

    log pi = log pi_1 + kappa (log pi_1 - log pi_base) - log Z
    U += alpha (1 + kappa),   kappa <- (U / t + kappa / (eta t)) / (lambda + 1 / (eta t)),   kappa_0 = U_0 = 0

Relations: this is `cos` at strength kappa, 4.648699 at the paper's defaults; it differs in what it shows, his wishes
alone. Prefer `cos`, whose strength is one number; this file says what the paper's four amount to.
"""

from __future__ import annotations

from dataclasses import dataclass

from idiolect.adaptation.prompting.records import block, slot, sources, stated
from idiolect.adaptation.steering import steer
from idiolect.core.idiolect import Combine, Idiolect, Stream
from idiolect.core.layout import PROFILE
from idiolect.core.method import Access, Card, Method, method
from idiolect.core.types import Query, UserData


@method(
    Card(
        paper="Amulet: ReAlignment During Test Time for Personalized Preference Adaptation of LLMs "
        "(Zhang et al., ICLR 2025)",
        arxiv="2502.19148",
        site="logits",
        phi="his stated wishes",
        roles={"base": Access.LOGITS},
        data=("attribute", "preference"),
        tasks=("preference",),
        cousin="no step: his wishes in the prompt",
        cousin_options={"steps": 0},
        differs="the steps are taken in closed form; greedy decoding needs no top-p filter before it",
    )
)
@dataclass(frozen=True, kw_only=True)
class Amulet(Method[None, None]):
    """`steps` T, `rate` eta, `gain` alpha, `pull` lambda."""

    steps: int = 60
    rate: float = 10.0
    gain: float = 2.0
    pull: float = 2.0

    @property
    def strength(self) -> float:
        """kappa after T steps."""
        kappa = total = 0.0
        for t in range(1, self.steps + 1):
            total += self.gain * (1 + kappa)
            inertia = 1 / (self.rate * t)
            kappa = (total / t + inertia * kappa) / (self.pull + inertia)
        return kappa

    def condition(self, user: UserData, query: Query, theta: None, own: None) -> Idiolect:
        wishes = [r for r in stated(user) if slot(r).startswith("wants ")]
        if not wishes:
            return Idiolect()
        return Idiolect(
            streams=(Stream(context=block(PROFILE, wishes, priority=1)), Stream()),
            combine=Combine(formula=steer, rows={"strength": self.strength}),
            sources=sources(user, wishes),
        )
