"""All options of the host; doors declare their own (:mod:`deepaas.options`).

The command line, INI files, environment variables and the sample file are generated from the fields
of :class:`Settings` (:mod:`deepaas.config`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deepaas.options import Field, declared, of_doors, option, variables

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

MODELS = "models"
ADDRESS = "address"
ACCESS = "access"
TLS = "TLS"
VISITORS = "proxies and web pages"
LIMITS = "limits"
CONNECTIONS = "connections"
TRAININGS = "training"
PAGES = "APIs and pages"
LOG = "log"
OBSERVE = "metrics, logs and traces"


@dataclass(frozen=True)
class Settings:
    """The values of all options; `doors` has those of each door, or why they are missing."""

    model_name: tuple[str, ...] = option(
        (),
        "Model to serve: the name of an installed model (an entry point in the group "
        "'deepaas.v2.model'), or the path of a file or folder (api.py, predict.py:Predictor, . for "
        "the current project), optionally with a name (name=path). Can be repeated, and "
        "'--model-name' can be omitted. The environment variable DEEPAAS_V2_MODEL accepts several "
        "models, separated by commas. By default, all installed models are served.",
        multiple=True,
        group=MODELS,
    )
    workers: tuple[str, ...] = option(
        (),
        "Number of worker processes: 2 for each model, NAME=2 for one model, 1..4 or NAME=1..4 for "
        "a number that follows the load (--scale-down-after). Each has a copy of the model and "
        "processes one call at a time. With a GPU, usually 1, the default. Can be repeated; in an "
        "environment variable, separated by commas.",
        multiple=True,
        short="p",
        group=MODELS,
        unit="COUNT",
    )
    scale_down_after: float = option(
        60.0,
        "How long a worker must not have been needed before it is stopped, if --workers is a range "
        "such as 1..4.",
        min=0,
        group=MODELS,
        unit="SECONDS",
        rare=True,
    )
    gpus: tuple[str, ...] = option(
        (),
        "GPUs for each worker of a model, or without NAME of all others: their number (NAME=1), a "
        "part that is not enforced (NAME=0.5), or those that its workers share, by index (NAME=0,1 "
        "or NAME=#1) or UUID (NAME=GPU-..., NAME=MIG-...). Models without any do not see the GPUs. "
        "By default, every worker sees all of them. Requires deepaas[gpu]. Can be repeated; in an "
        "environment variable, separated by semicolons.",
        multiple=True,
        separator=";",
        group=MODELS,
        unit="NAME=GPUS",
        rare=True,
    )
    warm: bool = option(True, "Call warm() of each model before it gets requests.", group=MODELS)
    reload: bool = option(
        False,
        "Reload models when their source code changes. No request is lost. For development.",
        group=MODELS,
    )
    model_python: tuple[str, ...] = option(
        (),
        "Python interpreter for one model, NAME=/path/to/venv/bin/python, if the requirements of "
        "models conflict. It needs the same version of DEEPaaS. Can be repeated.",
        multiple=True,
        group=MODELS,
        unit="NAME=PATH",
        rare=True,
    )
    batch: tuple[str, ...] = option(
        (),
        "Batches of calls for a model that supports them, NAME=SIZE or NAME=SIZE,DELAY: "
        "resnet=16 for up to 16 waiting calls at a time, resnet=16,5ms to wait up to 5 ms for "
        "others first, resnet=auto for what pays, at most 32, resnet=off for none. By default, as "
        "the model's author has chosen. Can be repeated; in an environment variable, separated "
        "by commas.",
        multiple=True,
        group=MODELS,
        unit="NAME=SIZE",
    )
    executor: str = option(
        "local",
        "Where the workers run: 'local' for processes on this machine, or the name of an executor "
        "from an installed package.",
        group=MODELS,
        unit="NAME",
        rare=True,
    )
    listen_ip: str = option(
        "127.0.0.1",
        "IP address to listen on: 127.0.0.1 for this machine only, 0.0.0.0 for all its networks.",
        group=ADDRESS,
        unit="ADDRESS",
    )
    listen_port: int = option(
        5000, "TCP port to listen on, 0 for a free one.", port=True, group=ADDRESS
    )
    listen: tuple[str, ...] = option(
        (),
        "Address to listen on, instead of --listen-ip and --listen-port: 127.0.0.1:5000, "
        "[::1]:5000, unix:/run/deepaas.sock, or systemd for the sockets of a .socket unit "
        "(systemd:NAME for one of them). After it, separated by spaces: doors=v2+oip for the "
        "protocols that answer there ('host' for the start page, documents and try-me page, "
        "'health' for the health checks alone), mode=0660 for the permissions of a Unix socket, "
        "tls=no for plain HTTP besides HTTPS. Can be repeated; in an environment "
        "variable, separated by commas.",
        multiple=True,
        group=ADDRESS,
        unit="ADDRESS",
    )
    base_path: str = option(
        "",
        "Path prefix of all URLs, such as /models, for a reverse proxy that only forwards this "
        "path.",
        group=ADDRESS,
        unit="PATH",
    )
    tls_cert: str = option(
        "",
        "Certificate for HTTPS, a PEM file with the complete chain. It is read again when it "
        "changes. TCP listeners use it, unless --listen says tls=no.",
        group=TLS,
        unit="FILE",
    )
    tls_key: str = option(
        "",
        "Private key of the certificate, a PEM file. By default, it is in the same file.",
        group=TLS,
        unit="FILE",
    )
    tls_key_password_file: str = option(
        "",
        "File with the password of the key, if it is encrypted. The environment variable "
        "DEEPAAS_TLS_KEY_PASSWORD can contain it as well.",
        group=TLS,
        unit="FILE",
        rare=True,
    )
    tls_client_ca: str = option(
        "",
        "Certificates of the authorities whose client certificates are accepted, a PEM file. "
        "Clients then need one.",
        group=TLS,
        unit="FILE",
        rare=True,
    )
    tls_client_auth: str = option(
        "required",
        "Whether a client needs a certificate, with --tls-client-ca.",
        choices=("required", "optional"),
        group=TLS,
        rare=True,
    )
    keys_file: str = option(
        "",
        "File of the keys that clients need, managed by 'deepaas-cli keys'. If it exists, requests "
        "without one of its keys are rejected, except health checks. By default keys.json in the "
        "state directory.",
        group=ACCESS,
        unit="FILE",
    )
    api_key_file: str = option(
        "",
        "File with one more key, which has all rights, such as a Docker secret. The key itself can "
        "also be in the environment variable DEEPAAS_API_KEY.",
        group=ACCESS,
        unit="FILE",
    )
    public_docs: bool = option(
        False,
        "Serve the descriptions of the APIs (Swagger, OpenAPI) without a key, also if everything "
        "else requires one.",
        group=ACCESS,
    )
    oidc_issuer: str = option(
        "",
        "Accept the tokens (JWT) of this OpenID Connect issuer, for example "
        "https://aai.egi.eu/auth/realms/egi. Requires the extra 'oidc'.",
        group=ACCESS,
        unit="URL",
    )
    oidc_audience: tuple[str, ...] = option(
        (),
        "Audience ('aud') that a token must be for, usually the client id of this host at the "
        "issuer; * to accept tokens that were made for other services as well. Can be repeated.",
        multiple=True,
        group=ACCESS,
        unit="NAME",
    )
    oidc_grant: tuple[str, ...] = option(
        (),
        "Rights for owners of tokens, as 'CLAIM=VALUE RIGHTS [MODELS]': 'groups=/vo/users "
        "read+predict', 'realm_access.roles=trainer read+predict+train my_model', or '* read' for "
        "everybody. VALUE can end with *. The first one that applies counts. Can be repeated.",
        multiple=True,
        group=ACCESS,
        unit="GRANT",
    )
    allowed_host: tuple[str, ...] = option(
        (),
        "Host name that clients can use, in addition to localhost and the IP address: example.org, "
        "example.org:8443, .example.org for all subdomains, * for any. Required behind a reverse "
        "proxy that keeps the Host header. By default, a host that listens on a loopback address "
        "accepts no other name, and any other host accepts all names. Can be repeated.",
        multiple=True,
        group=VISITORS,
    )
    allowed_origin: tuple[str, ...] = option(
        (),
        "Origin of web pages that can call this host from a browser, such as https://example.org, "
        "or * for all. Can be repeated.",
        multiple=True,
        group=VISITORS,
        unit="ORIGIN",
    )
    trusted_proxy: tuple[str, ...] = option(
        (),
        "Address or network (10.0.0.0/8) of a reverse proxy whose X-Forwarded-Host, -Proto and "
        "-For headers are trusted, or 'unix' for those that connect to a Unix socket. Can be "
        "repeated; in an environment variable, separated by commas.",
        multiple=True,
        group=VISITORS,
        unit="NETWORK",
    )
    queue_size: int = option(
        1024,
        "Maximum number of requests per model that wait for a worker. Beyond that, the response "
        "is 503.",
        min=0,
        group=LIMITS,
        unit="CALLS",
    )
    queue_timeout: float = option(
        0.0,
        "Time limit for a prediction to wait for a worker. After that, the response is 503 and "
        "the prediction never runs. 0 for no limit. Clients can shorten it.",
        min=0,
        group=LIMITS,
        unit="SECONDS",
    )
    predict_timeout: float = option(
        0.0,
        "Time limit for a prediction, starting when a worker begins it. After that, the response "
        "is 504 and the worker is replaced. 0 for no limit.",
        min=0,
        group=LIMITS,
        unit="SECONDS",
    )
    warm_timeout: float = option(
        1800.0,
        "Time limit for loading and warming up a model. 0 for no limit.",
        min=0,
        group=LIMITS,
        unit="SECONDS",
        rare=True,
    )
    check_timeout: float = option(
        10.0,
        "Time limit for validating the arguments of a training run with the author's own code "
        "(validators, regular expressions). After that, the response is 504. 0 for no limit.",
        min=0,
        group=LIMITS,
        unit="SECONDS",
        rare=True,
    )
    cancel_grace: float = option(
        5.0,
        "Time limit for a cancelled training run, or a call whose client has disconnected, to "
        "stop. After that, its process is killed.",
        min=0,
        group=LIMITS,
        unit="SECONDS",
        rare=True,
    )
    drain_timeout: float = option(
        60.0,
        "Time limit for running and waiting calls to finish after SIGTERM.",
        min=0,
        group=LIMITS,
        unit="SECONDS",
    )
    limit_per_address: str = option(
        "",
        "Limits for the calls of one client address (IPv6: of its /64 network): calls in a time, "
        "calls at once, and bytes received in a time, such as '100/minute, 10 at once, "
        "1 GB/hour'. A call beyond a limit gets 429. Behind a reverse proxy, set --trusted-proxy.",
        group=LIMITS,
        unit="LIMITS",
    )
    limit_per_key: str = option(
        "",
        "Limits for the calls with one key that has no limits of its own, in the same format.",
        group=LIMITS,
        unit="LIMITS",
    )
    limit_per_model: str = option(
        "",
        "Limits for all calls of one model together, in the same format. Models can have their "
        "own: '100/minute; big-model = 1 at once; small-model = none'.",
        group=LIMITS,
        unit="LIMITS",
    )
    client_max_size: int = option(
        0,
        "Maximum size of a request. Beyond that, the response is 413. 0 for no limit.",
        min=0,
        group=LIMITS,
        unit="BYTES",
    )
    keep_predictions: str = option(
        "10000,30d",
        "Finished asynchronous predictions to keep, in the format of --keep-runs; empty to keep "
        "all.",
        group=LIMITS,
        unit="HOW-MANY",
        rare=True,
    )
    max_connections: int = option(
        0,
        "Maximum number of connections. Beyond that, the connection that was idle longest is "
        "closed for each new one; if none is idle, the response is 503. 0 for as many as the file "
        "descriptors of the process allow (ulimit -n), at most 4096.",
        min=0,
        group=CONNECTIONS,
        unit="COUNT",
        rare=True,
    )
    max_connections_per_address: int = option(
        0,
        "Maximum number of connections from one IP address. 0 for no limit: behind a reverse "
        "proxy all clients share one address.",
        min=0,
        group=CONNECTIONS,
        unit="COUNT",
        rare=True,
    )
    header_timeout: float = option(
        30.0,
        "Time limit for receiving the headers of a request. 0 for no limit.",
        min=0,
        group=CONNECTIONS,
        unit="SECONDS",
        rare=True,
    )
    body_timeout: float = option(
        60.0,
        "Time limit for receiving each 1 KiB of a request body. After that, the response is 408. "
        "0 for no limit.",
        min=0,
        group=CONNECTIONS,
        unit="SECONDS",
        rare=True,
    )
    keep_alive_timeout: float = option(
        75.0,
        "Time limit for an idle connection between two requests. Set it higher than that of your "
        "reverse proxy. 0 for no limit.",
        min=0,
        group=CONNECTIONS,
        unit="SECONDS",
        rare=True,
    )
    send_timeout: float = option(
        60.0,
        "Time limit for a client to read each 1 KiB of a response. After that, the connection is "
        "closed. 0 for no limit.",
        min=0,
        group=CONNECTIONS,
        unit="SECONDS",
        rare=True,
    )
    train_endpoint: bool = option(True, "Serve the endpoints for training.", group=TRAININGS)
    train_workers: int = option(
        1,
        "Maximum number of training runs at a time, for all models together.",
        min=1,
        group=TRAININGS,
    )
    train_queue_size: int = option(
        1000,
        "Maximum number of queued training runs. Beyond that, the response is 503.",
        min=1,
        group=TRAININGS,
        unit="COUNT",
        rare=True,
    )
    state_dir: str = option(
        "",
        "Directory for the database, files and logs of training runs. By default "
        "$XDG_STATE_HOME/deepaas, usually ~/.local/state/deepaas.",
        group=TRAININGS,
        unit="DIR",
    )
    database_url: str = option(
        "",
        "Database for training runs, instead of SQLite in the state directory: "
        "postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE (requires deepaas[postgresql]).",
        secret=True,
        group=TRAININGS,
        unit="URL",
    )
    keep_runs: str = option(
        "",
        "Finished training runs to keep, with their files: a number (100), an age (12h, 30d, 8w) "
        "or both (100,30d). By default, all are kept.",
        group=TRAININGS,
        unit="HOW-MANY",
    )
    predict_endpoint: bool = option(
        True, "Serve the endpoints for predictions.", group=PAGES, rare=True
    )
    root_protocol: tuple[str, ...] = option(
        (),
        "Protocol to serve at / as well, such as cog, because its clients expect it there. Only "
        "with a single model. 'deepaas-cli doors' lists the available protocols. Can be repeated.",
        multiple=True,
        group=PAGES,
    )
    doc_endpoint: bool = option(True, "Serve the Swagger page at /api.", group=PAGES)
    ui: bool = option(
        True, "Serve the try-me page at /try-me/ (requires deepaas[ui]).", group=PAGES
    )
    debug_endpoint: bool = option(
        False,
        "Serve the log, including the output of models, to all clients at /v2/debug/.",
        group=PAGES,
        rare=True,
    )
    metrics: bool = option(
        True,
        "Count what happens, and serve the numbers to Prometheus at /metrics: to programs on this "
        "machine, and to keys with the right 'metrics'.",
        group=OBSERVE,
    )
    metrics_listen: str = option(
        "",
        "Serve /metrics there instead, to everybody who can reach that address: 127.0.0.1:9100, "
        "0.0.0.0:9100, [::]:9100. With --tls-cert, it uses HTTPS, unless tls=no follows the "
        "address, separated by a space.",
        group=OBSERVE,
        unit="ADDRESS:PORT",
    )
    debug: bool = option(False, "Log at level DEBUG, and log each request.", short="d", group=LOG)
    log_level: str = option(
        "INFO", "Lowest level to log.", choices=LOG_LEVELS, group=LOG, unit="LEVEL"
    )
    log_format: str = option(
        "text",
        "Format of the log: 'text', or 'json' for a JSON object per line, with the id of the "
        "request. With 'json', the addresses are logged at the start instead of being printed.",
        choices=("text", "json"),
        group=LOG,
        unit="FORMAT",
    )
    log_file: str = option("", "File to log to, instead of standard error.", group=LOG, unit="FILE")
    access_log: str = option(
        "",
        "File with a line for each request, except health checks and metrics; - for the log "
        "itself. It has the format of --log-format. Like the log file, it can be renamed at any "
        "time.",
        group=LOG,
        unit="FILE",
    )
    otel_endpoint: str = option(
        "",
        "Base URL of an OpenTelemetry collector to send traces to, over OTLP and HTTP, such as "
        "http://localhost:4318 (requires deepaas[otel]). By default OTEL_EXPORTER_OTLP_ENDPOINT. "
        "The other OTEL_ variables apply too.",
        secret=True,
        group=LOG,
        unit="URL",
    )
    doors: Mapping[str, Any] = field(default_factory=dict)


SECRETS_BESIDES = frozenset(
    [
        "DEEPAAS_API_KEY",
        "DEEPAAS_TLS_KEY_PASSWORD",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        "WEBHOOK_AUTH_TOKEN",
    ]
)
"""Variables with secrets of the host that are not options."""


def secret_variables() -> frozenset[str]:
    """Return the environment variables with secrets of the host, which models do not get."""
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
    # It is unknown which of these are secret.
    unknown = tuple(name for door in of_doors() if door.trouble for name in door.prefixes)
    return {
        name: value
        for name, value in environment.items()
        if name not in secret and not name.startswith(unknown)
    }


def _is_secret(one: Field) -> bool:
    return bool(one.metadata.get("secret"))
