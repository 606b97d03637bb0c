"""Talk to a host over HTTP, from Python: the V2 API of this host and of DEEPaaS 2.x.

::

    from deepaas.client import Client

    with Client("http://127.0.0.1:5000") as client:
        print(client.predict(image=Path("seven.png")))
"""

from deepaas.client.asynchronous import AsyncClient
from deepaas.client.description import Argument, Model
from deepaas.client.errors import (
    Busy,
    ClientError,
    ConnectionFailed,
    HostError,
    InvalidArguments,
    ModelFailed,
    ModelNotFound,
    NotSent,
    NotSupported,
    TimedOut,
    TrainingNotFound,
    Unauthorized,
)
from deepaas.client.runs import Progress
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
    "InvalidArguments",
    "Model",
    "ModelFailed",
    "ModelNotFound",
    "NotSent",
    "NotSupported",
    "Progress",
    "TimedOut",
    "Training",
    "TrainingNotFound",
    "Unauthorized",
]
