"""The service: `app.create` builds it from `settings.Settings`.

| module | what it holds |
|---|---|
| `settings` | what can be set, from TOML and the environment |
| `errors` | refusals in OpenAI's shape |
| `guard` | which requests are let in at all: host, origin, kind of content, size |
| `watch` | what is noted of every request |
| `metrics` | counts and times for Prometheus |
| `tracing` | spans for OpenTelemetry |
| `logs` | one JSON object a line, without content |
| `measured` | what methods brought where they were measured |
| `run` | the server's life in a process of its own |
| `demo` | the invented people a newcomer meets |
| `service` | all that runs behind the door |
| `app` | the application with its routes |
| `speakers` | keys, and who is speaking |
| `answering` | what is new in a request, what is shown of the user, the engine, the upstream, stored answers |
| `feedback` | what users say to answers, and how the next answers change through it |
| `routes` | one file a group of routes |
"""
