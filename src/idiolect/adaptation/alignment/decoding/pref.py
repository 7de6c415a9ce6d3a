"""PReF: personalisation by reward factorisation (Shenfeld et al., 2025).

    r_i(y)  = lambda_i . phi(y),      P(y1 > y2 | i) = sigmoid(lambda_i . (phi(y1) - phi(y2)))
    y       = argmax_{y in n draws} r_i(y)                                 draws: of the model that is told his wishes
    next    = argmax over pairs of I(his choice; lambda_i)                 which question to put to him

phi are four measures that anybody can read (`alignment.dimensions`), so that lambda_i can be shown as dials and set by
hand: what he stated stands in place of what his choices tell. Ratings count as choices against the usual answer.

Relations: `mod` and `vas` steer each token by objectives that were found in everybody's pairs and need the weights of a
model trained for them; this needs nothing but text. Prefer `vas` where the first token may not wait for n draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.adaptation.alignment.dimensions import DIMENSIONS, NAMES, best, measure, wish
from idiolect.adaptation.alignment.evidence import Population, Weights, evidence, settings, usual
from idiolect.adaptation.alignment.reward import Array, Belief, even, information, population, posterior, undial
from idiolect.adaptation.prompting.records import slot, sources, stated
from idiolect.core.idiolect import Block, Idiolect, Stream
from idiolect.core.layout import PROFILE, line
from idiolect.core.method import Card, Learnt, Method, method
from idiolect.core.requests import Ask, Flow, Sampling
from idiolect.core.types import Query, UserData


@method(
    Card(
        paper="Language Model Personalization via Reward Factorization (Shenfeld et al., 2025)",
        arxiv="2503.06358",
        site="tokens",
        phi="his weights over brevity, formality, warmth and concreteness",
        data=("preference", "interaction", "attribute"),
        tasks=("reply", "preference"),
        cousin="the wishes that he stated, one draw",
        cousin_options={"learnt": False, "draws": 1},
        differs="features are measures of the text, not a trained network's, so that none is learnt from everybody; "
        "weights are a posterior under the population's spread, not a maximum; the next pair is the one of most "
        "information, not of most curvature; draws are told the wishes that are sure",
    )
)
@dataclass(frozen=True, kw_only=True)
class PReF(Method[Population, Weights]):
    """`draws` n, at `temperature`; `spread` of lambda where no population is known; `sure`: from which probability of
    its sign on a weight becomes a wish; `rating`: how much a rating counts beside a choice."""

    draws: int = 4
    temperature: float = 0.7
    spread: float = 1.5
    sure: float = 0.9
    rating: float = 0.5
    learnt: bool = True

    def learn(self, users: Sequence[UserData], theta: Population | None = None) -> Learnt[Population | None, Weights]:
        found = [evidence(u, usual(theta), rating=self.rating) for u in users]
        told = [e for e in found if e.sources]
        if not told:
            return Learnt(theta=theta)
        middle = np.concatenate([e.shown for e in told]).mean(0)
        again = [evidence(u, middle, rating=self.rating) for u in users]
        spread = population([(e.differences, e.weights) for e in again if e.sources], self.prior(theta))
        return Learnt(theta=Population(prior=spread, usual=tuple(middle.tolist())))

    def adapt(self, user: UserData, theta: Population | None, own: Weights | None = None) -> Weights | None:
        found = evidence(user, usual(theta), rating=self.rating)
        if not found.sources or not self.learnt:
            return None
        known = posterior(found.differences, found.weights, self.prior(theta))
        return Weights(known=known, sources=found.sources, upto=user.records[-1].id)

    def condition(self, user: UserData, query: Query, theta: Population | None, own: Weights | None) -> Idiolect:
        set_by_hand = settings(user)
        lines = [wish(k, value) for k, (value, _) in set_by_hand.items() if value]
        lines += [wish(k, sign) for k, sign in self.certain(own).items() if k not in set_by_hand]
        others = [r for r in stated(user) if slot(r).startswith("wants ") and slot(r)[6:] not in NAMES]
        lines += [x for r in others if (x := line(r)) not in lines]
        seen = sources(user, (*others, *(r for _, r in set_by_hand.values())))
        if not lines and own is None:
            return Idiolect()
        context = (Block(PROFILE, tuple(lines), priority=1),) if lines else ()
        return Idiolect(streams=(Stream(context=context),), sources=seen | set(own.sources if own else ()))

    def respond(self, user: UserData, query: Query, theta: Population | None, own: Weights | None) -> Flow[str]:
        wanted = self.direction(user, own)
        sampling = Sampling(temperature=self.temperature if wanted.any() else 0.0)
        made = self.condition(user, query, theta, own)
        texts = yield Ask(query=query, idiolect=made, sampling=sampling, n=self.draws if wanted.any() else 1)
        return str(texts[best(texts, wanted)])

    def inquire(self, theta: Population | None, own: Weights | None, pool: Sequence[Query]) -> int | None:
        """The query whose two candidates he should choose between; None where no choice would tell anything."""
        if not pool:
            return None
        pairs = np.array([measure(q.candidates[0]) - measure(q.candidates[1]) for q in pool])
        tells = information(own.known if own else self.prior(theta), pairs)
        return int(tells.argmax()) if tells.max() > 0 else None

    def prior(self, theta: Population | None) -> Belief:
        """What is believed of somebody who has said nothing."""
        return theta.prior if theta else even(len(DIMENSIONS), self.spread)

    def certain(self, own: Weights | None) -> dict[int, int]:
        """Dimensions whose sign is sure: 1 for more of it, -1 for less."""
        chances = {k: own.known.positive(k) for k in range(len(DIMENSIONS))} if own else {}
        return {k: 1 if p > 0.5 else -1 for k, p in chances.items() if max(p, 1 - p) >= self.sure}

    def direction(self, user: UserData, own: Weights | None) -> Array:
        """lambda_i (D,): what his choices tell, and in its place what he set by hand."""
        found = own.known.arrays[0].copy() if own else np.zeros(len(DIMENSIONS))
        for k, (value, _) in settings(user).items():
            found[k] = undial(value)
        return found
