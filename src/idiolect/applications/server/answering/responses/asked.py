"""A request of `/v1/responses` as `/v1/chat/completions` takes it: messages, and functions that the model may call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from idiolect.applications.server.errors import Refusal

Message = dict[str, Any]
TRANSLATED = ("input", "instructions", "previous_response_id", "max_output_tokens", "conversation")
TOOLS = ("tools", "tool_choice", "parallel_tool_calls")
NEUTRAL: Mapping[str, tuple[Any, ...]] = {  # what asks for nothing
    "truncation": ("disabled",),
    "text": ({"format": {"type": "text"}}, {}),
    "include": ([],),
    "background": (False,),
    "store": (True,),
    "reasoning": ({},),
}
PARTS = ("input_text", "output_text", "text")
FUNCTION = ("name", "description", "parameters", "strict")


def as_chat(body: Mapping[str, Any], before: list[Message]) -> dict[str, Any]:
    """The request as `/v1/chat/completions` takes it. before: the dialogue that it goes on with.

    Raises:
        Refusal: 400, naming what cannot be honoured.
    """
    for name, values in NEUTRAL.items():
        if body.get(name) is not None and body[name] not in values:
            raise _unable(name)
    instructions = body.get("instructions")
    if not isinstance(instructions, (str, type(None))):
        raise Refusal(400, "instructions must be a text", param="instructions")
    first = [{"role": "system", "content": instructions}] if instructions else []
    chat = {k: v for k, v in body.items() if k not in (*TRANSLATED, *NEUTRAL, *TOOLS)}
    if body.get("max_output_tokens") is not None:
        chat["max_tokens"] = body["max_output_tokens"]
    if body.get("conversation") is not None:
        chat["conversation"] = body["conversation"]
    return {**chat, **_tools(body), "messages": [*first, *before, *_messages(body.get("input"))]}


def _unable(name: str) -> Refusal:
    return Refusal(400, f"/v1/responses cannot honour this {name!r}", param=name, code="unsupported_parameter")


def _tools(body: Mapping[str, Any]) -> dict[str, Any]:
    """Functions, and which of them is to be called; no other tools can be passed on."""
    tools, choice = body.get("tools") or [], body.get("tool_choice")
    if not isinstance(tools, list):
        raise _unable("tools")
    for tool in tools:
        if not isinstance(tool, Mapping) or tool.get("type") != "function" or not isinstance(tool.get("name"), str):
            raise _unable("tools")
    named = isinstance(choice, Mapping) and choice.get("type") == "function" and isinstance(choice.get("name"), str)
    if choice not in (None, "auto", "none", "required") and not named:
        raise _unable("tool_choice")
    if not tools:
        if choice not in (None, "auto", "none"):
            raise _unable("tool_choice")
        return {}
    functions = [{name: tool[name] for name in FUNCTION if tool.get(name) is not None} for tool in tools]
    chat: dict[str, Any] = {"tools": [{"type": "function", "function": function} for function in functions]}
    if isinstance(choice, Mapping):
        chat["tool_choice"] = {"type": "function", "function": {"name": choice["name"]}}
    elif choice is not None:
        chat["tool_choice"] = choice
    if body.get("parallel_tool_calls") is not None:
        chat["parallel_tool_calls"] = body["parallel_tool_calls"]
    return chat


def _messages(given: Any) -> list[Message]:
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not isinstance(given, list) or not given:
        raise Refusal(400, "input must be a text or a list of items", param="input")
    found: list[Message] = []
    for place, one in enumerate(given):
        where = f"input.{place}"
        match one:
            case {"type": "function_call", "call_id": str(id), "name": str(name), "arguments": str(arguments)}:
                call = {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
                found = _called(found, call)
            case {"type": "function_call_output", "call_id": str(id), "output": output}:
                said = output if isinstance(output, str) else _joined(output, f"{where}.output")
                found.append({"role": "tool", "tool_call_id": id, "content": said})
            case {"role": role} if one.get("type", "message") == "message":
                content = one.get("content")
                said = content if isinstance(content, str) else _joined(content, f"{where}.content")
                found.append({"role": role, "content": said})
            case _:
                what = "only messages, function calls and their outputs can be read here"
                raise Refusal(400, what, param=where, code="unsupported_parameter")
    return found


def _called(found: list[Message], call: dict[str, Any]) -> list[Message]:
    """A call belongs to the assistant's message just before it, or is one of its own."""
    if found and found[-1]["role"] == "assistant":
        return [*found[:-1], {**found[-1], "tool_calls": [*found[-1].get("tool_calls", ()), call]}]
    return [*found, {"role": "assistant", "content": None, "tool_calls": [call]}]


def _joined(content: Any, where: str) -> str:
    """Text parts as one text."""
    parts = content if isinstance(content, list) else []
    for place, part in enumerate(parts):
        if not isinstance(part, Mapping) or part.get("type") not in PARTS or not isinstance(part.get("text"), str):
            raise Refusal(400, "only text can be read here", param=f"{where}.{place}")
    return "\n".join(part["text"] for part in parts)
