"""Simulated users who talk with any assistant, session by session, and what the talk says of the assistant.

| file | what it holds |
|---|---|
| `users` | a person: tells little by little, asks, rates, chooses, edits, changes |
| `making` | a person from a world's planted truth, or from a text about him |
| `likability` | which of two replies he likes better, and the dimensions on which rules can grade a reply |
| `assistants` | scripted ones that are known to be good, bad and ugly; any model; a user's handle of a space |
| `door` | the service of this package, over HTTP |
| `conversation` | the loop, and what is kept of each turn |
| `elicitation` | which question to ask him next: by information, by chance, by the assistant itself |
| `measures` | memory, likability, its slope over sessions; the order they must give stands in `ranking.toml` |
| `run` | many people and assistants, resumable, with paired statistics |
"""
