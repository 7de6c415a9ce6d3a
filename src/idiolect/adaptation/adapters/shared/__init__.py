"""One adapter for everybody: M_i(q) = M_0(q; theta, z_i), where theta is trained on all users and z_i is small.

| method | z_i | site | trains |
|---|---|---|---|
| `plora` | a vector inside the low-rank path | weights | one LoRA for everybody and a vector a user, together |
| `user_identifier` | tokens that name the user | tokens | the model, on everybody |
"""
