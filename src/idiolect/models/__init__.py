"""Layer 2: what answers requests. Each is a `core.model.Model` and says how much it lets one see.

| file | model | access |
|---|---|---|
| `hf` | a local Hugging Face folder: Llama, Qwen, LFM2, GPT-2 and their kin | weights |
| `folder` | how such a folder is checked before anything of it is loaded | |
| `families` | small random-weight models of each family, for tests | weights |
| `embedded` | the small model that this package ships | weights |
| `openai` | a server that speaks the OpenAI protocol | text, or top log-probabilities |
| `scripted` | replays given answers, for tests | text |
"""
