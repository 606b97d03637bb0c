"""An example call with DeepInverse's client."""

from __future__ import annotations

import keyword
from typing import Any

from deepaas.messages import ArgumentSignature
from deepaas.protocols.deepinv.asked import FILE, IMAGE, TENSOR
from deepaas.protocols.deepinv.mapping import TensorCall, expects, kind_of
from deepaas.web import guesses

_SIZE = 64
"""Of open sizes in the example."""


def python_call(endpoint: str, call: TensorCall) -> str:
    """Python code that calls a model, with the required arguments."""
    given = "".join(f", {_given(one)}" for one in call.others if one.required)
    return "\n".join(
        (
            "import torch",
            "from deepinv.models import Client",
            "",
            f'model = Client("{endpoint}")',
            f"y = {_tensor(call.tensor)}  # {expects(call.tensor)}",
            f"x_hat = model(y{given})",
        )
    )


def _given(argument: ArgumentSignature) -> str:
    name, value = argument.name, _value(argument)
    if name.isidentifier() and not keyword.iskeyword(name):
        return f"{name}={value}"
    return f"**{{{name!r}: {value}}}"


def _value(argument: ArgumentSignature) -> Any:
    if kind_of(argument) in (TENSOR, FILE, IMAGE):
        return _tensor(argument)
    return repr(guesses.value(argument.schema))


def _tensor(argument: ArgumentSignature) -> str:
    details = argument.tensor
    shape = [1, 1, _SIZE, _SIZE] if details is None or details.shape is None else details.shape
    sizes = ", ".join(
        str(size if size >= 0 else _open(n, len(shape))) for n, size in enumerate(shape)
    )
    dtype = "" if details is None else details.dtype
    told = f", dtype=torch.{dtype}" if dtype not in ("", "float32", "bytes") else ""
    return f"torch.zeros({sizes or '()'}{told})"


def _open(position: int, count: int) -> int:
    """Pictures are at the end, of how many is at the beginning."""
    return _SIZE if position >= count - 2 else 1
