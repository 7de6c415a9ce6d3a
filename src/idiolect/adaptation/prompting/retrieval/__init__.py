"""Retrieval-augmented prompting: M_i(q) = M_0(R(q, C_i, k) (+) q).

| method | phi | site | trains |
|---|---|---|---|
| `ipa` | the k best records by BM25, dense vectors or recency | tokens | nothing |
"""
