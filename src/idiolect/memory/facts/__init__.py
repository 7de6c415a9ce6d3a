"""What a user states about himself, taken from his own turns into typed slots; what holds now, and what held when.

| file | what it holds |
|---|---|
| `slots` | the kinds of facts, and which values take the place of which |
| `rules` | forms of English that state a fact |
| `extract` | a turn -> claims |
| `table` | facts in a unit: superseded, never lost |
"""
