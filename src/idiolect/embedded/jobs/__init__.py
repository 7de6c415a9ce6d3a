"""The jobs of the training mixture, each one draw of a `Lesson`. What a job shows is what methods show (`core.layout`).

| file | jobs |
|---|---|
| `facts` | single fact, update, not known, suggestion, count, date, two hops; wishes on the form of the answer |
| `writing` | rewrite, headline and review in the user's style |
| `judging` | tag, rate, recommend, choose between two replies |
| `noise` | lines about other things, in profile and history |
| `talking` | free reply, general knowledge against a wrong history, extraction, summary, foreign prompts |
"""
