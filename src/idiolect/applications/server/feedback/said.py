"""What a user says to an answer, as records of his."""

from __future__ import annotations

import secrets

from pydantic import BaseModel, ConfigDict, Field

from idiolect.adaptation.alignment.evidence import RATING
from idiolect.applications.server.errors import Refusal
from idiolect.core.types import Interaction, Preference, Record, Turn


class Feedback(BaseModel):
    """What a user says to an answer, in one or several of these ways."""

    model_config = ConfigDict(extra="allow")  # the field that names the user is the key's
    answer_id: str | None = None
    prompt: str | None = None
    rating: int | None = Field(default=None, ge=-1, le=1)
    edited: str | None = Field(default=None, min_length=1)
    chosen: str | None = Field(default=None, min_length=1)
    rejected: str | None = Field(default=None, min_length=1)
    correction: str | None = Field(default=None, min_length=1)


def records(said: Feedback, prompt: str | None, answer: str | None, now: float) -> list[Record]:
    """Choices and edits as preferences, a rating as an interaction with the answer, a correction as his own words.

    Raises:
        Refusal: 400, it says nothing, or not about which question or answer.
    """
    found: list[Record] = []
    if said.correction is not None:
        found.append(Turn(id=secrets.token_hex(8), text=said.correction, time=now))
    about = {"rating": said.rating, "edited": said.edited, "chosen": said.chosen or said.rejected}
    for name, value in about.items():
        if value is not None and not prompt:
            raise Refusal(400, f"{name} needs the answer_id or the prompt that it is about", param=name)
    if said.edited is not None:
        if answer is None:  # one without a word may be edited too
            raise Refusal(400, "edited needs the answer_id that it is about", param="answer_id")
        found.append(_choice(prompt, said.edited, answer, now))
    if said.chosen is not None or said.rejected is not None:
        chosen, rejected = said.chosen or answer, said.rejected or answer
        if not chosen or not rejected or chosen == rejected:
            raise Refusal(400, "give both chosen and rejected, or one of them and an answer_id", param="chosen")
        found.append(_choice(prompt, chosen, rejected, now))
    if said.rating is not None:
        found.append(_rating(f"{prompt}", answer or "", said.rating, now))
    if not found:
        raise Refusal(400, "give a rating, edited, chosen with rejected, or a correction", param="rating")
    return found


def _choice(prompt: str | None, chosen: str, rejected: str, now: float) -> Preference:
    return Preference(id=secrets.token_hex(8), prompt=prompt or "", chosen=chosen, rejected=rejected, time=now)


def _rating(prompt: str, answer: str, rating: int, now: float) -> Interaction:
    shown = f"{prompt} -> {answer}" if answer else prompt
    return Interaction(id=secrets.token_hex(8), task=RATING, prompt=shown, text=f"{rating:+d}", item=answer, time=now)
