"""Contrastive prompting: M_i = M_0 + strength * (M_0 with the user - M_0 without him), in some space.

| method | difference of | site | trains |
|---|---|---|---|
| `cos` | log-probabilities of the next token | logits | nothing |
| `stylevector` | mean hidden states of his and of neutral answers | hidden states | nothing |
"""
