"""Rewrite a draft, or write to an instruction, as the user writes: by any method of the registry, from his own posts.

| module | what it holds |
|---|---|
| `material` | what of a user's records shows how he writes |
| `manner` | how a text is written beside how he usually writes |
| `writing` | `rewrite`: the text, the examples it was made from, and whether it came nearer to him |
"""

from __future__ import annotations

from idiolect.applications.rewrite.writing import Written, rewrite

__all__ = ["Written", "rewrite"]
