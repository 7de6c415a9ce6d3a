"""Search in documents, in an order for one user: what bears on the question, and of that what bears on him.

His memories are searched by `space.user("ann").search`; here they are what the documents are looked at with.

| module | what it holds |
|---|---|
| `documents` | a folder of texts, a file of them, or texts |
| `ranking` | `search`: the order, the parts of each score, and the records that it rests on |
"""

from __future__ import annotations

from idiolect.applications.search.ranking import Found, search

__all__ = ["Found", "search"]
