"""The commands of the service, and who may come in.

| file | commands |
|---|---|
| `serve` | `serve` |
| `config` | `config show` |
| `keys` | `keys create`, `keys list`, `keys revoke`, `keys rotate` |
| `users` | `users`, `users link`, `users token` |
| `mcp` | `mcp` |
"""
