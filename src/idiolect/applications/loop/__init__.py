"""Does feedback help? Invented people post it through the door, and the answers that follow are scored by their tastes.

| module | what it holds |
|---|---|
| `visitors` | people of a world: what they are asked, what they think of an answer, how they would write it |
| `door` | a door in this process, and what a visitor does there |
| `run` | feedback in stages, and the same unseen questions under each arm after each stage |
| `table` | paired gains with intervals |
"""
