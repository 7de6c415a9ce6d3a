"""Commands about people, made up or not: who judges answers, and who talks with an assistant.

| file | commands |
|---|---|
| `judge` | `judge`; `judge pairs`, `judge pages`, `judge read` |
| `simulate` | `simulate` |
"""
