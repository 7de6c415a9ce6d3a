"""Layer 1: which of a user's records bear on a query. ``rank(query, pool, k) -> Hits``, best first.

| retriever | score(q, d) | needs |
|---|---|---|
| `bm25.BM25` | sum over the query's terms of idf * saturated term frequency | nothing |
| `dense.Dense` | cosine of two sentence vectors | the encoder's weights, opened on first use |
| `recency.Recency` | time of the record | nothing |
| `fuse.Fuse` | sum over retrievers of 1 / (60 + rank) | its parts |
| `blend.Blend` | sum of standardised signals, words as far as they cover the question | an encoder, or none |

`signals/` holds one file a signal, `corpus` what they share, `split` cuts long texts, `stems` and `terms` make words.
"""
