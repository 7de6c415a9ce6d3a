"""Who is speaking.

| module | what it holds |
|---|---|
| `keys` | app, user and operator keys: made, found, revoked; kept as HMAC |
| `identity` | from a credential and a request to the one user whose data may be reached |
| `limits` | how often a key may ask |
"""
