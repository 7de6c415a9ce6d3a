"""Layer 2: where records come from and where learnt values lie.

| file | what it holds |
|---|---|
| `records` | a record as a plain mapping, and back, with every mistake named |
| `store` | the store protocol, and a store in memory |
| `policy` | what holds for users who were not asked: a space's TOML file |
| `sqlite/`, `postgres/` | the store on disk, a folder a user; the store in PostgreSQL |
| `answers` | what a service answered a user, in his own folder |
| `dataset` | users, their records and questions about them, as a reader returns them |
| `header` | the check of a safetensors file before anything is allocated |
| `artifacts` | theta and own on disk: JSON and one safetensors, published at once or not at all |
| `readers/` | one file a format |
"""
