"""Layer 2: what answers requests. Each is a `core.model.Model` and says how much it lets one see.

| file | model | access |
|---|---|---|
| `hf` | a local Hugging Face folder: Llama, Qwen, LFM2, GPT-2 and their kin | weights |
| `t5` | a local encoder-decoder folder of the T5 family: `Ask` and `Score` | logits |
| `folder` | how such a folder is checked before anything of it is loaded | |
| `families` | small random-weight models of each family, for tests | weights |
| `embedded` | the small model that this package ships, or a folder in its place: `open_model` | weights |
| `openai` | a server that speaks the OpenAI protocol | text, or top log-probabilities |
| `wire` | requests to such a server: tries again, errors, the secret | |
| `scripted` | replays given answers, for tests | text |
"""
