"""The client for programs without an event loop: scripts, notebooks, threads.

Generated from the client for event loops, do not edit: ``python -m scripts.synchronous_client``.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, overload

from deepaas.client.asynchronous import URL_OF_A_HOST, AsyncClient, without_password
from deepaas.client.description import Model
from deepaas.client.portal import Portal
from deepaas.client.runs import Run
from deepaas.client.training import AsyncTraining, Shown
from deepaas.client.trainings import File

__tracebackhide__ = True
"""pytest shows the caller's line instead of ours."""


class Client:
    """A client of one host: its models, predictions and trainings.

    It may be used by several threads, in notebooks too. Ctrl-C during a call closes its connection,
    by which the host notices that nobody waits any more. Close it, or use it in a ``with``; one
    that is forgotten ends with the program.

    Args:
        url: of the host, with its base path if it has one.
        api_key: sent as ``Authorization: Bearer …``.
        timeout: seconds that a request may take; None: a prediction takes as long as it likes.
        retries: how often a request is sent again that the host has certainly not begun, or that
            changes nothing there.
    """

    def __init__(
        self,
        url: str = URL_OF_A_HOST,
        *,
        api_key: str | None = None,
        timeout: float | None = None,
        retries: int = 2,
    ) -> None:
        self._asynchronous = AsyncClient(url, api_key=api_key, timeout=timeout, retries=retries)
        self._portal = Portal(self._asynchronous.close)
        self.url = self._asynchronous.url

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({without_password(self.url)!r})"

    def close(self) -> None:
        """Close the connections and end the thread."""
        self._portal.close()

    def models(self) -> list[Model]:
        """All models of the host that have been loaded, with their arguments."""
        return self._portal.run(self._asynchronous.models())

    def model(self, name: str | None = None) -> Model:
        """One model, without a name the only one; one that is being loaded is waited for.

        Raises:
            ModelNotFound: there is none of this name.
            NotReady: it is broken.
            ClientError: no name is given and there are several.
        """
        return self._portal.run(self._asynchronous.model(name))

    def metadata(self, model: str | None = None) -> dict[str, Any]:
        """What the author tells of a model."""
        return self._portal.run(self._asynchronous.metadata(model))

    @overload
    def predict(
        self,
        model: str | None = None,
        *,
        accept: str | None = None,
        save_to: None = None,
        arguments: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Any: ...

    @overload
    def predict(
        self,
        model: str | None = None,
        *,
        accept: str | None = None,
        save_to: str | Path,
        arguments: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Path: ...

    def predict(
        self,
        model: str | None = None,
        *,
        accept: str | None = None,
        save_to: str | Path | None = None,
        arguments: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Any:
        """Make a prediction.

        Args:
            model: which; None for the only one.
            accept: the media type of the answer, of those that the model offers.
            save_to: a file for the answer, or a folder.
            arguments: by name, for those that are called like a parameter of this method.
            more: arguments by name. A file is a `Path`, a file opened in binary mode, bytes, or
                ``(file name, bytes)``. A tensor is an array of NumPy or PyTorch, nested lists, or a
                file of one (``.npy``, ``.npz``, or of `torch.save`). None is as good as not given.

        Returns:
            a Python value of a JSON answer, str of a text, bytes of anything else; the `Path` that
            was written if `save_to` is given. Of a model that gives tensors, where NumPy is there
            and `accept` is not given, an array, or a dict of arrays by name.

        Raises:
            InvalidArguments: there is no such argument, or the model refuses a value.
            ModelFailed: the model has raised.
            Busy: too many calls are waiting.
            NotReady: the model is broken.
        """
        return self._portal.run(
            self._asynchronous.predict(
                model, accept=accept, save_to=save_to, arguments=arguments, **more
            )
        )

    def stream(
        self,
        model: str | None = None,
        *,
        accept: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Generator[Any, None, None]:
        """Make a prediction as `predict` does, and get each part when the model has yielded it.

        Nothing is sent before the first part is asked for. Closing the iterator before its end
        closes the connection, by which the host stops the model.

        Yields:
            a Python value of each part that is JSON; of any other a ``data:`` URL with its bytes.

        Raises:
            NotSupported: the model does not stream.
            ModelFailed: the model has raised; what it had yielded before was given.
        """
        yield from self._portal.iterate(
            self._asynchronous.stream(model, accept=accept, arguments=arguments, **more)
        )

    def train(
        self, model: str | None = None, *, arguments: Mapping[str, Any] | None = None, **more: Any
    ) -> Training:
        """Start a training, or put it into the queue; arguments are as for `predict`."""
        return Training(
            self._portal,
            self._portal.run(self._asynchronous.train(model, arguments=arguments, **more)),
        )

    def trainings(self, model: str | None = None, *, limit: int | None = None) -> list[Training]:
        """The trainings of a model or of all, the newest first, at most so many of each model."""
        return [
            Training(self._portal, one)
            for one in self._portal.run(self._asynchronous.trainings(model, limit=limit))
        ]

    def training(self, uuid: str, model: str | None = None) -> Training:
        """A training by its id, of a model or of any; TrainingNotFound if there is none."""
        return Training(self._portal, self._portal.run(self._asynchronous.training(uuid, model)))

    def health(self) -> dict[str, Any]:
        """How the host and its models are: ``ready``, ``draining``, and ``models`` by name."""
        return self._portal.run(self._asynchronous.health())


class Training(Shown):
    """A training: what is known of it, and what can be done with it.

    Args:
        portal: where its calls run.
        training: the same for an event loop.
    """

    def __init__(self, portal: Portal, training: AsyncTraining) -> None:
        self._portal = portal
        self._asynchronous = training

    @property
    def run(self) -> Run:
        """All that the host has told of it."""
        return self._asynchronous.run

    @property
    def model(self) -> str:
        """The name of the model that is trained."""
        return self._asynchronous.model

    def refresh(self) -> Training:
        """Ask the host how it is now; gives back itself."""
        self._portal.run(self._asynchronous.refresh())
        return self

    def wait(self, timeout: float | None = None) -> Training:
        """Wait for its end, whatever that is: look at its `state`. Gives back itself.

        Raises:
            TimeoutError: it has not ended after `timeout` seconds. It goes on.
            ClientError: the host is away for too long.
        """
        self._portal.run(self._asynchronous.wait(timeout))
        return self

    def watch(self) -> Generator[Training, None, None]:
        """Follow it until its end: yields it now, and when its state or progress has changed."""
        for one in self._portal.iterate(self._asynchronous.watch()):
            yield Training(self._portal, one)

    def log(self, follow: bool = False) -> Generator[str, None, None]:
        """What it has printed, line by line; with `follow` also what comes until its end.

        Hosts of DEEPaaS 2.x keep no logs, metrics and files of trainings: NotSupported is raised.
        """
        yield from self._portal.iterate(self._asynchronous.log(follow))

    def metrics(self) -> dict[str, list[tuple[int, float]]]:
        """What it has measured: step and value by the name of the metric."""
        return self._portal.run(self._asynchronous.metrics())

    def files(self) -> list[File]:
        """What it has written, also while it runs; no more than the host lists (10,000)."""
        return self._portal.run(self._asynchronous.files())

    def download(self, path: str | File, to: str | Path) -> Path:
        """Get one of its files, into a file or a folder; gives back what was written."""
        return self._portal.run(self._asynchronous.download(path, to))

    def cancel(self) -> None:
        """Cancel it, and wait up to 30 s for its end; one that has ended is not changed."""
        self._portal.run(self._asynchronous.cancel())
