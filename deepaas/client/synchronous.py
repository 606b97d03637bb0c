"""The client for programs without an event loop: scripts, notebooks, threads.

Generated from the client for event loops, do not edit: ``python -m scripts.synchronous_client``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, overload

from deepaas.client.asynchronous import URL_OF_A_HOST, AsyncClient, without_password
from deepaas.client.description import Model
from deepaas.client.notices import warn
from deepaas.client.portal import Portal
from deepaas.client.runs import Run
from deepaas.client.training import AsyncTraining, Shown
from deepaas.client.trainings import File

__tracebackhide__ = True
"""Makes pytest show the caller's line instead of one in here."""


class Client:
    """A client of one host: its models, predictions and training runs.

    Several threads may use it, also in notebooks. Ctrl-C during a call closes its connection, and
    the host stops the prediction. Close it, or use it in a ``with`` statement; otherwise it is
    closed when the program ends.

    Errors are raised as classes of :mod:`deepaas.client.errors`.

    Args:
        url: of the host, including its base path if it has one.
        api_key: sent as ``Authorization: Bearer …``; None: the one in ``DEEPAAS_API_KEY``, or in
            the file ``DEEPAAS_API_KEY_FILE``, if there is one.
        timeout: seconds for a request; None: no limit for predictions.
        retries: how often a request is retried if the host has certainly not started it, or if it
            changes nothing.
        on_notice: called with each notice of the host, for example which arguments it ignored.
            None: a Python warning, :class:`HostNotice`.
        priority: of predictions that wait for a worker, from 1 (first) to 9; None: 5.
        queue_timeout: seconds that a prediction may wait for a worker, then `Busy` is raised;
            None: as long as the host allows.
    """

    def __init__(
        self,
        url: str = URL_OF_A_HOST,
        *,
        api_key: str | None = None,
        timeout: float | None = None,
        retries: int = 2,
        on_notice: Callable[[str], None] | None = None,
        priority: int | None = None,
        queue_timeout: float | None = None,
    ) -> None:
        self._portal = Portal(on_notice or warn)
        self._asynchronous = AsyncClient(
            url,
            api_key=api_key,
            timeout=timeout,
            retries=retries,
            on_notice=self._portal.notices.append,
            priority=priority,
            queue_timeout=queue_timeout,
        )
        self._portal.leave = self._asynchronous.close
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
        """One model, or the only one if no name is given; waits if it is loading.

        Raises:
            ModelNotFound: there is none of this name.
            NotReady: it is broken.
            ClientError: no name is given and there are several.
        """
        return self._portal.run(self._asynchronous.model(name))

    def metadata(self, model: str | None = None) -> dict[str, Any]:
        """The author's metadata of a model."""
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
            model: its name; None for the only one.
            accept: the media type of the result, one of those that the model offers.
            save_to: a file or folder for the result.
            arguments: by name, for arguments with the name of a parameter of this method.
            more: arguments by name. A file is a `Path`, a file opened in binary mode, bytes, or
                ``(file name, bytes)``. A tensor is an array of NumPy or PyTorch, nested lists, or a
                file of one (``.npy``, ``.npz``, or of `torch.save`). None means not given.

        Returns:
            a Python value for JSON, str for text, bytes for anything else; the `Path` of the
            written file if `save_to` is given. For a model that returns tensors, if NumPy is
            installed and `accept` is not given, an array, or a dict of arrays by name.

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
        """Make a prediction like `predict`, and get each part as soon as the model yields it.

        Nothing is sent before the first part is requested. Closing the iterator before its end
        closes the connection, and the host stops the prediction.

        Yields:
            each part: a Python value for JSON, a ``data:`` URL with the bytes for anything else.

        Raises:
            NotSupported: the model does not stream.
            ModelFailed: the model has raised an exception, perhaps after some parts.
        """
        yield from self._portal.iterate(
            self._asynchronous.stream(model, accept=accept, arguments=arguments, **more)
        )

    def train(
        self, model: str | None = None, *, arguments: Mapping[str, Any] | None = None, **more: Any
    ) -> Training:
        """Start or queue a training run; arguments are as for `predict`."""
        return Training(
            self._portal,
            self._portal.run(self._asynchronous.train(model, arguments=arguments, **more)),
        )

    def trainings(self, model: str | None = None, *, limit: int | None = None) -> list[Training]:
        """The training runs of one or all models, newest first, up to `limit` for each model."""
        return [
            Training(self._portal, one)
            for one in self._portal.run(self._asynchronous.trainings(model, limit=limit))
        ]

    def training(self, uuid: str, model: str | None = None) -> Training:
        """A training run by its id, of one or any model; raises TrainingNotFound."""
        return Training(self._portal, self._portal.run(self._asynchronous.training(uuid, model)))

    def health(self) -> dict[str, Any]:
        """The state of the host and its models: ``ready``, ``draining``, and ``models`` by name."""
        return self._portal.run(self._asynchronous.health())


class Training(Shown):
    """The object for one training run.

    Args:
        portal: where its calls run.
        training: the same for an event loop.
    """

    def __init__(self, portal: Portal, training: AsyncTraining) -> None:
        self._portal = portal
        self._asynchronous = training

    @property
    def run(self) -> Run:
        """Everything the host has reported about it."""
        return self._asynchronous.run

    @property
    def model(self) -> str:
        """The name of the model that is trained."""
        return self._asynchronous.model

    def refresh(self) -> Training:
        """Get the current state from the host; returns itself."""
        self._portal.run(self._asynchronous.refresh())
        return self

    def wait(self, timeout: float | None = None) -> Training:
        """Wait for its end, successful or not (see `state`). Returns itself.

        Raises:
            TimeoutError: it has not ended after `timeout` seconds. It continues.
            ClientError: the host was unreachable for too long.
        """
        self._portal.run(self._asynchronous.wait(timeout))
        return self

    def watch(self) -> Generator[Training, None, None]:
        """Yield its state now, and whenever its state or progress changes, until its end."""
        for one in self._portal.iterate(self._asynchronous.watch()):
            yield Training(self._portal, one)

    def log(self, follow: bool = False) -> Generator[str, None, None]:
        """Its log, line by line; with `follow`, also new lines until its end.

        Raises NotSupported for DEEPaaS 2.x, which has no logs, metrics and files of runs.
        """
        yield from self._portal.iterate(self._asynchronous.log(follow))

    def metrics(self) -> dict[str, list[tuple[int, float]]]:
        """Its metrics by name, as steps and values."""
        return self._portal.run(self._asynchronous.metrics())

    def files(self) -> list[File]:
        """Its files, even while it is running; at most 10,000."""
        return self._portal.run(self._asynchronous.files())

    def download(self, path: str | File, to: str | Path) -> Path:
        """Download one of its files to a file or folder; returns the path."""
        return self._portal.run(self._asynchronous.download(path, to))

    def cancel(self) -> None:
        """Cancel it, and wait up to 30 s for its end; no effect if it has ended."""
        self._portal.run(self._asynchronous.cancel())
