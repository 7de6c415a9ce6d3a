"""What stands before a prompt and is computed anew for each: prefixes, keys and values.

| file | part | site | from |
|---|---|---|---|
| `plug` | `Plug` | the prefix | a user's items, pooled by their likeness to the query |
| `slotted` | `Slotted` | the past | the query and what was retrieved for it, read by trained slots |
| `foresight` | `Foresight` | none: a module of the method's own | what a user answered to like posts |
"""
