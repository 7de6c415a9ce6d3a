"""Layer 2: the doorway between what users have said and what methods may see, and what becomes of it when they go.

| file | what it holds |
|---|---|
| `view` | the only maker of `UserData`: purpose, destination, context, neighbours |
| `leave` | the same where a refusal is an answer; the method's answer with leave, the model's own without |
| `sensitive` | what is sensitive, by rules |
| `lineage` | the ledger: what was learnt, and from which records |
| `derived` | keeping what was learnt with its sources; dropping it or learning it again when one goes |
| `erasure` | letting a user go, and the receipt that is open until everything is done |
| `keys` | the key file of the backups: one key a user, wrapped, and the tombstones |
| `sealed` | streams of bytes that only a key opens |
| `state` | what `idiolect doctor` says of all this |
"""
