"""The memory server for MCP clients: one process, one user.

| module | what |
|---|---|
| `graph` | a user's records as a graph of entities, observations and relations |
| `shapes` | what the tools take and give |
| `server` | the tools, named and shaped as those of the protocol's reference memory server, and two of ours |
"""
