"""What users say to answers, and how the next answers change through it.

| module | what it holds |
|---|---|
| `said` | feedback as records: at once in the prompt |
| `kept` | what was learnt of a user, in his own folder, with its sources |
| `teacher` | learning behind the requests: his weights soon, his adapter when enough has come |
| `learnt` | both put over what the pipeline shows |
| `dials` | his weights as he sees and sets them |
| `question` | which two answers to put to him next |
"""
