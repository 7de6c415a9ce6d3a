"""MOD: multi-objective decoding (Shi et al., NeurIPS 2024).

    pi_k  = argmax_pi  R_k(pi) - beta D_f(pi || pi_ref)                  one policy an objective, trained once
    pi_i  ~ pi_ref (f')^-1( sum_k w_ik f'(pi_k / pi_ref) ),   sum_k w_ik = 1          for each next token
          = prod_k pi_k^{w_ik} / Z            for the reverse KL, f(x) = x log x
          = [ sum_k w_ik / pi_k ]^-1 / Z      for the forward KL, f(x) = - log x

The reference cancels where the weights add up to one. |w_i|, scaled to one, weighs for each objective the policy
that pulls where the sign of w_i points.

Relations: `personalized_soups` averages the same policies' weights and costs one pass; `cos` extrapolates from two
prompts instead of policies. Prefer MOD where objectives pull apart: its mixture is the optimum for sum_k w_ik R_k.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor

from idiolect.adaptation.alignment.choosing import answered
from idiolect.adaptation.alignment.preferences import Policies, Preferring, Standing, standing
from idiolect.core.idiolect import Combine, Idiolect, Stream
from idiolect.core.method import Access, Card, Learnt, Method, method
from idiolect.core.requests import Flow, Recipe
from idiolect.core.types import Query, UserData
from idiolect.training.merging import soup
from idiolect.training.parts import LowRank


@method(
    Card(
        paper="Decoding-Time Language Model Alignment with Multiple Objectives (Shi et al., NeurIPS 2024)",
        arxiv="2406.18853",
        site="logits",
        phi="how much of each objective his choices want",
        trains="two LoRAs an objective, on everybody's pairs",
        roles={"base": Access.WEIGHTS},
        data=("preference",),
        tasks=("reply", "choose"),
        pooled="theta",
        cousin="the same policies with the same weights, averaged as weights",
        cousin_options={"mix": "weights"},
        draws=True,
        differs="objectives are found in users' pairs, not given; their policies are trained by DPO from the base "
        "model, without a supervised stage; a user's weights come from his pairs in closed form; no beam search; of "
        "two replies side by side the one is named that his mixture makes likelier than the base does",
    )
)
@dataclass(frozen=True, kw_only=True)
class MOD(Method[Policies, Standing]):
    """`count` objectives; `mix`: which divergence the policies were kept near by, or "weights" to average adapters."""

    count: int = 3
    policy: LowRank = field(default=LowRank(rank=16, alpha=32.0, sites="q,v", dropout=0.05, seed=0))
    recipe: Recipe = field(default=Recipe(lr=5e-4, epochs=3, batch=16))
    beta: float = 0.1
    ridge: float = 1.0
    mix: Literal["reverse", "forward", "weights"] = "reverse"

    def learn(
        self, users: Sequence[UserData], theta: Policies | None = None
    ) -> Flow[Learnt[Policies | None, Standing]]:
        training = Preferring(self.policy, self.recipe, self.beta)
        return Learnt(theta=(yield from training.policies(users, self.count, theta)))

    def adapt(self, user: UserData, theta: Policies | None, own: Standing | None = None) -> Standing | None:
        return standing(user, theta.axes, own) if theta else own

    def condition(self, user: UserData, query: Query, theta: Policies | None, own: Standing | None) -> Idiolect:
        if theta is None or own is None or own.silent:
            return Idiolect()
        wanted = own.weights(self.ridge)
        policies, shares = theta.chosen(wanted), wanted.abs() / wanted.abs().sum().clamp(min=1e-9)
        seen = frozenset(own.sources)
        if self.mix == "weights":
            merged = soup(policies, shares.tolist())
            return Idiolect(streams=(Stream(edits=merged.edits),), sources=seen)
        return Idiolect(
            streams=tuple(Stream(edits=p.edits) for p in policies),
            combine=Combine(formula=MIXES[self.mix], rows={"weights": shares}),
            sources=seen,
        )

    def respond(self, user: UserData, query: Query, theta: Policies | None, own: Standing | None) -> Flow[str]:
        return answered(query, self.condition(user, query, theta, own), user.user_id)


def geometric(step: Any, rows: Mapping[str, Tensor]) -> Tensor:
    """Reverse KL: step.log_probs (B, K, V), rows["weights"] (B, K) -> log-probabilities (B, V)."""
    mixed: Tensor = (rows["weights"].unsqueeze(-1) * step.log_probs).sum(1)
    return mixed.log_softmax(-1)


def harmonic(step: Any, rows: Mapping[str, Tensor]) -> Tensor:
    """Forward KL: step.log_probs (B, K, V), rows["weights"] (B, K) of at least 0 -> log-probabilities (B, V)."""
    inverse: Tensor = (rows["weights"].unsqueeze(-1).log() - step.log_probs).logsumexp(1)
    return (-inverse).log_softmax(-1)


MIXES = {"reverse": geometric, "forward": harmonic}
