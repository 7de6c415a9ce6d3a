"""Soft prompts computed from the user's records: M_i(q) = M_0([phi(C_i, q; theta) ; q]), phi trained on everybody.

| method | phi | site | trains |
|---|---|---|---|
| `pplug` | his items, pooled by their likeness to the query and projected | embeddings | phi, for everybody |
"""
