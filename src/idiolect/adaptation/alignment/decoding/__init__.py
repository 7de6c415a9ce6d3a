"""Decoding-time alignment: log p_i = combine(w_i; log p_1, ..., log p_K), objectives trained once for everybody.

| method | what is combined | site | trains |
|---|---|---|---|
| `personalized_soups` | adapters, into one | weights | one LoRA an end of an objective |
| `mod` | log-probabilities of K adapters | logits | one LoRA an end of an objective |
| `vas` | the base and a value, one token ahead | logits | one value head an objective |
| `pref` | the best of some draws, by a reward learnt from his choices | tokens | nothing |
| `amulet` | the base with and without his wishes | logits | nothing |
"""
