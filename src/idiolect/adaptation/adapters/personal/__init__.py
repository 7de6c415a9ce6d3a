"""One PEFT per user: theta_i = argmin sum_j L(y_ij, M_0(q_ij; theta + theta_i)), j over the user's own examples.

| method | theta_i | site | trains |
|---|---|---|---|
| `oppu` | a LoRA on the query and value projections | weights | one LoRA for everybody, then one a user |
| `perfit` | an intervention of rank r at a block's output | hidden states | one for everybody, then one a user |
| `user_adapter` | one vector in front of the prompt | embeddings | one LoRA for everybody, then one vector a user |
"""
