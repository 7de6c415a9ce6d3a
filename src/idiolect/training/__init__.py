"""Layer 1: what a `Fit` trains, and the one loop that trains it for many users at once.

    minimise  sum_i  mean_j  L(y_ij, M_0(q_ij; idiolect_ij, z_i))        over every user's z_i, each as if alone

| file | what it holds |
|---|---|
| `parts` | what can be trained: LowRank, Vector, Shift, Value, Weights; their formulas |
| `shared` | parts that all users train together: Coded (PLoRA), FullRank |
| `reft` | interventions in a subspace of a block's output |
| `computed/` | prefixes, keys and values computed from a user's history |
| `objectives` | sft, dpo, modpo, bradley_terry, kl, td |
| `optim` | AdamW, clipping and schedule, a slot at a time |
| `slots` | the trained tensors of many users as stacks |
| `examples` | items as token rows |
| `passes` | rows of several streams through the model, combined |
| `learner` | one user's batches, losses and end |
| `run` | learners of one kind in slots: joining, stepping, leaving |
| `checkpoint` | the state of a run, kept and put back |
| `loop` | `fit`: many `Fit`s sorted into runs |
| `derived` | all weights of a copy |
| `merging` | means of tensors, exact sums of low-rank edits |
| `export` | low-rank edits as PEFT folders |
"""
