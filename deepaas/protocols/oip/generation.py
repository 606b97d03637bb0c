"""Text generation: Triton's extension_generate, as KServe specifies it.

https://github.com/kserve/open-inference-protocol, specification/protocol/generate_rest.yaml.
"""

from __future__ import annotations

from typing import Any

import msgspec

from deepaas.messages import Values
from deepaas.protocols.oip.asked import GENERATE, ModelOutline, Wish

TEXT_INPUT = "text_input"


class _GenerateRequest(msgspec.Struct):
    text_input: str
    id: str = ""
    parameters: dict[str, Any] = {}


def values_of(body: memoryview, outline: ModelOutline) -> Values:
    """Arguments by name: the text, other members, and parameters that are arguments.

    Raises:
        ValueError: the model has no such argument; the message is for the client.
        msgspec.MsgspecError: the body is not valid.
    """
    request = msgspec.json.decode(body, type=_GenerateRequest)
    others = msgspec.json.decode(body, type=dict[str, Any])
    given = {name: value for name, value in request.parameters.items() if name in outline.inputs}
    for name, value in others.items():
        if name in _GenerateRequest.__struct_fields__:
            continue
        if name not in outline.inputs:
            raise ValueError(f"model '{outline.name}' has no input '{name}'")
        given[name] = value
    if not outline.text:
        raise ValueError(f"model '{outline.name}' does not generate text: it has no text input")
    given[outline.text] = request.text_input
    wish = Wish(outline.name, outline.version, GENERATE, request.id)
    return Values(given, wanted=msgspec.to_builtins(wish))


def encoded(result: Any, wish: Wish) -> tuple[str, bytes, dict[str, str]]:
    """Media type, bytes and headers; ``ValueError`` if the result is not text."""
    answer = {"model_name": wish.model, "model_version": wish.version, "text_output": _text(result)}
    if wish.id:
        answer["id"] = wish.id
    return "application/json", msgspec.json.encode(answer), {}


def _text(result: Any) -> str:
    if isinstance(result, dict) and len(result) == 1:
        (result,) = result.values()
    if isinstance(result, str):
        return str(result)
    if isinstance(result, (list, tuple)) and all(isinstance(part, str) for part in result):
        return "".join(result)
    raise ValueError("the output of this model is not text: use infer instead of generate")
