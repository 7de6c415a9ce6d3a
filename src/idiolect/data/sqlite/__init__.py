"""The store on disk: a space is a folder, a user is a folder in it, and nothing of one lies in another's.

    <home>/                                          0700, symbolic links refused
      spaces/<space>/catalogue.db                    who has which folder; receipts of erasure
      spaces/<space>/users/<shard>/<random key>/     one user: erasing him is removing this
        user.db                                      records, their words (FTS5), consents, audit trail
        vectors.f16                                  sentence vectors, derived from the records
        own/                                         what methods learnt for him (safetensors)

| file | what it holds |
|---|---|
| `folder` | folders and files that only their owner may read, without links, synchronised to the disk |
| `connection` | one database: a pool of readers, one writer, migrations, and scrubbing of what was deleted |
| `schema` | the tables, as migrations |
| `catalogue` | users and their folders, receipts |
| `rows` | records as rows: append, replace, delete, history |
| `lookup` | which rows hold in a moment, and which have a question's words |
| `vectors` | the derived file of vectors |
| `unit` | one user's folder, opened |
| `units` | those that are open, each once; what is over is erased before anybody sees it |
| `residue` | the search for bytes that should be gone |
| `erasure` | erasing a user, and its receipt |
| `store` | the `Store` protocol over all of it |
"""
