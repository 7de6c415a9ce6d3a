"""Layer 5: what people meet: the service at its door, and the page.

| package | what it holds |
|---|---|
| `server` | the OpenAI-compatible service: who speaks, how he is answered, his rights |
| `talk` | `idiolect.open` with a model: `space.user("ann").chat("...")` |
| `mcp` | one user's memory for MCP clients |
| `page` | the files of the page at `/` |
| `taste` | what a user's records say he likes, as a regression whose every term names its record |
| `recommend`, `search` | candidates and one's own documents in an order for him, with reasons |
| `rewrite` | a text in his own style |
| `loop` | whether feedback helps, measured on invented people at the door |
| `reasons` | whether explanations name the right record, measured there too |
"""
