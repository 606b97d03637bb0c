"""The public names of ``deepaas.client``, for Sphinx autodoc."""

from __future__ import annotations

import inspect

import deepaas.client


def part() -> str:
    """One directive per name: what can be called first, then what can go wrong."""
    things = {name: getattr(deepaas.client, name) for name in public()}
    errors = [name for name, thing in things.items() if _is_error(thing)]
    others = [name for name in things if name not in errors]
    sections = [_section("Classes and functions", others), _section("Exceptions", errors)]
    return "\n\n".join(section for section in sections if section)


def public() -> list[str]:
    """What the package exports."""
    return list(getattr(deepaas.client, "__all__", []))


def _is_error(thing: object) -> bool:
    return inspect.isclass(thing) and issubclass(thing, BaseException)


def _section(title: str, names: list[str]) -> str:
    if not names:
        return ""
    directives = "\n".join(_directive(name) for name in names)
    return f"## {title}\n\n```{{eval-rst}}\n{directives}\n```"


def _directive(name: str) -> str:
    thing = getattr(deepaas.client, name)
    if _is_error(thing):
        return f".. autoexception:: deepaas.client.{name}"
    if inspect.isclass(thing):
        members = "   :members:\n   :member-order: bysource\n"
        return f".. autoclass:: deepaas.client.{name}\n{members}"
    return f".. autofunction:: deepaas.client.{name}"
