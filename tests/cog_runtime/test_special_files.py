"""Whatever a model names, only regular files are sent: no pipe, device, socket or folder."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from compat.hosts import Host
from compat.wire import json_body

from deepaas.kinds.cog.worker.trained import kept
from deepaas.model.v2.wrapper import ReturnedFile
from deepaas.run_files import RunFiles
from deepaas.runtime.json_values import BadResult
from deepaas.runtime.results import Results

from .conftest import hosting, wait_for_state
from .served import serve

KINDS = ["pipe", "device", "folder", "socket", "to-pipe", "to-device", "to-folder"]

SOURCE = """
    from pathlib import Path
    from typing import Any, Iterator

    def run(path: str, how: str = "alone") -> Any:
        found = Path(path)
        if how == "opened":
            return found.open("rb")
        return {"alone": found, "list": [found], "object": {"a": {"b": found}}}[how]

    def parts(path: str) -> Iterator[Path]:
        yield Path(path)
"""


@pytest.fixture(scope="module")
def special(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """The path of a special file of a kind, or of a symlink to one."""
    folder = tmp_path_factory.mktemp("special")
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    (folder / "to-pipe").symlink_to("pipe")
    (folder / "to-folder").symlink_to("folder")
    (folder / "to-device").symlink_to("/dev/zero")
    (folder / "text").write_text("a text")
    (folder / "to-text").symlink_to("text")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(folder)  # The path of a socket must be short.
        listening.bind("socket")
        os.chdir(here)
        yield lambda kind: Path("/dev/zero") if kind == "device" else folder / kind


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize("kind", KINDS)
def test_predictor_returns_one(kind: str, special: Callable[[str], Path], tmp_path: Path) -> None:
    served = serve(SOURCE, tmp_path)
    for how in ("alone", "list", "object"):
        with pytest.raises(BadResult, match="not a regular file"):
            served.call(path=str(special(kind)), how=how)
    with pytest.raises(BadResult, match="not a regular file"):
        serve(SOURCE, tmp_path, "parts").call(path=str(special(kind)))


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("accept", ["application/json", "image/png", "*/*", None])
def test_package_returns_one(
    kind: str, accept: str | None, special: Callable[[str], Path], tmp_path: Path
) -> None:
    results = Results("model", None, ["image/png"], tmp_path)
    with pytest.raises(BadResult, match="not a regular file"):
        results.encode(1, ReturnedFile(filename=str(special(kind))), accept)
    with pytest.raises(BadResult, match="not a regular file"):
        results.encode(1, special(kind), accept)


@pytest.mark.usefixtures("alarm")
def test_an_open_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadResult, match="open device"):
        serve(SOURCE, tmp_path).call(path="/dev/zero", how="opened")
    results = Results("model", None, ["image/png"], tmp_path)
    for mode in ({"mode": "rb"}, {"mode": "rb", "buffering": 0}, {"mode": "r"}):
        file: Any = open("/dev/zero", **mode)  # noqa: SIM115
        with pytest.raises(BadResult, match="open device"):
            results.encode(1, file, "image/png")
        assert file.closed


def test_what_has_an_end_is_sent(special: Callable[[str], Path], tmp_path: Path) -> None:
    assert serve(SOURCE, tmp_path).call(path=str(special("to-text"))).body() == b"a text"
    results = Results("model", None, ["image/png"], tmp_path)
    answer = results.encode(1, ReturnedFile(filename=str(special("to-text"))), "image/png")
    assert answer.body == b"a text"
    with subprocess.Popen(["echo", "piped"], stdout=subprocess.PIPE) as process:
        assert results.encode(1, process.stdout, "image/png").body == b"piped\n"


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize("kind", ["pipe", "device", "socket", "to-pipe", "to-device"])
def test_training_returns_one(
    kind: str, special: Callable[[str], Path], run_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadResult, match="not a regular file"):
        kept({"weights": special(kind)})
    inside = run_folder / "own"
    inside.symlink_to(special(kind))
    with pytest.raises(BadResult, match="not a regular file"):
        kept([inside])
    deep = tmp_path / "folder" / "deep"
    deep.mkdir(parents=True)
    (deep.parent / "a.bin").write_bytes(b"weights")
    (deep / "odd").symlink_to(special(kind))
    with pytest.raises(BadResult, match="not a regular file"):
        kept(deep.parent)
    assert [one.name for one in run_folder.iterdir()] == ["own"]


@pytest.mark.usefixtures("alarm")
def test_training_returns_a_folder_without_an_end(run_folder: Path, tmp_path: Path) -> None:
    for above in (run_folder.parent, Path("/")):
        with pytest.raises(BadResult, match="which contains the folder of its run"):
            kept(above)
    circle = tmp_path / "circle"
    (circle / "a" / "b").mkdir(parents=True)
    (circle / "a" / "b" / "up").symlink_to("../../a")
    with pytest.raises(BadResult, match="links to a folder above it"):
        kept(circle)
    assert not [*run_folder.iterdir()]


def test_training_returns_folders_and_links_to_files(run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "1").write_text("weights")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.bin").symlink_to("../blobs/1")
    (tmp_path / "model" / "more").symlink_to("../blobs")
    assert kept(tmp_path / "model") == "model"
    assert (run_folder / "model" / "model.bin").read_text() == "weights"
    assert not (run_folder / "model" / "model.bin").is_symlink()
    assert (run_folder / "model" / "more" / "1").read_text() == "weights"
    assert kept(run_folder / "model") == "model"


def test_command_line_ends_at_once(special: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "predict.py").write_text(textwrap.dedent(SOURCE))
    command = str(Path(sys.executable).parent / "deepaas-cli")
    words = [command, "--model-name", "predict.py:run", "predict", "--path"]
    for kind, said in (("pipe", "a named pipe"), ("to-device", "a device")):
        ended = subprocess.run(
            [*words, str(special(kind))], cwd=tmp_path, capture_output=True, text=True, timeout=30
        )
        assert ended.returncode != 0
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("special_host")
    (folder / "names.py").write_text(textwrap.dedent(SOURCE))
    with hosting(folder, f"names={folder}/names.py:run") as host:
        wait_for_state(host, "names", "ready")
        yield host


@pytest.mark.parametrize("kind", ["pipe", "device", "to-folder"])
def test_both_doors_answer_at_once_and_name_no_path(
    kind: str, host: Host, special: Callable[[str], Path]
) -> None:
    path = str(special(kind))
    answer = host.predict("names", {"path": path})
    assert answer.status == 500
    assert "cannot be sent: see the host's log" in answer.json()["message"]
    assert path not in answer.content.decode()
    told = host.ask("POST", "/cog/names/predictions", body=json_body({"input": {"path": path}}))
    assert (told.json()["status"], path in told.json()["error"]) == ("failed", False)
    assert f"the model returned '{path}', which is " in host.log
    assert host.predict("names", {"path": str(special("text"))}).content == b"a text"


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "runs" / "run"
    folder.mkdir(parents=True)
    monkeypatch.setenv(RunFiles.DIRECTORY, str(folder))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def alarm() -> Iterator[None]:
    """Ends what would wait for ever, or write without an end."""

    def ring(*_: object) -> None:
        raise TimeoutError("it has not ended")

    before = signal.signal(signal.SIGALRM, ring)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    signal.alarm(5)
    yield
    signal.alarm(0)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, ignored)
    signal.signal(signal.SIGALRM, before)
