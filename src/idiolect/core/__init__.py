"""Layer 0: the nouns, the central value, the requests and the verbs. Standard library only.

| file | what it holds |
|---|---|
| `types` | what a user has said and done (C_i), what is asked (q) |
| `layout` | how records and tasks become lines of prompt: one layout for methods and for training |
| `idiolect` | `Idiolect`: K streams and one combine, the value every method ends in |
| `requests` | `Ask`, `Score`, `Read`, `Fit`: all that a method may want of a model |
| `method` | the verbs `learn`, `adapt`, `condition`, `respond`, `inquire`; cards |
| `model` | what a model answers to, with which access |
| `fingerprint` | a name for any value by all that it holds |
| `errors` | everything raised on purpose |
"""
