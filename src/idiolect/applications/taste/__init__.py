"""What a user thinks of things, from his records: for applications that put things in an order for him.

| module | what it holds |
|---|---|
| `known` | his records as an application may use them, and its line in his audit trail |
| `opinions` | ratings, choices, wishes and words as opinions of texts |
| `likeness` | how alike two texts are |
| `regression` | from opinions of some texts to what he would think of others, how sure that is, and why |
| `judged` | all of it together: texts judged for a user, with reasons |
"""
