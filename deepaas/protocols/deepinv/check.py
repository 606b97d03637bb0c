"""What ``deepaas-cli check`` tells of this door."""

from __future__ import annotations

from deepaas.messages import Description
from deepaas.protocols.deepinv.mapping import call_of, expects


def told(name: str, description: Description) -> str:
    """What ``file`` and ``metadata`` of a call are for a model; empty if it takes no tensor."""
    call = call_of(name, description)
    if call is None:
        return ""
    others = ", ".join(f"{one.name} ({expects(one)})" for one in call.others) or "nothing"
    return f"file is {call.tensor.name} ({expects(call.tensor)}), metadata: {others}"
