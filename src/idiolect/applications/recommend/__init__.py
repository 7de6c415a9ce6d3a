"""Recommend: candidates in an order for one user, with reasons, and a dial from what fits to what is not known yet.

| module | what it holds |
|---|---|
| `items` | what is recommended: texts, objects, or a file of them |
| `leaning` | how far a method of the registry moves a language model towards each item |
| `ranking` | `recommend`: the order, the parts of each score, and the records that it rests on |
"""

from __future__ import annotations

from idiolect.applications.recommend.ranking import Ranking, recommend

__all__ = ["Ranking", "recommend"]
