"""Options in the environment: ``DEEPAAS_LISTEN_PORT``, and ``OS_DEFAULT__LISTEN_PORT`` as before.

Kubernetes and Docker set variables in each container that start with the names of other services.
Those of a service called *deepaas* must not be treated as options.
"""

from __future__ import annotations

import itertools
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
        "DEEPAAS_DEVICE",
        "DEEPAAS_RUN_CONTROL",
        "DEEPAAS_RUN_DIR",
        "DEEPAAS_TLS_KEY_PASSWORD",
        "DEEPAAS_URL",
        "DEEPAAS_V2_MODEL",
        "DEEPAAS_WORKER",
    ]
)
"""Variables of this package that are not options."""

_OURS = short_variable("")

_ADDRESS = re.compile(r"(tcp|udp|sctp)://")

_NEIGHBOUR = re.compile(
    r"DEEPAAS(_\w+)?_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?|ENV_\w+)"
)
"""Variables that Kubernetes sets for each service and Docker for each link; no option has them.

https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
"""

MISSPELT = 0.85
"""Models have their own variables, such as DEEPAAS_TEST_DIR (0.82 for STATE_DIR)."""

MISSPELT_PREFIX = 0.9
"""Other variables start with ``OS_`` too, mainly those of OpenStack's clients."""


def names_by_key(doors: Sequence[DoorOptions]) -> dict[tuple[str, str], list[str]]:
    """Return the variables of each option by section and key; the first one that is set is used.

    A former name of a door's option has the variable that oslo.config gave it.
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
    """The source of environment variables for oslo.config."""

    def __init__(self, environment: Mapping[str, str], doors: Sequence[DoorOptions]) -> None:
        self._environment = environment
        self._names = names_by_key(doors)

    @property
    def given(self) -> bool:
        """Whether any option is set there."""
        names = itertools.chain.from_iterable(self._names.values())
        return any(_is_set(name, self._environment) for name in names)

    def get(self, group_name: str | None, option_name: str, _opt: cfg.Opt) -> tuple[Any, Any]:
        name = self.get_name(group_name, option_name)
        if not _is_set(name, self._environment):
            return sources._NoValue, None
        return self._environment[name], cfg.LocationInfo(cfg.Locations.environment, name)

    def get_name(self, group_name: str | None, option_name: str) -> str:  # type: ignore[override]
        """Return the variable that is used; the last one if none is set."""
        names = self._names.get((group_name or "DEFAULT", option_name), [""])
        return next((name for name in names if _is_set(name, self._environment)), names[-1])


def _is_set(name: str, environment: Mapping[str, str]) -> bool:
    return name in environment and not _of_neighbour(name, environment)


def _of_neighbour(name: str, environment: Mapping[str, str]) -> bool:
    """Whether the value of a variable shows that a container platform has set it."""
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
    """Warn of variables that look like options but have no effect."""
    by_key = names_by_key(doors)
    known = OTHERS.union(*by_key.values())
    lost = tuple(prefix for door in doors if door.trouble for prefix in door.prefixes)
    for names in by_key.values():
        counts, *others = [name for name in names if _is_set(name, environment)] or [""]
        for other in others:
            if environment[other] != environment[counts]:
                yield f"{other} has no effect because {counts} is also set"
    for name in sorted(environment):
        if name in known or name.startswith(lost):
            continue
        meant = _meant(name, environment, known)
        if meant:
            yield f"{name} is not an option of deepaas-run. Did you mean {meant}?"
        elif name.startswith(tuple({variable(section, "") for section, _ in by_key})):
            yield f"{name} is not an option of deepaas-run"


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
    """Whether the variable belongs to another service, even if deep-start's DEEPAAS_PORT
    replaces its value."""
    stem = name.removesuffix("_PORT")
    return stem != name and not {f"{stem}_SERVICE_HOST", f"{stem}_NAME"}.isdisjoint(environment)
