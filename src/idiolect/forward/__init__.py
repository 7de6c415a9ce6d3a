"""Layer 1: one forward pass for rows of different users. No methods here, only the six places that they write.

| file | what it holds |
|---|---|
| `sites` | names of places ("q,v", "blocks.0.5") as module paths of the model at hand |
| `attach` | edits gathered over a batch and hooked on for the length of one call |
| `slots` | gathered rows of edits that come again, least recently used first out |
| `fits` | whether edits, prefixes and pasts are of the model's widths |
| `memory` | keys, values and convolution states of a batch, left-padded |
| `feed` | tokens, prefixes and pasts as one padded batch; the call itself |
| `prompt` | a query and a stream as token ids |
| `rows` | teacher-forced: logits where answers are predicted |
| `heap` | freed memory that the process keeps |
"""
