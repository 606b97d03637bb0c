"""``deepaas-run --check-config``: what would go wrong, without starting any model.

Nothing is created or changed, and every fault is told, not only the first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from deepaas import config
from deepaas.app import build_shares, build_visitors, look_at_doors
from deepaas.cmd.access import open_access
from deepaas.cmd.addresses import addresses_of
from deepaas.cmd.certificate import certificate_of
from deepaas.cmd.listening import check_doors
from deepaas.doors import ClosedDoor
from deepaas.errors import ConfigError, StoreUnavailable
from deepaas.guarding import build_keys, build_limits
from deepaas.model import discovery
from deepaas.model.batches import batches
from deepaas.observing import build_tracing
from deepaas.scrape.listener import address_of
from deepaas.settings import Settings
from deepaas.training.retention import parse_keep
from deepaas.training.state_directory import default_directory
from deepaas.visible import visible
from deepaas.web.access_log import THE_LOG
from deepaas.web.addresses import ListenAddress
from deepaas.web.sockets import open_sockets, remove_stale

WORD = "--check-config"

_log = logging.getLogger(__name__)


def check_config(argv: Sequence[str]) -> int:
    """Print each fault in a line; returns 0 if there is none, otherwise 1."""
    logging.basicConfig(level=logging.WARNING, format="deepaas-run: %(message)s")
    for remark in config.remarks(os.environ, config.door_options()):
        _log.warning("%s", remark)
    try:
        settings = config.load([word for word in argv if word != WORD])
    except ConfigError as error:
        faults = [str(error)]
    else:
        faults = list(_faults(settings))
    for fault in dict.fromkeys(faults):
        print(visible(f"deepaas-run: {fault}"), file=sys.stderr)
    if not faults:
        print("The configuration is valid.")
    return 1 if faults else 0


def _faults(settings: Settings) -> Iterator[str]:
    with _told() as told:
        listening = addresses_of(settings)
        build_visitors(settings, listening)
        told += [fault for one in listening for fault in _of_address(one, settings)]
    yield from told
    checks: list[Callable[[Settings], Iterator[str]]] = [
        _of_models,
        _of_doors,
        _of_certificate,
        _of_access,
        _of_limits,
        _of_logs,
        _of_metrics,
        _of_traces,
        _of_trainings,
    ]
    for check in checks:
        with _told() as told:
            told += check(settings)
        yield from told


@contextlib.contextmanager
def _told() -> Iterator[list[str]]:
    """Collects faults; an error is one, too."""
    told: list[str] = []
    try:
        yield told
    except (ConfigError, StoreUnavailable) as error:
        told.append(str(error))


def _of_address(address: ListenAddress, settings: Settings) -> Iterator[str]:
    if address.tls and not settings.tls_cert:
        yield f"--listen {address} tls=yes: this needs --tls-cert"
    if address.passed or not (address.path or address.port):
        return
    try:
        for each in open_sockets(address):
            each.close()
        if address.path:
            remove_stale(Path(address.path))
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]
        yield f"could not listen on {address}: {reason}"


def _of_models(settings: Settings) -> Iterator[str]:
    models = discovery.choose(settings.model_name, settings.model_python)
    build_shares(settings, models, os.environ)
    batches(settings.batch, [found.name for found in models])
    yield from ()


def _of_doors(settings: Settings) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as name:
        found = look_at_doors(replace(settings, debug=False), Path(name))
    for one in found:
        if isinstance(one, ClosedDoor):
            yield f"the door {one.point.name!r} cannot be opened: {one.error}"
    names = [one.point.name for one in found]
    check_doors(addresses_of(settings), names)
    for root in settings.root_protocol:
        if root not in names:
            yield f"root-protocol {root!r}: there is no such door"


def _of_certificate(settings: Settings) -> Iterator[str]:
    certificate_of(settings)  # It warns of what clients may not like.
    yield from ()


def _of_access(settings: Settings) -> Iterator[str]:
    open_access(settings, build_keys(settings))
    yield from ()


def _of_limits(settings: Settings) -> Iterator[str]:
    models = discovery.choose(settings.model_name, settings.model_python)
    build_limits(settings, [found.name for found in models], None, has_keys=False)
    yield from ()


def _of_logs(settings: Settings) -> Iterator[str]:
    for option, file in (("log-file", settings.log_file), ("access-log", settings.access_log)):
        if file and file != THE_LOG and (why := _not_writable(Path(file).expanduser())):
            yield f"{option} {file!r} cannot be written: {why}"


def _of_metrics(settings: Settings) -> Iterator[str]:
    if settings.metrics_listen:
        at = address_of(settings.metrics_listen, has_certificate=bool(settings.tls_cert))
        yield from _of_address(at, settings)


def _of_traces(settings: Settings) -> Iterator[str]:
    tracing = build_tracing(settings, os.environ)
    if tracing is not None:
        asyncio.run(tracing.close())
    yield from ()


def _of_trainings(settings: Settings) -> Iterator[str]:
    parse_keep(settings.keep_runs)
    if not settings.train_endpoint:
        return
    given = settings.state_dir
    folder = Path(given).expanduser() if given else default_directory(os.environ)
    if folder.exists() and not folder.is_dir():
        yield f"state-dir {str(folder)!r} is not a directory"
    elif why := _not_writable(folder):
        yield f"state-dir {str(folder)!r} cannot be used: {why}"
    database = folder / "trainings.sqlite"
    if settings.database_url or database.exists():
        from deepaas.training.migrate import look_at

        asyncio.run(look_at(settings.database_url or f"sqlite+aiosqlite:///{database}"))


def _not_writable(path: Path) -> str:
    """Why a file or folder cannot be written, or created; empty if it can."""
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    if there != path and not there.is_dir():
        return f"{there} is not a directory"
    return "" if os.access(there, os.W_OK) else f"{there} is not writable"
