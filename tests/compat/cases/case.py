"""What one case is, and how to write it down in a line."""

from __future__ import annotations

from dataclasses import dataclass

from ..differences import Difference
from ..wire import Body


@dataclass(frozen=True)
class Case:
    """A request that both hosts get, and the status that DEEPaaS 2.6.0 answers."""

    name: str
    target: str
    status: int = 200
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: Body | None = None
    differs: tuple[Difference, ...] = ()


def predict(
    model: str,
    name: str,
    query: str = "",
    *,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
    body: Body | None = None,
    differs: tuple[Difference, ...] = (),
) -> Case:
    target = f"/v2/models/{model}/predict/" + (f"?{query}" if query else "")
    return Case(f"{model}: {name}", target, status, "POST", headers, body, differs)


def header(name: str, value: str) -> tuple[tuple[str, str], ...]:
    return ((name, value),)


def accept(value: str) -> tuple[tuple[str, str], ...]:
    return header("Accept", value)
