"""The service: `app.create` builds it from `settings.Settings`.

| module | what it holds |
|---|---|
| `settings` | what can be set, from TOML and the environment |
| `errors` | refusals in OpenAI's shape |
| `guard` | which requests are let in at all: host, origin, kind of content, size |
| `metrics` | counts and times for Prometheus |
| `run` | the server's life in a process of its own |
| `demo` | the invented people a newcomer meets |
| `service` | all that runs behind the door |
| `app` | the application with its routes |
| `speakers` | keys, and who is speaking |
| `answering` | what is new in a request, what is shown of the user, the engine, the upstream, stored answers |
| `routes` | one file a group of routes |
"""
