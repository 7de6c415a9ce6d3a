"""Who is compared with whom, and what is found: every control of one folder, and one folder against another.

| file | compares |
|---|---|
| `answers` | (sorts the answers of a folder) |
| `within` | a method with its controls, for all, group by group and user by user |
| `between` | the same questions in two folders, or under two methods |
"""
