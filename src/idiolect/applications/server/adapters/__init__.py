"""Users' adapters on a vLLM server behind us: loaded at run time, named in a request, evicted.

| module | what it holds |
|---|---|
| `folders` | a user's adapter as a folder in PEFT's format, within his own |
| `asked` | which model answers a request |
| `loaded` | which of them the server has, and for whom |
"""
