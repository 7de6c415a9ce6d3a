"""Layer 4: does it help, whom, by how much, and what does it cost?

| file | what it holds |
|---|---|
| `experiment` | what is run: a frozen value from TOML and flags |
| `run` | models x methods x tasks x seeds x arms, resumable |
| `entries`, `asking/` | methods under test, how they answer and on which model, what they are compared with |
| `metrics/`, `significance/` | statistics an example, and whether a difference is more than chance |
| `comparison/` | every control of a folder, other metrics of its answers, and one folder against another |
| `benchmarks/` | public sets: reading, checking, measuring what needs no model |
| `judges/` | models, oracles and people that say how good an answer is; how far to trust them |
| `simulated/` | users who talk with an assistant turn by turn |
| `tasks/` | where questions come from: worlds, public sets, one's own messages |
| `ledger`, `head`, `table` | what lies in a results folder, and the rows computed from it |
| `report/`, `terminal` | one page with its figures, the table in a terminal |
"""
