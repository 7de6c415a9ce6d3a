"""Layer 2: one decode loop for everything, and the drivers of flows.

| file | what it holds |
|---|---|
| `decode` | K streams made one distribution, and one token drawn of it, for rows of different users at once |
| `lane` | the rows' streams through one model: their memory and their edits, batched |
| `engine` | rows join, leave and are cancelled between any two steps; streaming |
| `score` | log-probabilities of given answers; hidden states, keys and values of texts |
| `forced` | the same under a combine that looks ahead, token after token |
| `drive` | three drivers: one flow alone, many in lockstep, async |
"""
