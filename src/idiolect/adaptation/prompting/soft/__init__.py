"""Soft prompts computed from the user's records: M_i(q) = M_0([phi(C_i, q; theta) ; q]), phi trained on everybody.

phi stands for tokens: as embeddings, or as keys and values of every layer.

| method | phi | site | trains |
|---|---|---|---|
| `pplug` | his items, pooled by their likeness to the query and projected | embeddings | phi, for everybody |
| `recap` | what he is likely to say, retrieved and read by slots | keys and values | retriever and phi, for everybody |
"""
