"""Every option of the host, declared once; doors declare their own (:mod:`deepaas.options`).

From the fields of :class:`Settings` come the command line, the keys of the INI files, the
environment variables and the sample file (:mod:`deepaas.config`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deepaas.options import Field, declared, of_doors, option, variable

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True)
class Settings:
    """The options with their values; those of doors by name, or why they cannot be had."""

    listen_ip: str = option("127.0.0.1", "Address to listen on; 0.0.0.0 for all interfaces.")
    listen_port: int = option(5000, "TCP port to listen on; 0 picks a free one.", port=True)
    allowed_host: tuple[str, ...] = option(
        (),
        "Name that the host answers to besides localhost and its own address: example.org, "
        "example.org:8443, .example.org for all below it, * for any. For a reverse proxy that "
        "passes on the name by which it is called. May be given several times. Without it a host "
        "that listens on a loopback address answers to nothing else, any other to every name.",
        multiple=True,
    )
    allowed_origin: tuple[str, ...] = option(
        (),
        "Origin whose web pages may use this host besides its own, like https://example.org; * "
        "for all the web. May be given several times.",
        multiple=True,
    )
    base_path: str = option(
        "",
        "Path under which everything is served, beginning with '/': for a reverse proxy that "
        "forwards a part of its paths.",
    )
    trusted_proxy: tuple[str, ...] = option(
        (),
        "Address or network (10.0.0.0/8) of a reverse proxy whose X-Forwarded-Host, -Proto and "
        "-For are believed; those of others are ignored. May be given several times; the "
        "environment variable takes a list with commas.",
        multiple=True,
    )
    model_name: tuple[str, ...] = option(
        (),
        "Model to serve: the name of an entry point in the group 'deepaas.v2.model', or the path "
        "of a typed predictor (predict.py:Predictor, or a folder with cog.yaml), also with a name "
        "for it (name=path). May be given several times, and without the option's name; the "
        "environment variable DEEPAAS_V2_MODEL takes a list with commas. Without it every "
        "installed model is served.",
        multiple=True,
    )
    model_python: tuple[str, ...] = option(
        (),
        "Interpreter for the workers of a model, NAME=/path/to/venv/bin/python: for models whose "
        "dependencies exclude each other. DEEPaaS must be installed there in the same version. May "
        "be given several times.",
        multiple=True,
    )
    workers: int = option(
        1,
        "Processes per model, each holding a replica of it and working on one call at a time. "
        "With a GPU usually 1.",
        short="p",
        min=1,
    )
    executor: str = option(
        "local",
        "Where the workers run: local, as processes of this machine, or the executor of an "
        "installed package, by its name.",
    )
    queue_size: int = option(
        1024, "Calls per model that may wait for a worker; more are answered with 503.", min=0
    )
    predict_timeout: float = option(
        0.0,
        "Longest time for a prediction, in seconds, counted from when a worker begins it; then "
        "the call is answered with 504 and its worker replaced. 0 for no limit.",
        min=0,
    )
    warm_timeout: float = option(
        1800.0,
        "Longest time for loading and warming a model, in seconds. 0 for no limit.",
        min=0,
    )
    check_timeout: float = option(
        10.0,
        "Longest time for checking the arguments of a training, in seconds, where code of the "
        "model's author does it (validators, regular expressions); then the request is answered "
        "with 504. 0 for no limit.",
        min=0,
    )
    cancel_grace: float = option(
        5.0,
        "How long a call whose client has left, or a training that is cancelled, may take to stop "
        "after it was asked to, in seconds; then its process is killed.",
        min=0,
    )
    drain_timeout: float = option(
        60.0,
        "How long running and waiting calls may take to finish after SIGTERM, in seconds.",
        min=0,
    )
    client_max_size: int = option(
        0, "Largest request, in bytes; a larger one is answered with 413. 0 for no limit.", min=0
    )
    max_connections: int = option(
        0,
        "Connections at a time. When there are so many, those that wait for a request give way to "
        "new ones, the longest silent first; when none does, new ones are answered with 503. 0 "
        "for as many as the descriptors of the process (ulimit -n) have room for, 4096 at most.",
        min=0,
    )
    max_connections_per_address: int = option(
        0,
        "Connections at a time of one IP address. 0 for no limit: behind a reverse proxy all "
        "clients have the same.",
        min=0,
    )
    header_timeout: float = option(
        30.0,
        "Longest time for the head of a request to arrive, in seconds. 0 for no limit.",
        min=0,
    )
    body_timeout: float = option(
        60.0,
        "Longest time in which less than 1 KiB of a body arrives, in seconds; then the request is "
        "answered with 408. 0 for no limit.",
        min=0,
    )
    keep_alive_timeout: float = option(
        75.0,
        "How long a connection may be idle between two requests, in seconds: longer than a "
        "reverse proxy keeps its own. 0 for no limit.",
        min=0,
    )
    send_timeout: float = option(
        60.0,
        "Longest time in which a client reads less than 1 KiB of what is there for it, in "
        "seconds; then the connection is closed. 0 for no limit.",
        min=0,
    )
    warm: bool = option(True, "Run the models' warm() before they take calls.")
    reload: bool = option(
        False,
        "Watch the models' source code and load it anew when it changes, without losing a call. "
        "For development.",
    )
    predict_endpoint: bool = option(True, "Offer predictions.")
    train_endpoint: bool = option(True, "Offer trainings.")
    train_workers: int = option(
        1, "Trainings that run at a time, of all models; the others wait in order.", min=1
    )
    train_queue_size: int = option(
        1000, "Trainings that may wait for their turn; more are answered with 503.", min=1
    )
    state_dir: str = option(
        "",
        "Directory in which trainings are kept: what they write and print, and which there are. "
        "Without it $XDG_STATE_HOME/deepaas, usually ~/.local/state/deepaas.",
    )
    database_url: str = option(
        "",
        "Database of the trainings instead of SQLite in the state directory: "
        "postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE (needs deepaas[postgresql]).",
        secret=True,
    )
    keep_runs: str = option(
        "",
        "Finished trainings to keep, with their files: a count (100), an age (12h, 30d, 8w) or "
        "both (100,30d). Without it all are kept.",
    )
    keep_predictions: str = option(
        "10000,30d",
        "Finished asynchronous predictions to keep, told as for keep-runs; empty to keep all.",
    )
    root_protocol: tuple[str, ...] = option(
        (),
        "Also serve this protocol at the root, where its clients look for it, such as cog, for the "
        "one model that is served. May be given several times; 'deepaas-cli doors' says which can.",
        multiple=True,
    )
    doc_endpoint: bool = option(True, "Offer the Swagger page at /api.")
    ui: bool = option(True, "Offer the try-me page at /try-me/ (needs deepaas[ui]).")
    debug_endpoint: bool = option(
        False, "Show the log, with all that models print, to everyone at /v2/debug/."
    )
    debug: bool = option(False, "Log at level DEBUG, requests included.", short="d")
    log_level: str = option("INFO", "Least level that is logged.", choices=LOG_LEVELS)
    log_file: str = option("", "File to log to instead of the standard error.")
    doors: Mapping[str, Any] = field(default_factory=dict)


SECRETS_BESIDES = frozenset(["WEBHOOK_AUTH_TOKEN"])
"""Variables that hold a secret of the host and are no options."""


def secret_variables() -> frozenset[str]:
    """The environment variables in which the host may be told a secret: models do not get them."""
    own = (variable("default", one.name) for one in declared(Settings) if _is_secret(one))
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
    unknown = tuple(variable(door.section, "") for door in of_doors() if door.trouble)
    return {
        name: value
        for name, value in environment.items()
        if name not in secret and not name.startswith(unknown)
    }


def _is_secret(one: Field) -> bool:
    return bool(one.metadata.get("secret"))
