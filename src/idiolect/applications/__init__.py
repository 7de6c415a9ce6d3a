"""Layer 5: what people meet: the service at its door, and the page.

| package | what it holds |
|---|---|
| `server` | the OpenAI-compatible service: who speaks, how he is answered, his rights |
| `page` | the files of the page at `/` |
"""
