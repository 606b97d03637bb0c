"""How the options are read: from the command line, INI files and the environment.

Each is a field of :class:`deepaas.settings.Settings`, or of what a door has declared: that is
``--NAME-OPTION``, stands in the section ``[NAME]`` and in ``OS_NAME__OPTION``. The parsing is
oslo.config's, as existing packages ship ``deepaas.conf`` files for it.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import ipaddress
import itertools
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from oslo_config import cfg, types

import deepaas
from deepaas.errors import ConfigError
from deepaas.options import DoorOptions, Field, declared, of_doors, variable
from deepaas.settings import Settings

IGNORED_KEYS = frozenset(
    [
        "debug_stream",
        "default_log_levels",
        "fatal_deprecations",
        "instance_format",
        "instance_uuid_format",
        "log_color",
        "log_config_append",
        "log_date_format",
        "log_dir",
        "log_rotate_interval",
        "log_rotate_interval_type",
        "log_rotation_type",
        "logging_context_format_string",
        "logging_debug_format_suffix",
        "logging_default_format_string",
        "logging_exception_prefix",
        "logging_user_identity_format",
        "max_logfile_count",
        "max_logfile_size_mb",
        "publish_errors",
        "rate_limit_burst",
        "rate_limit_except_level",
        "rate_limit_interval",
        "syslog_log_facility",
        "use_eventlog",
        "use_journal",
        "use_json",
        "use_stderr",
        "use_syslog",
        "watch_log_file",
    ]
)
"""Keys of oslo.log that stand in sample files of DEEPaaS 2.x: warned of, not refused."""


_POSITIONAL = cfg.MultiStrOpt(
    "models", default=[], positional=True, help="Models to serve, as for --model-name."
)


def load(
    argv: Sequence[str],
    environment: Mapping[str, str] | None = None,
    default_config_files: list[str] | None = None,
) -> Settings:
    """Read the options: the command line wins over the environment, that over INI files.

    The usual files are ``~/.deepaas/deepaas.conf``, ``/etc/deepaas/deepaas.conf`` and the like.

    Raises:
        ConfigError: an option is unknown or has a wrong value.
        SystemExit: after ``--help`` and ``--version``.
    """
    doors = door_options()
    conf = _registered(doors)
    _parse(conf, argv, default_config_files, doors)
    _prefer(conf, argv, doors)
    _check_keys(conf, doors)
    older = _alone(conf, doors)
    values = {field.name: _value(conf, field) for field in declared(Settings)}
    environment = os.environ if environment is None else environment
    given = [*conf.models, *values["model_name"]] or [environment.get("DEEPAAS_V2_MODEL", "")]
    values["model_name"] = tuple(
        dict.fromkeys(name.strip() for one in given for name in one.split(",") if name.strip())
    )
    values["trusted_proxy"] = tuple(map(_network, values["trusted_proxy"]))
    values["base_path"] = _base_path(values["base_path"])
    return Settings(**values, doors={door.door: _of(conf, older, door) for door in doors})


def _alone(conf: cfg.ConfigOpts, doors: Sequence[DoorOptions]) -> cfg.ConfigOpts:
    """What is given by older names.

    Read apart: on the command line oslo.config cannot tell ``cog_strict`` from ``strict`` of
    ``[cog]``, and takes the one for the other.
    """
    older = cfg.ConfigOpts()
    for door in doors:
        older.register_opts(_older(door))
    older([], default_config_files=list(map(str, _files(conf))), default_config_dirs=[])
    return older


def _of(conf: cfg.ConfigOpts, older: cfg.ConfigOpts, door: DoorOptions) -> Any:
    if door.kind is None:
        return door.trouble
    return door.kind(**{field.name: _value(conf, field, door, older) for field in door.fields})


def _value(
    conf: cfg.ConfigOpts,
    field: Field,
    door: DoorOptions | None = None,
    older: cfg.ConfigOpts | None = None,
) -> Any:
    """The value of an option; if it was given by its older name and no other, that one."""
    name, group = field.name, door.section if door else None
    was = field.metadata.get("was")
    if was and older and _rank(older, was, None) > _rank(conf, name, group):
        conf, name, group = older, was, None
    value = conf[group][name] if group else conf[name]
    if not field.metadata.get("multiple"):
        return value
    if _rank(conf, name, group) == _ENVIRONMENT:
        # A list with commas, which oslo.config takes apart into characters.
        value = "".join(value).split(",")
    return tuple(one.strip() for one in value if one.strip())


_RANKS = (cfg.Locations.user, cfg.Locations.environment, cfg.Locations.set_override)
_ENVIRONMENT = _RANKS.index(cfg.Locations.environment)


def _rank(conf: cfg.ConfigOpts, name: str, group: str | None) -> int:
    """Which place the value of an option is from: the highest one counts; -1 for its default."""
    origin = conf.get_location(name, group)
    if origin is None or origin.location not in _RANKS:
        return -1
    return _RANKS.index(origin.location)


def options() -> list[cfg.Opt]:
    return [_to_oslo(field) for field in declared(Settings)]


def door_options() -> list[DoorOptions]:
    """The options of doors, of which none is in the way of another."""
    found: list[DoorOptions] = []
    for door in of_doors():
        trouble = door.trouble or _trouble(door, found)
        found.append(DoorOptions(door.door, None, trouble) if trouble else door)
    return found


def _trouble(door: DoorOptions, others: Sequence[DoorOptions]) -> Exception | None:
    taken = {"default", *(option.dest for option in options()), *(one.section for one in others)}
    if door.section in taken:
        return ValueError(f"the section [{door.section}] would not be its own")
    try:
        # Tried where it does no harm: names that there are already, odd limits, defaults.
        _registered([*others, door])([], default_config_files=[], default_config_dirs=[])
    except Exception as error:
        return error
    return None


def _registered(doors: Sequence[DoorOptions]) -> cfg.ConfigOpts:
    conf = cfg.ConfigOpts()
    conf.register_cli_opts([*options(), _POSITIONAL])
    for door in doors:
        conf.register_cli_opts(_of_door(door), _group(door))
        conf.register_opts(_older(door))
    return conf


def list_opts() -> list[tuple[Any, list[cfg.Opt]]]:
    """The options for ``oslo-config-generator``."""
    doors = [(_group(door), _of_door(door)) for door in door_options() if door.kind]
    return [("DEFAULT", options()), *doors]


class _OfDoor:
    """With its whole name on the command line: oslo.config would put the section before it."""

    def _get_argparse_prefix(self, prefix: str, _group: str | None) -> str:
        return prefix


def _of_door(door: DoorOptions) -> list[cfg.Opt]:
    return [
        _to_oslo(field, door.command_line(field), _OfDoor, dest=field.name) for field in door.fields
    ]


def _older(door: DoorOptions) -> list[cfg.Opt]:
    return [
        _to_oslo(field, field.metadata["was"], default=None)
        for field in door.fields
        if "was" in field.metadata
    ]


def _group(door: DoorOptions) -> cfg.OptGroup:
    return cfg.OptGroup(door.section, title=f"options of {door.door}", help=door.title)


_KINDS: dict[type, type[Any]] = {
    bool: cfg.BoolOpt,
    int: cfg.IntOpt,
    float: cfg.FloatOpt,
    str: cfg.StrOpt,
}


def _to_oslo(field: Field, name: str = "", *also: type, **more: Any) -> cfg.Opt:
    about = {key: value for key, value in field.metadata.items() if key != "was"}
    about["default"] = field.default
    kind: Any = _KINDS.get(type(field.default))
    if about.pop("multiple", False):
        kind, about["default"] = cfg.MultiStrOpt, []
    elif about.pop("port", False):
        kind = cfg.PortOpt
    if kind is None:
        raise TypeError(f"{field.name}: no option has a default of {type(field.default)}")
    if also:
        kind = type(kind.__name__, (*also, kind), {})
    made: cfg.Opt = kind(name or field.name.replace("_", "-"), **about | more)
    return made


def _parse(
    conf: cfg.ConfigOpts,
    argv: Sequence[str],
    default_config_files: list[str] | None,
    doors: Sequence[DoorOptions],
) -> None:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            conf(
                list(_as_oslo(argv, doors)),
                project="deepaas",
                prog="deepaas-run",
                version=deepaas.__version__,
                default_config_files=default_config_files,
                description=(
                    "Serve the installed models over HTTP. Options may also stand in an INI file "
                    "(--config-file, section [DEFAULT], underscores for dashes) or in the "
                    "environment (OS_DEFAULT__LISTEN_PORT); those of one API in a section of its "
                    "own ([cog], OS_COG__STRICT). What is switched off by --noX is switched off "
                    "by --no-X too."
                ),
            )
            for option in options():
                getattr(conf, option.dest)  # Values from files are checked on first use.
            for door in doors:
                for option in _of_door(door):
                    getattr(conf[door.section], option.dest)
                for option in _older(door):
                    getattr(conf, option.dest)
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        # argparse prints a page of usage before the one line that matters.
        complaint = said.getvalue().strip().splitlines()[-1]
        complaint = complaint.partition("error: ")[2] or complaint
        # Of an option oslo.config tells the name in its section.
        name = {option.dest: option.name for option in [*_every(doors)[::-1], *_given(argv, doors)]}
        named = re.sub(
            r"^argument --(\w+)", lambda m: f"--{name.get(m[1], m[1].replace('_', '-'))}", complaint
        )
        lost = [door for door in doors if door.trouble and f"--{door.door}-" in complaint]
        why = "".join(f"; the options of {one.door} cannot be had: {one.trouble}" for one in lost)
        told = _of_value(named, argv, default_config_files, doors)
        raise ConfigError((told or named) + why) from None
    except (cfg.Error, ValueError) as error:
        complaint = re.sub(r"LocationInfo\(.*?detail='(.*?)'\)", r"\1", str(error))
        told = _of_variable(complaint, doors)
        raise ConfigError(told or " ".join(complaint.split())) from None


def _of_value(
    complaint: str,
    argv: Sequence[str],
    default_config_files: list[str] | None,
    doors: Sequence[DoorOptions],
) -> str | None:
    """What argparse says of a wrong value, with our words and the file where it stands."""
    found = re.match(r"--([\w-]+)\S*: Invalid .*? value: (.*)", complaint)
    if found is None:
        return None
    name, value = found.groups()
    for option in _given(argv, doors):
        if option.name == name:
            return _must(f"--{name}", option, value)
    alone = cfg.ConfigOpts()
    alone(
        list(_only_files(argv)),
        project="deepaas",
        prog="deepaas-run",
        default_config_files=default_config_files,
    )
    keys = {option.dest for option in _every(doors) if option.name == name}
    for file in _files(alone):
        for (section, key), option in _by_key(doors).items():
            if key in keys and value in _sections(file).get(section, {}).get(key, ()):
                where = key if section == "DEFAULT" else f"{key} in [{section}]"
                return _must(f"{file}: {where}", option, value)
    return None


def _of_variable(complaint: str, doors: Sequence[DoorOptions]) -> str | None:
    """The same of what oslo.config says of a variable."""
    found = re.match(r"Value for option \S+ from (OS_\w+) is not valid", complaint)
    named = {variable(section, key): one for (section, key), one in _by_key(doors).items()}
    if found is None or found[1] not in named:
        return None
    return _must(found[1], named[found[1]], os.environ.get(found[1], ""))


def _must(where: str, option: cfg.Opt, value: str) -> str:
    given = "" if option.secret else f", not {value!r}"
    return f"{where} must be {_wanted(option)}{given}"


def _wanted(option: cfg.Opt) -> str:
    kind: Any = option.type
    if isinstance(kind, types.Boolean):
        return "true or false"
    if kind.choices:
        return f"one of {', '.join(kind.choices)}"
    what = "a whole number" if isinstance(kind, types.Integer) else "a number"
    if kind.min is not None and kind.max is not None:
        return f"{what} from {kind.min:g} to {kind.max:g}"
    return f"{what}, at least {kind.min:g}" if kind.min is not None else what


def _prefer(conf: cfg.ConfigOpts, argv: Sequence[str], doors: Sequence[DoorOptions]) -> None:
    """Have the command line count before the environment, also where a file has the option."""
    alone = _registered(doors)
    words = list(_without_files(_as_oslo(argv, doors)))
    alone(words, default_config_files=[], default_config_dirs=[], use_env=False)
    groups = [(None, options()), *((door.section, _of_door(door)) for door in doors)]
    for group, opts in groups:
        for option in opts:
            origin = alone.get_location(option.dest, group)
            if origin is not None and origin.location is cfg.Locations.command_line:
                value = (alone[group] if group else alone)[option.dest]
                conf.set_override(option.dest, value, group)


def _without_files(words: Iterable[str]) -> Iterator[str]:
    """Arguments without ``--config-file`` and ``--config-dir``, which may be cut short."""
    rest = iter(words)
    for word in rest:
        if not re.match("--config-[fd]", word):
            yield word
        elif "=" not in word:
            next(rest, None)


def _only_files(words: Iterable[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if re.match("--config-[fd]", word):
            yield word
            if "=" not in word:
                yield from itertools.islice(rest, 1)


def _as_oslo(argv: Sequence[str], doors: Sequence[DoorOptions]) -> Iterator[str]:
    """The arguments; ``--no-X`` for a switch as ``--noX``, which is all that oslo.config knows."""
    switches = {option.name for option in _every(doors) if isinstance(option, cfg.BoolOpt)}
    for word in argv:
        name = word.removeprefix("--no-")
        yield f"--no{name}" if name != word and name in switches else word


def _every(doors: Sequence[DoorOptions]) -> list[cfg.Opt]:
    return [*options(), *(option for door in doors for option in _of_door(door))]


def _by_key(doors: Sequence[DoorOptions]) -> dict[tuple[str, str], cfg.Opt]:
    """The options by their sections and keys in files, older ones too."""
    pairs = [("DEFAULT", option) for option in options()]
    for door in doors:
        pairs += [("DEFAULT", option) for option in _older(door)]
        pairs += [(door.section, option) for option in _of_door(door)]
    return {(section, option.dest): option for section, option in pairs}


def _given(argv: Sequence[str], doors: Sequence[DoorOptions]) -> list[cfg.Opt]:
    words = {word.partition("=")[0] for word in argv}
    return [option for option in _every(doors) if f"--{option.name}" in words]


def _check_keys(conf: cfg.ConfigOpts, doors: Sequence[DoorOptions]) -> None:
    """Refuse keys that no option has: a misspelt one would silently do nothing."""
    known = {"DEFAULT": {option.dest for option in options()}}
    for door in doors:
        if door.kind:
            known[door.section] = {field.name for field in door.fields}
            known["DEFAULT"] |= {option.dest for option in _older(door)}
    for file in _files(conf):
        for given, keys in _sections(file).items():
            # As oslo.config reads them.
            section = given if given == "DEFAULT" else given.lower()
            if section in known:
                for key in keys:
                    _check_key(file, section, key, known[section])
            elif (meant := section.replace("-", "_")) in known:
                raise ConfigError(f"{file}: unknown section [{given}]; did you mean [{meant}]?")


def _check_key(file: Path, section: str, key: str, known: set[str]) -> None:
    default = section == "DEFAULT"
    if default and key in IGNORED_KEYS:
        logging.getLogger(__name__).warning("%s: %s has no effect any more", file, key)
    elif key not in known:  # A dash for an underscore too: oslo.config passes over it.
        close = difflib.get_close_matches(key, known, 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        where = "" if default else f" in [{section}]"
        raise ConfigError(f"{file}: unknown option {key!r}{where}{hint}")


def _sections(file: Path) -> dict[str, dict[str, list[str]]]:
    sections: dict[str, dict[str, list[str]]] = {}
    cfg.ConfigParser(str(file), sections).parse()
    return sections


def _files(conf: cfg.ConfigOpts) -> list[Path]:
    files = [Path(name) for name in conf.config_file or []]
    for folder in conf.config_dir or []:
        files += sorted(Path(folder).expanduser().glob("*.conf"))
    return files


def _network(given: str) -> str:
    try:
        return str(ipaddress.ip_network(given, strict=False))
    except ValueError:
        raise ConfigError(f"trusted-proxy is no address and no network: {given!r}") from None


_BASE_PATH = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/]*")
"""What stands in a path as it is (RFC 3986, section 3.3)."""


def _base_path(given: str) -> str:
    if given and not given.startswith("/"):
        raise ConfigError(f"base-path must begin with '/', not {given!r}")
    if not _BASE_PATH.fullmatch(given):
        raise ConfigError(
            f"base-path is {given!r}: it may have letters, digits and -._~!$&'()*+,;=:@/ only"
        )
    return given.rstrip("/")
