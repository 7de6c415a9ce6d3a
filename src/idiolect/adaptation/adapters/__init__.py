"""Personalised adaptation: M_i(q) = M_0(q; theta + theta_i), with M_0's weights frozen.

| family | whose parts |
|---|---|
| `shared/` | one for everybody, which knows its user by something small |
| `personal/` | each user has his own, on top of parts trained on everybody |
"""
