"""How the options are read: from the command line, INI files and the environment.

Each is a field of :class:`deepaas.settings.Settings`. The parsing is oslo.config's, as existing
packages ship ``deepaas.conf`` files for it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import io
import ipaddress
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from oslo_config import cfg

import deepaas
from deepaas.errors import ConfigError
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

    Args:
        argv: the arguments after the program's name; ``--no-ui`` is the same as ``--noui``.
        environment: for ``DEEPAAS_V2_MODEL``; the process's own if None.
        default_config_files: INI files to read when ``--config-file`` names none; None for the
            usual places (``~/.deepaas/deepaas.conf``, ``/etc/deepaas/deepaas.conf`` …).

    Raises:
        ConfigError: an option is unknown or has a wrong value.
        SystemExit: after ``--help`` and ``--version``.
    """
    conf = cfg.ConfigOpts()
    conf.register_cli_opts([*options(), _POSITIONAL])
    _parse(conf, argv, default_config_files)
    _check_keys(conf)
    values = {field.name: getattr(conf, field.name) for field in dataclasses.fields(Settings)}
    environment = os.environ if environment is None else environment
    given = [*conf.models, *values["model_name"]]
    names = given or [environment.get("DEEPAAS_V2_MODEL", "")]
    if _from_environment(conf, "model_name") and not conf.models:
        names = ["".join(names)]
    values["model_name"] = tuple(
        dict.fromkeys(name.strip() for given in names for name in given.split(",") if name.strip())
    )
    for name in (
        "model_python",
        "allowed_host",
        "allowed_origin",
        "trusted_proxy",
        "root_protocol",
    ):
        values[name] = _list(conf, name, values[name])
    values["trusted_proxy"] = tuple(map(_network, values["trusted_proxy"]))
    values["base_path"] = _base_path(values["base_path"])
    return Settings(**values)


def _list(conf: cfg.ConfigOpts, name: str, given: Sequence[str]) -> tuple[str, ...]:
    """What was given several times, or in the environment with commas between."""
    if _from_environment(conf, name):
        given = "".join(given).split(",")
    return tuple(one.strip() for one in given if one.strip())


def _from_environment(conf: cfg.ConfigOpts, name: str) -> bool:
    """Whether a list stands in the environment: oslo.config takes it apart into characters."""
    origin = conf.get_location(name)
    return origin is not None and origin.location is cfg.Locations.environment


def options() -> list[cfg.Opt]:
    """The options as oslo.config wants them."""
    return [_to_oslo(field) for field in dataclasses.fields(Settings)]


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """The options for ``oslo-config-generator``."""
    return [("DEFAULT", options())]


def _to_oslo(field: dataclasses.Field[Any]) -> cfg.Opt:
    about = dict(field.metadata)
    name = field.name.replace("_", "-")
    if about.pop("multiple", False):
        return cfg.MultiStrOpt(name, default=[], **about)
    if about.pop("port", False):
        return cfg.PortOpt(name, default=field.default, **about)
    kinds: dict[type, Callable[..., cfg.Opt]] = {
        bool: cfg.BoolOpt,
        int: cfg.IntOpt,
        float: cfg.FloatOpt,
        str: cfg.StrOpt,
    }
    return kinds[type(field.default)](name, default=field.default, **about)


def _parse(
    conf: cfg.ConfigOpts, argv: Sequence[str], default_config_files: list[str] | None
) -> None:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            conf(
                [_as_oslo(word) for word in argv],
                project="deepaas",
                prog="deepaas-run",
                version=deepaas.__version__,
                default_config_files=default_config_files,
                description=(
                    "Serve the installed models over HTTP. Options may also stand in an INI file "
                    "(--config-file, section [DEFAULT], underscores for dashes) or in the "
                    "environment (OS_DEFAULT__LISTEN_PORT). What is switched off by --noX is "
                    "switched off by --no-X too."
                ),
            )
            for option in options():
                getattr(conf, option.dest)  # Values from files are checked on first use.
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        # argparse prints a page of usage before the one line that matters.
        complaint = said.getvalue().strip().splitlines()[-1]
        complaint = complaint.partition("error: ")[2] or complaint
        # argparse is told the options' names with underscores by oslo.config.
        named = re.sub(r"^argument (--\w+)", lambda m: m[1].replace("_", "-"), complaint)
        raise ConfigError(named) from None
    except (cfg.Error, ValueError) as error:
        complaint = re.sub(r"LocationInfo\(.*?detail='(.*?)'\)", r"\1", str(error))
        raise ConfigError(" ".join(complaint.split())) from None


def _as_oslo(word: str) -> str:
    """An argument; ``--no-X`` for a switch as ``--noX``, which is all that oslo.config knows."""
    switches = [o.name for o in options() if isinstance(o, cfg.BoolOpt)]
    name = word.removeprefix("--no-")
    return f"--no{name}" if name != word and name in switches else word


def _check_keys(conf: cfg.ConfigOpts) -> None:
    """Refuse keys that no option has: a misspelt one would silently do nothing.

    Raises:
        ConfigError: a file has an unknown key.
    """
    known = {option.dest for option in options()}
    for file in _files(conf):
        sections: dict[str, dict[str, list[str]]] = {}
        cfg.ConfigParser(str(file), sections).parse()
        for key in sections.get("DEFAULT", {}):
            if key in IGNORED_KEYS:
                logging.getLogger(__name__).warning("%s: %s has no effect any more", file, key)
            elif key not in known:  # A dash for an underscore too: oslo.config passes over it.
                close = difflib.get_close_matches(key, known, 1)
                hint = f"; did you mean {close[0]}?" if close else ""
                raise ConfigError(f"{file}: unknown option {key!r}{hint}")


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
