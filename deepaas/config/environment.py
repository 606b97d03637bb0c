"""Options in the environment: ``DEEPAAS_LISTEN_PORT``, and ``OS_DEFAULT__LISTEN_PORT`` as before.

Kubernetes and Docker tell each container of its neighbours by variables that begin with their
names. One called *deepaas* must not look like options.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from oslo_config import cfg, sources
from oslo_config.sources._environment import EnvironmentConfigurationSource

from deepaas.config.words import OF_OTHER_SERVERS
from deepaas.near_names import near
from deepaas.options import DoorOptions, declared, short_variable, variable, variables
from deepaas.settings import Settings

OTHERS = frozenset(
    [
        "DEEPAAS_API_KEY",
        "DEEPAAS_RUN_CONTROL",
        "DEEPAAS_RUN_DIR",
        "DEEPAAS_URL",
        "DEEPAAS_V2_MODEL",
        "DEEPAAS_WORKER",
    ]
)
"""Variables of this package's that are no options."""

_OURS = short_variable("")

_ADDRESS = re.compile(r"(tcp|udp|sctp)://")

_NEIGHBOUR = re.compile(
    r"DEEPAAS(_\w+)?_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?|ENV_\w+)"
)
"""Names that Kubernetes makes of each service and Docker of each link, which no option has.

https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
"""

MISSPELT = 0.85
"""Models have variables of their own, such as DEEPAAS_TEST_DIR (0.82 for STATE_DIR)."""

MISSPELT_PREFIX = 0.9
"""``OS_`` begins the variables of others too, of OpenStack's clients above all."""


def names_by_key(doors: Sequence[DoorOptions]) -> dict[tuple[str, str], list[str]]:
    """The variables of each option, by its section and key in files; the first that is set counts.

    An older name of an option of a door has the one that oslo.config gave it.
    """
    found = {("DEFAULT", field.name): variables(field) for field in declared(Settings)}
    for door in doors:
        for field in door.fields:
            was = field.metadata.get("was")
            names = door.variables(field)
            found[door.section, field.name] = names[:2]
            if was:
                found["DEFAULT", was] = names[2:]
    return found


class Variables(EnvironmentConfigurationSource):
    """Where oslo.config looks for variables."""

    def __init__(self, environment: Mapping[str, str], doors: Sequence[DoorOptions]) -> None:
        self._environment = environment
        self._names = names_by_key(doors)

    def get(self, group_name: str | None, option_name: str, _opt: cfg.Opt) -> tuple[Any, Any]:
        name = self.get_name(group_name, option_name)
        if not _is_set(name, self._environment):
            return sources._NoValue, None
        return self._environment[name], cfg.LocationInfo(cfg.Locations.environment, name)

    def get_name(self, group_name: str | None, option_name: str) -> str:  # type: ignore[override]
        """The variable that counts; the last one if none is set."""
        names = self._names.get((group_name or "DEFAULT", option_name), [""])
        return next((name for name in names if _is_set(name, self._environment)), names[-1])


def _is_set(name: str, environment: Mapping[str, str]) -> bool:
    return name in environment and not _of_neighbour(name, environment)


def _of_neighbour(name: str, environment: Mapping[str, str]) -> bool:
    """Whether a variable that an option could have is from a container platform, by its value."""
    if not name.startswith(_OURS):
        return False
    value = environment[name]
    if name.endswith("_PORT"):
        return _ADDRESS.match(value) is not None
    # Docker: DEEPAAS_MODEL_NAME=/this-one/deepaas-model beside DEEPAAS_MODEL_PORT=tcp://…
    stem = name.removesuffix("_NAME")
    alias = re.sub(r"\W", "_", value.rpartition("/")[2]).upper()
    return alias == stem and _ADDRESS.match(environment.get(f"{stem}_PORT", "")) is not None


def remarks(environment: Mapping[str, str], doors: Sequence[DoorOptions]) -> Iterator[str]:
    """What an operator should know of variables that look like options and do nothing."""
    by_key = names_by_key(doors)
    known = OTHERS.union(*by_key.values())
    lost = tuple(prefix for door in doors if door.trouble for prefix in door.prefixes)
    for names in by_key.values():
        counts, *others = [name for name in names if _is_set(name, environment)] or [""]
        for other in others:
            if environment[other] != environment[counts]:
                yield f"{other} has no effect, as {counts} is set too"
    for name in sorted(environment):
        if name in known or name.startswith(lost):
            continue
        meant = _meant(name, environment, known)
        if meant:
            yield f"{name} is no option of deepaas-run; did you mean {meant}?"
        elif name.startswith(tuple({variable(section, "") for section, _ in by_key})):
            yield f"{name} is no option of deepaas-run"


def _meant(name: str, environment: Mapping[str, str], known: Iterable[str]) -> str | None:
    given = name.upper()
    if given.startswith("OS_"):
        return near(given, known, MISSPELT_PREFIX)
    if not given.startswith(_OURS) or _NEIGHBOUR.fullmatch(given):
        return None
    if _of_neighbour(name, environment) or _is_neighbours_port(given, environment):
        return None
    word = given.removeprefix(_OURS)
    if option := OF_OTHER_SERVERS.get(word.lower().replace("_", "-")):
        return short_variable(option)
    ours = {one.removeprefix(_OURS) for one in known if one.startswith(_OURS)}
    found = near(word, ours, MISSPELT)
    return found and f"{_OURS}{found}"


def _is_neighbours_port(name: str, environment: Mapping[str, str]) -> bool:
    """Also where it was overwritten: deep-start has a variable DEEPAAS_PORT of its own."""
    stem = name.removesuffix("_PORT")
    return stem != name and not {f"{stem}_SERVICE_HOST", f"{stem}_NAME"}.isdisjoint(environment)
