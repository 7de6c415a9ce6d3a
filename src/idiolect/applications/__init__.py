"""Layer 5: what people meet: the service at its door, and the page.

| package | what it holds |
|---|---|
| `server` | the OpenAI-compatible service: who speaks, how he is answered, his rights |
| `talk` | `idiolect.open` with a model: `space.user("ann").chat("...")` |
| `mcp` | one user's memory for MCP clients |
| `page` | the files of the page at `/` |
| `loop` | whether feedback helps, measured on invented people at the door |
"""
