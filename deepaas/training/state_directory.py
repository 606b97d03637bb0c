"""A state directory: the folders of runs, and the hosts that use it.

::

    STATE/id                  the id of this directory in the store
    STATE/trainings.sqlite    the store, unless it is PostgreSQL
    STATE/hosts/HOST          locked by a host while it is running
    STATE/runs/UUID/          see deepaas.training.folder
    STATE/predictions/NAME    long documents of predictions
    STATE/tensorboard/LABEL   links to the folders of runs, for TensorBoard

Several hosts can use one directory at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import uuid
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from deepaas.beneath import remove_tree
from deepaas.errors import ConfigError, StoreUnavailable
from deepaas.training.disk import storage_errors
from deepaas.training.folder import Folder, opened
from deepaas.training.runs import TrainingRun

STRAY_SECONDS = 3600.0
"""Incomplete folders are removed after this time; younger ones may still be in progress."""

LOST = "the state directory was removed while the host was running: restart the host"

NEW = ".new-"
OLD = ".old-"


class StateDirectory:
    """Created if missing. Raises ``ConfigError``. `id` identifies it in the store."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: int | None = None
        try:
            # Arguments, results and uploads are private.
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in ("runs", "hosts", "tensorboard", "predictions"):
                (path / folder).mkdir(exist_ok=True, mode=0o700)
            self.id = _identify(path / "id")
        except OSError as error:
            raise ConfigError(
                f"state-dir {str(path)!r} cannot be used: {error.strerror or error}; "
                "choose another one with --state-dir"
            ) from None

    @property
    def database(self) -> Path:
        return self._path / "trainings.sqlite"

    @property
    def tensorboard(self) -> Path:
        return self._path / "tensorboard"

    @property
    def predictions(self) -> Path:
        return self._path / "predictions"

    @property
    def reserve(self) -> Path:
        return self._path / "reserve"

    # --- hosts ---

    def enter(self, host: str) -> None:
        path = self._path / "hosts" / host
        if self._lock is not None:
            if path.exists():
                return
            os.close(self._lock)  # A host that declared this one dead has removed the file.
        self._lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def forget(self, host: str) -> None:
        (self._path / "hosts" / host).unlink(missing_ok=True)

    def leave(self, host: str) -> None:
        self.forget(host)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def lives(self, host: str) -> bool:
        """Whether a host on this machine that uses this directory is still running."""
        try:
            lock = os.open(self._path / "hosts" / host, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(lock)
        return False

    # --- folders of runs ---

    def folder(self, run: str) -> Folder:
        return Folder(self._path / "runs" / run)

    @contextlib.contextmanager
    def new_folder(self, run: str) -> Iterator[Folder]:
        """The folder of a run that is not in the store yet; removed after an error.

        :meth:`settle` gives it its final name. Raises ``StorageFull``, or ``StoreUnavailable`` if
        the state directory was removed.
        """
        making = Folder(self._path / "runs" / (NEW + run))
        with storage_errors("the files of the training run"):
            try:
                # Created again with the same permissions if it was removed.
                making.path.parent.mkdir(mode=0o700, exist_ok=True)
            except FileNotFoundError:
                raise StoreUnavailable(LOST) from None
            try:
                for path in (making.files, making.control, making.inputs, making.log, making.spool):
                    path.mkdir(parents=True, mode=0o700)
                yield making
            except BaseException:
                self._remove_tree(making.path.name)
                raise

    def settle(self, run: str) -> Folder:
        """The folder of a run in the store; the first use gives it its final name."""
        folder = self.folder(run)
        with contextlib.suppress(FileNotFoundError):
            folder.path.with_name(NEW + run).rename(folder.path)
        return folder

    def remove(self, run: str) -> None:
        for link in self.tensorboard.glob(f"*{_short(run)}*"):
            link.unlink(missing_ok=True)
        path = self.settle(run).path
        # Renamed first, so that it is never seen incomplete.
        dying = path.with_name(OLD + run)
        with contextlib.suppress(FileNotFoundError):
            path.rename(dying)
        self._remove_tree(dying.name)

    def _remove_tree(self, name: str) -> None:
        """Works for anything that the author's code may have put there."""
        with contextlib.suppress(OSError), opened(self._path / "runs") as runs:
            remove_tree(name, runs)

    def sweep(self, known: Collection[str], ended: Collection[str]) -> list[str]:
        """Remove leftovers of killed hosts; a folder not in the store may belong to another one."""
        removed = []
        youngest = time.time() - STRAY_SECONDS
        for path in (self._path / "runs").iterdir():
            if path.name in ended:
                self.folder(path.name).drop_inputs()
            elif path.name.startswith((NEW, OLD)) and path.name.removeprefix(NEW) not in known:
                with contextlib.suppress(FileNotFoundError):  # Another host may be sweeping too.
                    if path.lstat().st_mtime < youngest:
                        self._remove_tree(path.name)
                        removed.append(path.name)
        for link in self.tensorboard.iterdir():
            if not link.exists():
                link.unlink(missing_ok=True)
        return removed

    # --- TensorBoard's tree ---

    def show(self, run: TrainingRun) -> None:
        folder = self.folder(run.uuid)
        name = label(run)
        # Relative, so that the directory can be moved.
        files = Path(os.path.relpath(folder.files, self.tensorboard))
        for number, target in enumerate([files, *folder.watched()]):
            with contextlib.suppress(FileExistsError):
                (self.tensorboard / (f"{name}-{number}" if number else name)).symlink_to(target)


def default_directory(environment: Mapping[str, str]) -> Path:
    """The default state directory, according to the XDG Base Directory Specification."""
    base = environment.get("XDG_STATE_HOME")
    return (Path(base) if base else Path("~/.local/state").expanduser()) / "deepaas"


def label(run: TrainingRun) -> str:
    """The name in TensorBoard: the model, the time of the request, and the start of the id."""
    created = time.strftime("%Y%m%d-%H%M%S", time.localtime(run.created))
    return f"{run.model}-{created}-{_short(run.uuid)}"


def _short(run: str) -> str:
    return run[:12]


def _identify(path: Path) -> str:
    if not path.exists():
        mine = path.with_name(f".id-{uuid.uuid4().hex}")
        mine.write_text(uuid.uuid4().hex)
        with contextlib.suppress(FileExistsError):
            os.link(mine, path)  # Fails if another host was faster; then its id is used.
        mine.unlink()
    return path.read_text().strip()


def machine() -> str:
    """The boot id: on the same kernel, file locks show which processes are running."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return uuid.uuid4().hex
