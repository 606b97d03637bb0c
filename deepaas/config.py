"""Every option of the host, declared once.

An option is a field of :class:`Settings`; from the fields come the command line, the keys of
the INI files, the environment variables (``OS_DEFAULT__LISTEN_PORT``) and the sample file. The
parsing is oslo.config's, as existing packages ship ``deepaas.conf`` files for it.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oslo_config import cfg

import deepaas
from deepaas.errors import ConfigError

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

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


def _option(default: Any, text: str, **more: Any) -> Any:
    """A field of ``Settings``: its default, its help and what oslo.config should check."""
    return dataclasses.field(default=default, metadata={"help": text, **more})


@dataclass(frozen=True)
class Settings:
    """The options with their values, handed to whoever needs them."""

    listen_ip: str = _option("127.0.0.1", "Address to listen on; 0.0.0.0 for all interfaces.")
    listen_port: int = _option(5000, "TCP port to listen on; 0 picks a free one.", port=True)
    allowed_host: tuple[str, ...] = _option(
        (),
        "Name that the host answers to besides localhost and its own address: example.org, "
        "example.org:8443, .example.org for all below it, * for any. For a reverse proxy that "
        "passes on the name by which it is called. May be given several times. Without it a host "
        "that listens on a loopback address answers to nothing else, any other to every name.",
        multiple=True,
    )
    allowed_origin: tuple[str, ...] = _option(
        (),
        "Origin whose web pages may use this host besides its own, like https://example.org; * "
        "for all the web. May be given several times.",
        multiple=True,
    )
    base_path: str = _option(
        "",
        "Path under which everything is served, beginning with '/': for a reverse proxy that "
        "forwards a part of its paths.",
    )
    trusted_proxy: tuple[str, ...] = _option(
        (),
        "Address or network (10.0.0.0/8) of a reverse proxy whose X-Forwarded-Host, -Proto and "
        "-For are believed; those of others are ignored. May be given several times; the "
        "environment variable takes a list with commas.",
        multiple=True,
    )
    model_name: tuple[str, ...] = _option(
        (),
        "Model to serve: the name of an entry point in the group 'deepaas.v2.model', or the path "
        "of a typed predictor (predict.py:Predictor, or a folder with cog.yaml), also with a name "
        "for it (name=path). May be given several times, and without the option's name; the "
        "environment variable DEEPAAS_V2_MODEL takes a list with commas. Without it every "
        "installed model is served.",
        multiple=True,
    )
    model_python: tuple[str, ...] = _option(
        (),
        "Interpreter for the workers of a model, NAME=/path/to/venv/bin/python: for models whose "
        "dependencies exclude each other. DEEPaaS must be installed there in the same version. May "
        "be given several times.",
        multiple=True,
    )
    workers: int = _option(
        1,
        "Processes per model, each holding a replica of it and working on one call at a time. "
        "With a GPU usually 1.",
        short="p",
        min=1,
    )
    queue_size: int = _option(
        1024, "Calls per model that may wait for a worker; more are answered with 503.", min=0
    )
    predict_timeout: float = _option(
        0.0,
        "Longest time for a prediction, in seconds, counted from when a worker begins it; then "
        "the call is answered with 504 and its worker replaced. 0 for no limit.",
        min=0,
    )
    warm_timeout: float = _option(
        1800.0,
        "Longest time for loading and warming a model, in seconds. 0 for no limit.",
        min=0,
    )
    check_timeout: float = _option(
        10.0,
        "Longest time for checking the arguments of a training, in seconds, where code of the "
        "model's author does it (validators, regular expressions); then the request is answered "
        "with 504. 0 for no limit.",
        min=0,
    )
    cancel_grace: float = _option(
        5.0,
        "How long a call whose client has left, or a training that is cancelled, may take to stop "
        "after it was asked to, in seconds; then its process is killed.",
        min=0,
    )
    drain_timeout: float = _option(
        60.0,
        "How long running and waiting calls may take to finish after SIGTERM, in seconds.",
        min=0,
    )
    client_max_size: int = _option(
        0, "Largest request, in bytes; a larger one is answered with 413. 0 for no limit.", min=0
    )
    max_connections: int = _option(
        0,
        "Connections at a time. When there are so many, those that wait for a request give way to "
        "new ones, the longest silent first; when none does, new ones are answered with 503. 0 "
        "for as many as the descriptors of the process (ulimit -n) have room for, 4096 at most.",
        min=0,
    )
    max_connections_per_address: int = _option(
        0,
        "Connections at a time of one IP address. 0 for no limit: behind a reverse proxy all "
        "clients have the same.",
        min=0,
    )
    header_timeout: float = _option(
        30.0,
        "Longest time for the head of a request to arrive, in seconds. 0 for no limit.",
        min=0,
    )
    body_timeout: float = _option(
        60.0,
        "Longest time in which less than 1 KiB of a body arrives, in seconds; then the request is "
        "answered with 408. 0 for no limit.",
        min=0,
    )
    keep_alive_timeout: float = _option(
        75.0,
        "How long a connection may be idle between two requests, in seconds: longer than a "
        "reverse proxy keeps its own. 0 for no limit.",
        min=0,
    )
    send_timeout: float = _option(
        60.0,
        "Longest time in which a client reads less than 1 KiB of what is there for it, in "
        "seconds; then the connection is closed. 0 for no limit.",
        min=0,
    )
    warm: bool = _option(True, "Run the models' warm() before they take calls.")
    reload: bool = _option(
        False,
        "Watch the models' source code and load it anew when it changes, without losing a call. "
        "For development.",
    )
    predict_endpoint: bool = _option(True, "Offer predictions.")
    train_endpoint: bool = _option(True, "Offer trainings.")
    train_workers: int = _option(
        1, "Trainings that run at a time, of all models; the others wait in order.", min=1
    )
    train_queue_size: int = _option(
        1000, "Trainings that may wait for their turn; more are answered with 503.", min=1
    )
    state_dir: str = _option(
        "",
        "Directory in which trainings are kept: what they write and print, and which there are. "
        "Without it $XDG_STATE_HOME/deepaas, usually ~/.local/state/deepaas.",
    )
    database_url: str = _option(
        "",
        "Database of the trainings instead of SQLite in the state directory: "
        "postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE (needs deepaas[postgresql]).",
        secret=True,
    )
    keep_runs: str = _option(
        "",
        "Finished trainings to keep, with their files: a count (100), an age (12h, 30d, 8w) or "
        "both (100,30d). Without it all are kept.",
    )
    keep_predictions: str = _option(
        "10000,30d",
        "Finished asynchronous predictions to keep, told as for keep-runs; empty to keep all.",
    )
    root_protocol: str = _option(
        "",
        "Also serve this protocol at the root, for the one model that is served: cog, where Cog's "
        "clients and orchestrators look for it.",
        choices=("", "cog"),
    )
    cog_strict: bool = _option(
        False, "Cog's API: answer 409 when no worker is free, instead of queueing."
    )
    cog_upload_url: str = _option(
        "",
        "Cog's API: upload files that models make below this URL (PUT), instead of sending them "
        "as data: URLs.",
    )
    cog_private_urls: bool = _option(
        False,
        "Cog's API: also call addresses that are not of the public internet, for files of inputs "
        "and for webhooks.",
    )
    cog_shutdown: bool = _option(False, "Cog's API: let POST /shutdown end the host.")
    doc_endpoint: bool = _option(True, "Offer the Swagger page at /api.")
    ui: bool = _option(True, "Offer the try-me page at /try-me/ (needs deepaas[ui]).")
    debug_endpoint: bool = _option(
        False, "Show the log, with all that models print, to everyone at /v2/debug/."
    )
    debug: bool = _option(False, "Log at level DEBUG, requests included.", short="d")
    log_level: str = _option("INFO", "Least level that is logged.", choices=LOG_LEVELS)
    log_file: str = _option("", "File to log to instead of the standard error.")


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
    for name in ("model_python", "allowed_host", "allowed_origin", "trusted_proxy"):
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
