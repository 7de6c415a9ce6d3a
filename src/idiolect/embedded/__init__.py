"""The embedded model: a small decoder trained on the un-personalised mixture of worlds, and the recipe that makes it.

| file | what it holds |
|---|---|
| `weights/` | the shipped model, an ordinary Hugging Face folder |
| `lesson` | one training conversation, laid out as methods lay out prompts |
| `jobs/` | the jobs of the mixture |
| `mixture` | which job comes how often, by level |
| `tokenizer`, `network` | byte-level BPE; the LFM2 shape; encoding, exact match |
| `train` | the training run |
| `exam`, `evaluate` | the rungs and their measurement |
"""
