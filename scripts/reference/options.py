"""The options of ``deepaas-run``, from ``deepaas.settings.Settings``."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from deepaas.settings import Settings
from scripts.reference.pages import table


def part() -> str:
    """An overview, then one section per option."""
    fields = dataclasses.fields(Settings)
    overview = table(
        ["option", "default"],
        [[f"[`--{_dashed(field)}`](#{anchor(field.name)})", _default(field)] for field in fields],
    )
    return "\n\n".join([overview, *(_section(field) for field in fields)])


def anchor(name: str) -> str:
    """Where an option stands on the page."""
    return f"option-{name.replace('_', '-')}"


def _section(field: dataclasses.Field[Any]) -> str:
    name = _dashed(field)
    forms = [f"`--{name}`"]
    if field.metadata.get("short"):
        forms.append(f"`-{field.metadata['short']}`")
    if isinstance(field.default, bool):
        forms.append(f"`--no{name}` or `--no-{name}`")
    facts = [
        ", ".join(forms),
        f"INI `{field.name}`",
        f"environment `OS_DEFAULT__{field.name.upper()}`",
        _value(field),
        f"default: {_default(field)}",
    ]
    return f"({anchor(field.name)})=\n\n### `--{name}`\n\n{_help(field)}\n\n{' · '.join(facts)}"


def _dashed(field: dataclasses.Field[Any]) -> str:
    return field.name.replace("_", "-")


def _help(field: dataclasses.Field[Any]) -> str:
    # What is to be typed stands out: paths, URLs, names in capitals with underscores.
    code = r"(?<![\w`'])(/[\w-]+/?|\$\w+[\w/]*|~/[\w./]+|postgresql\S+[A-Z]|[A-Z]+(?:_[A-Z0-9]+)+)"
    text = re.sub(code, r"`\1`", field.metadata["help"])
    return re.sub(r"\b(deepaas\[\w+\])", r"`\1`", re.sub(r"'([^' ]+)'", r"`\1`", text))


def _value(field: dataclasses.Field[Any]) -> str:
    about = field.metadata
    if about.get("choices"):
        return ", ".join(f"`{choice}`" for choice in about["choices"])
    if about.get("port"):
        return "a port, 0 to 65535"
    if about.get("multiple"):
        return "a name; may be given several times"
    kinds = {bool: "on or off (`true`, `false` in a file)", int: "a whole number", str: "text"}
    kind = kinds.get(type(field.default), "a number")
    return f"{kind}, at least {about['min']}" if "min" in about else kind


def _default(field: dataclasses.Field[Any]) -> str:
    if isinstance(field.default, bool):
        return "on" if field.default else "off"
    if field.default in ((), ""):
        return "none"
    return f"`{field.default:g}`" if isinstance(field.default, float) else f"`{field.default}`"
