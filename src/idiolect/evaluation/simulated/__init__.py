"""Simulated users who talk with any assistant, turn by turn, and what the talk says of the assistant.

| file | what it holds |
|---|---|
| `users` | a person from a world, or from a text: asks, tells little by little, rates, chooses, edits, drifts |
| `assistants` | three scripted ones that are known to be good, bad and ugly; any model, ours or behind a URL |
| `conversation` | the loop, and what is kept of each turn |
| `measures` | memory, likability, elicitation, slope over turns; the order they must give stands in `ranking.toml` |
"""
