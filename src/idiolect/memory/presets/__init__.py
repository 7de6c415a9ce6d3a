"""Published memories, each a short file over the primitives, each a retriever (`retrieval.protocol`).

| preset | a memory is found by |
|---|---|
| `generative_agents` | recency + importance + relevance, each scaled over the pool |
| `memorybank` | relevance among what the forgetting curve has left |
| `hipporag` | personalised PageRank over a graph of names and phrases, from those of the question |
"""
