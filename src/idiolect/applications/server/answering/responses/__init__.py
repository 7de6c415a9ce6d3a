"""`/v1/responses` as chat.

| module | what it holds |
|---|---|
| `asked` | its request as messages and tools |
| `told` | its answer, and its events, from an answer of chat |
"""
