"""The routes, one file a group of them.

| module | routes |
|---|---|
| `chat` | `/v1/chat/completions`, `/v1/models` |
| `once` | `Idempotency-Key` |
| `other` | `/v1/responses`, `/v1/completions`, `/v1/embeddings` |
| `operation` | `/healthz`, `/readyz`, `/metrics`, `/v1/results` |
| `bodies` | what requests that are passed on may hold |
| `credentials` | what every route begins with |
| `session` | `/`, `/v1/session`, `/v1/users`, `/v1/demo`, login, tokens |
| `memories` | `/v1/users/{id}/memories...` |
| `person` | `/v1/users/{id}/...`: profile, preferences, consents, audit, export, erasure |
| `answers` | `/v1/users/{id}/answers...` |
| `applications` | `/v1/users/{id}/recommend`, `.../search`, `.../rewrite` |
| `feedback` | `/v1/feedback`, `/v1/users/{id}/question`, `/v1/users/{id}/adapters...` |
"""
