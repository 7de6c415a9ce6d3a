"""Layer 2: what an application keeps of its users, through a handle that reaches one user and nobody else.

    space = idiolect.open()
    ann = space.user("ann")
    ann.add("My sister Anna lives in Kyoto")
    ann.search("Where does Anna live?")

| file | what it holds |
|---|---|
| `opening` | `open`: a space in a folder or on a server |
| `space` | a space: its users, receipts, its state of health |
| `user` | the handle: add, search, get, update, delete, history, profile, context, export, erase |
| `reach` | how the handle gets at his rows, and at no others |
| `messages` | texts, OpenAI messages and typed records as records; times in any form |
| `results` | a row as the application sees it |
| `filters` | conditions on metadata, as mem0 writes them |
| `search` | what bears on a question: candidates of words and vectors, in the blend's order |
| `known`, `facts/` | what he states of himself, in typed slots; the queue that takes it from his words |
| `consolidate` | what was said twice is one memory |
| `forget`, `compress` | what fades, what goes, what is summed up |
| `presets/` | published memories over these |
| `context` | what is known of a user, within a budget of tokens |
| `portable` | a user as a folder that can be carried away, and back |
| `backup` | everybody in sealed archives, and back but for those who were erased |
"""
