"""Whether explanations are right, measured on invented people at the door.

| module | what it holds |
|---|---|
| `measure` | who asks what, among which confusable records, and which of these the explanation puts first |
| `__main__` | `python -m idiolect.applications.reasons` |
"""
