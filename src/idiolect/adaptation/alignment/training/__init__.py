"""Training-time alignment: theta_i = argmin sum_j L(y+ > y- | q_ij; theta_i, w_i), j over the user's own pairs.

| method | L | site | trains |
|---|---|---|---|
| `modpo` | DPO with the other objectives' rewards as margin | weights | one LoRA a user |
"""
