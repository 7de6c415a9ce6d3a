"""Published memories, each a short file over the primitives, each a retriever (`retrieval.protocol`).

| preset | a memory is found by |
|---|---|
| `generative_agents` | recency + importance + relevance, each scaled over the pool |
| `memorybank` | relevance among what the forgetting curve has left |
| `memoryos` | three tiers: the last pages always, older ones by their segment, what is stated |
| `malp` | a short and a long term; what is recalled often moves up, the rest is flushed |
| `ldagent` | the session that was about it, with all its lines |
| `memprompt` | the question that was misread, mistyped or in other words; else nothing |
| `teachme` | words, among what the user has not denied |
| `omem` | topics, the question's rarest word and what is stated, side by side |
| `hipporag` | personalised PageRank over triples, from those that fit the question |
| `amem` | nearness to notes that moved towards those they are linked to, and these with them |
| `personamem` | nothing: one note, whatever is asked |
| `map` | labels in common, for what was rated |

`segments` and `edits` hold what several of them share.
"""
