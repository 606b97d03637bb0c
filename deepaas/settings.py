"""Every option of the host, declared once; doors declare their own (:mod:`deepaas.options`).

From the fields of :class:`Settings` come the command line, the keys of the INI files, the
environment variables and the sample file (:mod:`deepaas.config`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deepaas.options import Field, declared, of_doors, option, variables

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

MODELS = "models"
ADDRESS = "address"
VISITORS = "proxies and web pages"
LIMITS = "limits"
CONNECTIONS = "connections"
TRAININGS = "trainings"
PAGES = "APIs and pages"
LOG = "log"


@dataclass(frozen=True)
class Settings:
    """The options with their values; those of doors by name, or why they cannot be had."""

    model_name: tuple[str, ...] = option(
        (),
        "Model to serve: the name of an installed one (an entry point in the group "
        "'deepaas.v2.model'), or the path of a file or folder (api.py, predict.py:Predictor, . for "
        "the project you are in), also with a name for it (name=path). May be repeated, and may be "
        "given without '--model-name'. The environment variable DEEPAAS_V2_MODEL takes several, "
        "separated by commas. Without it, every installed model is served.",
        multiple=True,
        group=MODELS,
    )
    workers: int = option(
        1,
        "Processes per model. Each holds a copy of the model and handles one call at a time; with "
        "a GPU, usually 1.",
        short="p",
        min=1,
        group=MODELS,
    )
    warm: bool = option(True, "Run warm() of each model before it takes calls.", group=MODELS)
    reload: bool = option(
        False,
        "Reload models when their source code changes, without losing a call. For development.",
        group=MODELS,
    )
    model_python: tuple[str, ...] = option(
        (),
        "Python interpreter for one model, NAME=/path/to/venv/bin/python, for models whose "
        "dependencies conflict. It needs the same version of DEEPaaS. May be repeated.",
        multiple=True,
        group=MODELS,
        unit="NAME=PATH",
        rare=True,
    )
    executor: str = option(
        "local",
        "Where the workers run: local, as processes on this machine, or the executor of an "
        "installed package, by its name.",
        group=MODELS,
        unit="NAME",
        rare=True,
    )
    listen_ip: str = option(
        "127.0.0.1",
        "IP address to listen on. 127.0.0.1 is this machine only, 0.0.0.0 every network it is in.",
        group=ADDRESS,
        unit="ADDRESS",
    )
    listen_port: int = option(
        5000, "TCP port to listen on; 0 picks a free one.", port=True, group=ADDRESS
    )
    base_path: str = option(
        "",
        "Path below which everything is served, such as /models, for a reverse proxy that "
        "forwards only that path.",
        group=ADDRESS,
        unit="PATH",
    )
    allowed_host: tuple[str, ...] = option(
        (),
        "Host name that clients may use besides localhost and the address itself: example.org, "
        "example.org:8443, .example.org for all subdomains, * for any. Needed behind a reverse "
        "proxy that keeps the Host header. Without it, a host that listens on a loopback address "
        "accepts no other name, and any other host accepts all. May be repeated.",
        multiple=True,
        group=VISITORS,
    )
    allowed_origin: tuple[str, ...] = option(
        (),
        "Web site whose pages may call this host from a browser, such as https://example.org; * "
        "for all. May be repeated.",
        multiple=True,
        group=VISITORS,
        unit="ORIGIN",
    )
    trusted_proxy: tuple[str, ...] = option(
        (),
        "Address or network (10.0.0.0/8) of a reverse proxy whose X-Forwarded-Host, -Proto and "
        "-For headers are believed. May be repeated; in an environment variable, separated by "
        "commas.",
        multiple=True,
        group=VISITORS,
        unit="NETWORK",
    )
    queue_size: int = option(
        1024,
        "Calls per model that may wait for a worker; further ones get 503.",
        min=0,
        group=LIMITS,
        unit="CALLS",
    )
    predict_timeout: float = option(
        0.0,
        "Longest time for a prediction, from when a worker starts on it; then the call gets 504 "
        "and the worker is replaced. 0 for no limit.",
        min=0,
        group=LIMITS,
        unit="SECONDS",
    )
    warm_timeout: float = option(
        1800.0,
        "Longest time for loading and warming a model. 0 for no limit.",
        min=0,
        group=LIMITS,
        unit="SECONDS",
        rare=True,
    )
    check_timeout: float = option(
        10.0,
        "Longest time for checking the arguments of a training with the author's own code "
        "(validators, regular expressions); then the request gets 504. 0 for no limit.",
        min=0,
        group=LIMITS,
        unit="SECONDS",
        rare=True,
    )
    cancel_grace: float = option(
        5.0,
        "How long a cancelled training, or a call whose client has left, may take to stop before "
        "its process is killed.",
        min=0,
        group=LIMITS,
        unit="SECONDS",
        rare=True,
    )
    drain_timeout: float = option(
        60.0,
        "How long running and waiting calls may take to finish after SIGTERM.",
        min=0,
        group=LIMITS,
        unit="SECONDS",
    )
    client_max_size: int = option(
        0,
        "Largest request; a larger one gets 413. 0 for no limit.",
        min=0,
        group=LIMITS,
        unit="BYTES",
    )
    keep_predictions: str = option(
        "10000,30d",
        "Finished asynchronous predictions to keep, written as for --keep-runs; empty to keep all.",
        group=LIMITS,
        unit="HOW-MANY",
        rare=True,
    )
    max_connections: int = option(
        0,
        "Connections at a time. Beyond that, the idle ones make room for new ones, the longest "
        "idle first; if none is idle, new ones get 503. 0 for as many as the process has file "
        "descriptors for (ulimit -n), at most 4096.",
        min=0,
        group=CONNECTIONS,
        unit="COUNT",
        rare=True,
    )
    max_connections_per_address: int = option(
        0,
        "Connections at a time from one IP address. 0 for no limit: behind a reverse proxy all "
        "clients share one.",
        min=0,
        group=CONNECTIONS,
        unit="COUNT",
        rare=True,
    )
    header_timeout: float = option(
        30.0,
        "Longest time for the headers of a request to arrive. 0 for no limit.",
        min=0,
        group=CONNECTIONS,
        unit="SECONDS",
        rare=True,
    )
    body_timeout: float = option(
        60.0,
        "Longest time in which less than 1 KiB of a body arrives; then the request gets 408. 0 "
        "for no limit.",
        min=0,
        group=CONNECTIONS,
        unit="SECONDS",
        rare=True,
    )
    keep_alive_timeout: float = option(
        75.0,
        "How long a connection may be idle between two requests; make it longer than the reverse "
        "proxy's own. 0 for no limit.",
        min=0,
        group=CONNECTIONS,
        unit="SECONDS",
        rare=True,
    )
    send_timeout: float = option(
        60.0,
        "Longest time in which a client reads less than 1 KiB of an answer; then the connection "
        "is closed. 0 for no limit.",
        min=0,
        group=CONNECTIONS,
        unit="SECONDS",
        rare=True,
    )
    train_endpoint: bool = option(True, "Offer trainings.", group=TRAININGS)
    train_workers: int = option(
        1,
        "Trainings that run at a time, of all models; the others wait in order.",
        min=1,
        group=TRAININGS,
    )
    train_queue_size: int = option(
        1000,
        "Trainings that may wait; further ones get 503.",
        min=1,
        group=TRAININGS,
        unit="COUNT",
        rare=True,
    )
    state_dir: str = option(
        "",
        "Directory of the trainings: their database, files and logs. Without it, "
        "$XDG_STATE_HOME/deepaas, usually ~/.local/state/deepaas.",
        group=TRAININGS,
        unit="DIR",
    )
    database_url: str = option(
        "",
        "Database of the trainings, instead of SQLite in the state directory: "
        "postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE (needs deepaas[postgresql]).",
        secret=True,
        group=TRAININGS,
        unit="URL",
    )
    keep_runs: str = option(
        "",
        "Finished trainings to keep, with their files: a count (100), an age (12h, 30d, 8w) or "
        "both (100,30d). Without it, all are kept.",
        group=TRAININGS,
        unit="HOW-MANY",
    )
    predict_endpoint: bool = option(True, "Offer predictions.", group=PAGES, rare=True)
    root_protocol: tuple[str, ...] = option(
        (),
        "API to serve at / as well, where its clients expect it, such as cog; only with one model. "
        "'deepaas-cli doors' lists those that can. May be repeated.",
        multiple=True,
        group=PAGES,
    )
    doc_endpoint: bool = option(True, "Offer the Swagger page at /api.", group=PAGES)
    ui: bool = option(True, "Offer the try-me page at /try-me/ (needs deepaas[ui]).", group=PAGES)
    debug_endpoint: bool = option(
        False,
        "Show the log, with all that models print, to everybody at /v2/debug/.",
        group=PAGES,
        rare=True,
    )
    debug: bool = option(False, "Log at level DEBUG, and log each request.", short="d", group=LOG)
    log_level: str = option(
        "INFO", "Lowest level that is logged.", choices=LOG_LEVELS, group=LOG, unit="LEVEL"
    )
    log_file: str = option("", "File to log to, instead of standard error.", group=LOG, unit="FILE")
    doors: Mapping[str, Any] = field(default_factory=dict)


SECRETS_BESIDES = frozenset(["WEBHOOK_AUTH_TOKEN"])
"""Variables that hold a secret of the host and are no options."""


def secret_variables() -> frozenset[str]:
    """The environment variables in which the host may be told a secret: models do not get them."""
    own = (name for one in declared(Settings) if _is_secret(one) for name in variables(one))
    others = (
        name
        for door in of_doors()
        for one in door.fields
        if _is_secret(one)
        for name in door.variables(one)
    )
    return SECRETS_BESIDES.union(own, others)


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    secret = secret_variables()
    # Nobody knows which of these are secret.
    unknown = tuple(name for door in of_doors() if door.trouble for name in door.prefixes)
    return {
        name: value
        for name, value in environment.items()
        if name not in secret and not name.startswith(unknown)
    }


def _is_secret(one: Field) -> bool:
    return bool(one.metadata.get("secret"))
