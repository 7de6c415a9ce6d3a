"""Layer 2: the doorway between what users have said and what methods may see.

| file | what it holds |
|---|---|
| `view` | the only maker of `UserData`: purpose, destination, neighbours |
"""
