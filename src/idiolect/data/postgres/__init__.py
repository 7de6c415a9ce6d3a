"""Users in PostgreSQL, behind the same `Store` protocol: a user is an identity that a transaction takes on.

| file | what it holds |
|---|---|
| `schema` | tables, policies and roles, as migrations; `install` makes them |
| `connection` | connections under a role that owns nothing, an identity for each transaction |
| `store` | the `Store` protocol over them, versions of records for export and import |
| `vectors` | sentence vectors with pgvector: exact scan of one user's |
| `working` | a user as a unit in memory, for the handle |
| `units` | the store with such units |
| `purge` | what takes the bytes of the erased out of the server's files |
"""
