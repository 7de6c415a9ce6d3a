"""One file a format; each has `read(path) -> Dataset`, and every mistake names the file, the place and the fix.

| reader | format |
|---|---|
| `lamp` | LaMP's questions (with profiles) and outputs |
| `locomo` | LoCoMo's conversations, with the turns in which each answer lies |
| `messages` | one's own file of messages: lists as in the OpenAI API, or a line a message |
| `chatgpt` | `conversations.json` of ChatGPT's export |
| `mem0` | what mem0's `get_all` returns |
| `letta` | Letta's agent files (`.af`), of both forms |
| `chat` | plain chat logs: WhatsApp's export, IRC, or "name: text" |
| `foreign` | tells these four apart |

Worlds, ours and anyone's of the same form, are read by `simulation.world`.
"""
