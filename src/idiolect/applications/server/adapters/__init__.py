"""What was trained for users, at the door: under the local engine, or on a vLLM server behind us.

| module | what it holds |
|---|---|
| `stored` | own and theta, read where they changed |
| `adapted` | what methods that learn make of a query, at the local engine |
| `folders` | a user's adapter as a folder in PEFT's format, within his own |
| `asked` | which model answers a request |
| `loaded` | which of them the server has, and for whom |
"""
