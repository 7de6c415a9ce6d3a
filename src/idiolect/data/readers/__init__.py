"""One file a format; each has `read(path) -> Dataset`, and every mistake names the file, the place and the fix.

| reader | format |
|---|---|
| `lamp` | LaMP's questions (with profiles) and outputs |
| `locomo` | LoCoMo's conversations, with the turns in which each answer lies |
| `messages` | one's own file of messages: lists as in the OpenAI API, or a line a message |

Worlds, ours and anyone's of the same form, are read by `simulation.world`.
"""
