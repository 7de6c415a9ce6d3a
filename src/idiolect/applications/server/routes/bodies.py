"""What requests that are passed on as they are may hold, for the description of the routes."""

from __future__ import annotations

from typing import Any

TEXT, OBJECT = {"type": "string"}, {"type": "object"}
EXTENSION = {
    "type": "object",
    "properties": {
        "pipeline": TEXT,
        "strength": {"type": "number", "minimum": 0, "maximum": 1},
        "budget": {"type": "integer", "minimum": 0},
        "context": TEXT,
    },
}
ROLES = ("system", "developer", "user", "assistant", "tool")
CONTENT = {"oneOf": [TEXT, {"type": "array", "items": OBJECT}, {"type": "null"}]}
MESSAGE = {
    "type": "object",
    "required": ["role", "content"],
    "properties": {"role": {"enum": list(ROLES)}, "content": CONTENT},
}
SHARED = {"model": TEXT, "user": TEXT, "stream": {"type": "boolean"}, "idiolect": EXTENSION}


def body(*required: str, **properties: Any) -> dict[str, Any]:
    """For `openapi_extra`: an object with these fields, and any others."""
    schema = {"type": "object", "required": list(required), "properties": properties, "additionalProperties": True}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


CHAT = body(
    "model",
    "messages",
    messages={"type": "array", "minItems": 1, "items": MESSAGE},
    conversation=TEXT,
    **SHARED,
)
RESPONSES = body(
    "model",
    "input",
    input={"oneOf": [TEXT, {"type": "array", "minItems": 1, "items": {"anyOf": [MESSAGE, OBJECT]}}]},
    instructions=TEXT,
    previous_response_id=TEXT,
    max_output_tokens={"type": "integer", "minimum": 1},
    tools={"type": "array", "items": OBJECT},
    **SHARED,
)
COMPLETIONS = body("model", "prompt", prompt=TEXT, logprobs={"type": "integer", "minimum": 0, "maximum": 20}, **SHARED)
EMBEDDINGS = body("model", "input", model=TEXT, input={"oneOf": [TEXT, {"type": "array", "items": TEXT}]})
