"""Layer 3: published methods, M_i = P(M_0, C_i; theta). Folders bear the section titles of the surveys.

A folder's root files are primitives, one folder further down each file is a paper and its stem the method's name:

| folder | where P acts |
|---|---|
| `prompting/` | the input: what stands before the query, or a contrast between two inputs |
| `adapters/` | the model: small trained parts beside frozen weights |
| `alignment/` | the objective: what a user prefers, learnt from his choices |
"""
