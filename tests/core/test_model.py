"""A model around another is known, and may be used, as that one is."""

from __future__ import annotations

from typing import Any

import pytest

from idiolect.cli.own.rounds import Watched
from idiolect.core.layout import ask
from idiolect.core.model import Around
from idiolect.core.requests import Ask, Key
from idiolect.evaluation.asking.again import Again
from idiolect.evaluation.costs import Metered
from idiolect.models.scripted import ScriptedModel


@pytest.mark.parametrize("kind", [Around, Again, Metered, Watched])
def test_a_model_around_another_has_its_name_weights_access_and_answers(kind: Any) -> None:
    model = ScriptedModel(lambda said: "Fine.")
    around = kind(kind(model))
    assert (around.name, around.digest, around.access) == (model.name, model.digest, model.access)
    assert around.answer([Ask(query=ask("reply", "How are you?"))], [Key()]) == [("Fine.",)]
