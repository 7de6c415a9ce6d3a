"""Profile-augmented prompting: M_i(q) = M_0(s_i (+) q), s_i = S(C_i) made once a user.

| method | phi | site | trains |
|---|---|---|---|
| `pag` | counts over the records, and the k best records | tokens | nothing |
"""
