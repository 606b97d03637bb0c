"""A Python client for hosts, over the V2 API of this host and of DEEPaaS 2.x.

::

    from deepaas.client import Client

    with Client("http://127.0.0.1:5000") as client:
        print(client.predict(image=Path("seven.png")))
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from deepaas.client.description import Argument, Model
from deepaas.client.errors import (
    Busy,
    ClientError,
    ConnectionFailed,
    HostError,
    InvalidArguments,
    ModelFailed,
    ModelNotFound,
    NotReady,
    NotSent,
    NotSupported,
    TimedOut,
    TrainingNotFound,
    Unauthorized,
)
from deepaas.client.notices import HostNotice
from deepaas.client.runs import Progress

if TYPE_CHECKING:
    from deepaas.client.asynchronous import AsyncClient
    from deepaas.client.synchronous import Client, Training
    from deepaas.client.training import AsyncTraining
    from deepaas.client.trainings import File

__all__ = [
    "Argument",
    "AsyncClient",
    "AsyncTraining",
    "Busy",
    "Client",
    "ClientError",
    "ConnectionFailed",
    "File",
    "HostError",
    "HostNotice",
    "InvalidArguments",
    "Model",
    "ModelFailed",
    "ModelNotFound",
    "NotReady",
    "NotSent",
    "NotSupported",
    "Progress",
    "TimedOut",
    "Training",
    "TrainingNotFound",
    "Unauthorized",
]

_WITH_HTTP = {
    "AsyncClient": "asynchronous",
    "AsyncTraining": "training",
    "Client": "synchronous",
    "File": "trainings",
    "Training": "synchronous",
}


def __getattr__(name: str) -> Any:
    # Imported late, because aiohttp takes long to import and some users only describe models.
    if name in _WITH_HTTP:
        return getattr(importlib.import_module(f"{__name__}.{_WITH_HTTP[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
