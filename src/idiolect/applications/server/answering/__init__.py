"""How a request is answered.

| module | what it holds |
|---|---|
| `dialogue` | messages as they come, and which of the user's turns are new |
| `notes` | what the door keeps of a user in his own folder: turns seen, stored answers, pins |
| `held` | records in memory while they do not change |
| `pipeline` | from his records to what is shown to the model, within a budget |
| `local` | the engine in a thread of its own, rows of many users in one batch |
| `fields` | a request as the local engine can honour it |
| `upstream` | any OpenAI-compatible server behind us |
| `shapes` | answers and chunks as OpenAI writes them |
| `responses` | OpenAI's other form of the same |
| `writers` | who writes the answer, whole or as a stream |
| `exchange` | one request for an answer, and what came of it |
| `serving` | what all of this asks of the service around it |
| `chat` | all of it together, for one request |
| `explain` | how much each source mattered |
"""
