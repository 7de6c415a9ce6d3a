"""Personalised prompting: M_i(q) = M_0(phi(C_i, q) (+) q), with M_0 untouched.

| family | phi |
|---|---|
| `retrieval/` | the records that bear on q |
| `profile/` | a summary of all records |
| `soft/` | embeddings, or keys and values, computed from the records |
| `contrast/` | a difference between M_0 with and without the user |
"""
