"""Layer 4: does it help, whom, by how much, and what does it cost?

| file | what it holds |
|---|---|
| `experiment` | what is run: a frozen value from TOML and flags |
| `run` | methods x tasks x seeds x arms, resumable |
| `entries`, `respond`, `arms`, `pooling`, `again` | methods under test, how they answer, what they are compared with |
| `metrics/`, `significance/` | statistics an example, and whether a difference is more than chance |
| `comparison/` | every control of a folder, and one folder against another |
| `benchmarks/` | public sets: reading, checking, measuring what needs no model |
| `judges/` | models, oracles and people that say how good an answer is; how far to trust them |
| `simulated/` | users who talk with an assistant turn by turn |
| `controls` | histories that have lost what they are believed to be worth |
| `tasks/` | where questions come from: worlds and real data |
| `ledger`, `head`, `table` | what lies in a results folder, and the rows computed from it |
| `report`, `plots`, `terminal` | one page, its figures, the table in a terminal |
"""
