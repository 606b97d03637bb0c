"""Reads the options from the command line, INI files and the environment.

Each option is a field of :class:`deepaas.settings.Settings`, or of the options of a door: these are
``--NAME-OPTION``, in the section ``[NAME]``, and ``DEEPAAS_NAME_OPTION``. oslo.config parses them
because existing packages contain ``deepaas.conf`` files for it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import ipaddress
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from oslo_config import cfg

import deepaas
from deepaas.config.complaints import of_value, of_variable, unknown
from deepaas.config.environment import Variables
from deepaas.config.files import check_keys, files
from deepaas.config.help import help_text
from deepaas.config.options import door_options, every, of_door, older, options, registered
from deepaas.config.words import as_oslo, options_in, without_files
from deepaas.errors import ConfigError
from deepaas.options import DoorOptions, Field, declared
from deepaas.resources.gpu_wishes import check_gpus
from deepaas.resources.replicas import check_workers
from deepaas.settings import Settings

ALL = "--help-all"

HELP = frozenset(["-h", "--help", ALL])


def load(
    argv: Sequence[str],
    environment: Mapping[str, str] | None = None,
    default_config_files: list[str] | None = None,
) -> Settings:
    """Read the options: the command line overrides the environment, which overrides INI files.

    The default files are those of oslo.config, such as ``~/.deepaas/deepaas.conf`` and
    ``/etc/deepaas/deepaas.conf``.

    Raises:
        ConfigError: an option is unknown or has an invalid value.
        SystemExit: after ``--help``, ``--help-all`` and ``--version``.
    """
    environment = os.environ if environment is None else environment
    doors = door_options()
    if not HELP.isdisjoint(argv):
        print(help_text(doors, everything=ALL in argv), end="")
        raise SystemExit(0)
    conf = registered(doors)
    variables = Variables(environment, doors)
    conf._env_driver = variables
    _parse(conf, argv, default_config_files, doors, environment)
    if files(conf) or variables.given:
        _prefer(conf, argv, doors)
    check_keys(conf, doors)
    by_older_names = _by_older_names(conf, doors, variables)
    values = {field.name: _value(conf, field) for field in declared(Settings)}
    given = [*conf.models, *values["model_name"]] or [environment.get("DEEPAAS_V2_MODEL", "")]
    values["model_name"] = tuple(
        dict.fromkeys(name.strip() for one in given for name in one.split(",") if name.strip())
    )
    if values["ui"] and _rank(conf, "ui", None) >= 0:
        _require_page()
    with _of_option(conf, "workers"):
        check_workers(values["workers"])
    with _of_option(conf, "gpus"):
        check_gpus(values["gpus"])
    values["trusted_proxy"] = tuple(map(_network, values["trusted_proxy"]))
    values["base_path"] = _base_path(values["base_path"])
    return Settings(**values, doors={door.door: _of(conf, by_older_names, door) for door in doors})


@contextlib.contextmanager
def _of_option(conf: cfg.ConfigOpts, name: str) -> Iterator[None]:
    """Convert a ``ValueError`` to a ``ConfigError`` that says where the option is set."""
    try:
        yield
    except ValueError as error:
        origin = conf.get_location(name)
        place = origin.detail if origin is not None else ""
        where = {
            _ENVIRONMENT: place,
            _RANKS.index(cfg.Locations.user): f"{place}: {name}",
        }.get(_rank(conf, name, None), "")
        raise ConfigError(f"{where or '--' + name.replace('_', '-')}: {error}") from None


def _require_page() -> None:
    """Raises ``ConfigError`` if the try-me page is wanted, but cannot be served."""
    if importlib.util.find_spec("gradio") is None:
        raise ConfigError(
            "--ui: the try-me page needs Gradio, which is not installed: pip install 'deepaas[ui]'"
        )


def _by_older_names(
    conf: cfg.ConfigOpts, doors: Sequence[DoorOptions], variables: Variables
) -> cfg.ConfigOpts:
    """Read the options with former names.

    They are read separately because oslo.config confuses ``cog_strict`` with ``strict`` of
    ``[cog]`` on the command line.
    """
    found = cfg.ConfigOpts()
    found._env_driver = variables
    for door in doors:
        found.register_opts(older(door))
    found([], default_config_files=list(map(str, files(conf))), default_config_dirs=[])
    return found


def _of(conf: cfg.ConfigOpts, by_older_names: cfg.ConfigOpts, door: DoorOptions) -> Any:
    if door.kind is None:
        return door.trouble
    return door.kind(
        **{field.name: _value(conf, field, door, by_older_names) for field in door.fields}
    )


def _value(
    conf: cfg.ConfigOpts,
    field: Field,
    door: DoorOptions | None = None,
    by_older_names: cfg.ConfigOpts | None = None,
) -> Any:
    """Return the value of an option, also if only its former name is set."""
    name, group = field.name, door.section if door else None
    was = field.metadata.get("was")
    if was and by_older_names and _rank(by_older_names, was, None) > _rank(conf, name, group):
        conf, name, group = by_older_names, was, None
    value = conf[group][name] if group else conf[name]
    for choice in field.metadata.get("choices", ()):
        if value.casefold() == choice.casefold():
            return choice
    if not field.metadata.get("multiple"):
        return value
    if _rank(conf, name, group) == _ENVIRONMENT:
        # A list with separators, which oslo.config splits into characters.
        value = "".join(value).split(field.metadata.get("separator", ","))
    return tuple(one.strip() for one in value if one.strip())


_RANKS = (cfg.Locations.user, cfg.Locations.environment, cfg.Locations.set_override)


_ENVIRONMENT = _RANKS.index(cfg.Locations.environment)


def _rank(conf: cfg.ConfigOpts, name: str, group: str | None) -> int:
    """Return the rank of the source of a value: the highest one wins; -1 for the default."""
    origin = conf.get_location(name, group)
    if origin is None or origin.location not in _RANKS:
        return -1
    return _RANKS.index(origin.location)


def _parse(
    conf: cfg.ConfigOpts,
    argv: Sequence[str],
    default_config_files: list[str] | None,
    doors: Sequence[DoorOptions],
    environment: Mapping[str, str],
) -> None:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            conf(
                list(as_oslo(argv, doors)),
                project="deepaas",
                prog="deepaas-run",
                version=deepaas.__version__,
                default_config_files=default_config_files,
            )
            for option in options():
                getattr(conf, option.dest)  # Values from files are checked on first use.
            for door in doors:
                for option in of_door(door):
                    getattr(conf[door.section], option.dest)
                for option in older(door):
                    getattr(conf, option.dest)
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        # argparse prints the usage before the message.
        complaint = said.getvalue().strip().splitlines()[-1]
        complaint = complaint.partition("error: ")[2] or complaint
        # oslo.config uses the name in the section.
        name = {
            option.dest: option.name for option in [*every(doors)[::-1], *options_in(argv, doors)]
        }
        named = re.sub(
            r"^argument --(\w+)", lambda m: f"--{name.get(m[1], m[1].replace('_', '-'))}", complaint
        )
        lost = [door for door in doors if door.trouble and f"--{door.door}-" in complaint]
        why = "".join(f". Could not load the options of {one.door}: {one.trouble}" for one in lost)
        told = of_value(named, argv, default_config_files, doors)
        raise ConfigError((told or unknown(named, doors) or named) + why) from None
    except OSError as error:
        raise ConfigError(f"could not read {error.filename}: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"a configuration file is not UTF-8 text: {error.reason}.") from None
    except (cfg.Error, ValueError) as error:
        complaint = re.sub(r"LocationInfo\(.*?detail='(.*?)'\)", r"\1", str(error))
        told = of_variable(complaint, doors, environment)
        raise ConfigError(told or " ".join(complaint.split())) from None


def _prefer(conf: cfg.ConfigOpts, argv: Sequence[str], doors: Sequence[DoorOptions]) -> None:
    """Let the command line override the environment, even if a file also sets the option."""
    alone = registered(doors)
    words = list(without_files(as_oslo(argv, doors)))
    alone(words, default_config_files=[], default_config_dirs=[], use_env=False)
    groups = [(None, options()), *((door.section, of_door(door)) for door in doors)]
    for group, opts in groups:
        for option in opts:
            origin = alone.get_location(option.dest, group)
            if origin is not None and origin.location is cfg.Locations.command_line:
                value = (alone[group] if group else alone)[option.dest]
                conf.set_override(option.dest, value, group)


def _network(given: str) -> str:
    if given == "unix":
        return given
    try:
        return str(ipaddress.ip_network(given, strict=False))
    except ValueError:
        raise ConfigError(
            f"--trusted-proxy: {given!r} is not an IP address, a network or 'unix'."
        ) from None


_BASE_PATH = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/]*")
"""Characters of a path that need no escaping (RFC 3986, section 3.3)."""


def _base_path(given: str) -> str:
    if given and not given.startswith("/"):
        raise ConfigError(f"--base-path: {given!r} must start with '/'.")
    if not _BASE_PATH.fullmatch(given):
        raise ConfigError(
            f"--base-path: {given!r} can only contain letters, digits and -._~!$&'()*+,;=:@/."
        )
    return given.rstrip("/")
