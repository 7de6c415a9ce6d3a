"""Personalised alignment: M_i = argmax_pi sum_k w_ik R_k(pi) - beta KL(pi || M_0), R and w_i learnt from choices.

| family | when the weights w_i enter |
|---|---|
| `decoding/` | while an answer is written: policies or values of single objectives are combined |
| `training/` | while the user's own policy is trained |

Objectives are nobody's to name: `preferences` finds the axes along which users' choices differ, and where each stands.
"""
