"""What `idiolect adapt` and `idiolect adapters` do.

| file | what it holds |
|---|---|
| `shelf` | where users' adapters lie, and how they are published |
| `rounds` | many users' `adapt`, round by round, from where it was cut off |
| `peft_folder` | an adapter as a PEFT folder, and back |
"""
