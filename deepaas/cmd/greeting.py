"""What ``deepaas-run`` says once it listens: what it serves, where, and who can reach it."""

from __future__ import annotations

from collections.abc import Sequence

import deepaas
from deepaas.access.principal import Principal
from deepaas.model.discovery import FoundModel
from deepaas.protocols.door import Link
from deepaas.reach import is_open, network_url, own_url

LINES_COUNT = 5
"""So many models and keys are named. A host may have hundreds."""


def greeting(
    listening: tuple[str, int] | None,
    pages: Sequence[Link],
    models: Sequence[FoundModel],
    owners: Sequence[Principal] | None = None,
    also: Sequence[str] = (),
    scheme: str = "http",
) -> str:
    """The pages by URL; ``listening`` as the kernel tells it, ``also`` where else.

    ``owners`` are those of the keys that are valid; None if no key is required.
    """
    first, *others = _named(models)
    shown = [("Models:", first), *(("", other) for other in others)]
    if listening is not None:
        local = own_url(listening, "", scheme)
        shown += [(f"{page.label}:", f"{local}{page.path}") for page in pages]
        network = network_url(listening, pages[0].path, scheme)
        if network and network != f"{local}{pages[0].path}":
            shown.append(("On the network:", network))
    shown += [("Listens on:" if not number else "", one) for number, one in enumerate(also)]
    first, *others = _rights(owners)
    shown += [("Keys:", first), *(("", other) for other in others)]
    width = max(len(label) for label, _ in shown)
    if also:
        reach = ""
    elif listening is not None and is_open(listening):
        reach = "Other machines can connect. "
    else:
        reach = "Only this machine can connect (use --listen-ip 0.0.0.0 for the network). "
    lines = [f"{label:>{width}} {text}" for label, text in shown]
    return "\n".join(
        ["", f"DEEPaaS {deepaas.__version__}", "", *lines, "", f"{reach}Press Ctrl+C to stop.", ""]
    )


def short_greeting(
    listening: tuple[str, int] | None,
    pages: Sequence[Link],
    models: Sequence[FoundModel],
    owners: Sequence[Principal] | None = None,
    also: Sequence[str] = (),
    scheme: str = "http",
) -> str:
    """The same in a line, for a log that programs read."""
    where = list(also)
    if listening is not None:
        reach = "other machines" if is_open(listening) else "only this machine"
        where.insert(0, f"{own_url(listening, pages[0].path, scheme)} ({reach} can connect)")
    return (
        f"DEEPaaS {deepaas.__version__} listens at {', '.join(where)} with models: "
        f"{', '.join(_named(models))}; keys: {', '.join(_rights(owners))}"
    )


def _named(models: Sequence[FoundModel]) -> list[str]:
    """A line for each model."""
    return _first_few([f"{one.name} ({one.origin})" for one in models])


def _rights(owners: Sequence[Principal] | None) -> list[str]:
    """Who may do what."""
    if owners is None:
        return ["not required: all clients have all rights"]
    if not owners:
        return ["required, but none is valid: create one with 'deepaas-cli keys create NAME'"]
    return _first_few([f"{one.name} ({one.words})" for one in owners])


def _first_few(lines: list[str]) -> list[str]:
    more = len(lines) - LINES_COUNT
    return [*lines[:LINES_COUNT], f"and {more} more"] if more > 0 else lines
