"""Layer 2: what an application keeps of its users, through a handle that reaches one user and nobody else.

    space = idiolect.open()
    ann = space.user("ann")
    ann.add("My sister Anna lives in Kyoto")
    ann.search("Where does Anna live?")

| file | what it holds |
|---|---|
| `space` | `open`, and a space: its users, receipts, its state of health |
| `user` | the handle: add, search, get, update, delete, history, profile, context, export, erase |
| `reach` | how the handle gets at his rows, and at no others |
| `messages` | texts, OpenAI messages and typed records as records; times in any form |
| `results` | a row as the application sees it |
| `filters` | conditions on metadata, as mem0 writes them |
| `search` | words and vectors, fused by rank |
| `context` | what is known of a user, within a budget of tokens |
| `portable` | a user as a folder that can be carried away, and back |
"""
