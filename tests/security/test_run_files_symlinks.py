"""Nothing outside is shown, written or removed through what a model plants in its run's folder."""

import io
import json
import os
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from support.host import Host
from support.storm_size import Size
from support.trainings import Client
from support.waiting import wait_until

from deepaas.beneath import open_folder, remove_tree

pytestmark = pytest.mark.xdist_group("running")

SECRET = b'"the secret of the machine"'


@pytest.fixture(scope="module")
def host(running: Host) -> Host:
    return running


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_bytes(SECRET)
    return path


def folder_of(host: Host, run: str) -> Path:
    return host.home / "state" / "deepaas" / "runs" / run


def ended(host: Host, how: str = "returns", **arguments: object) -> tuple[Client, str, Path]:
    client = Client(host)
    run = client.begin(how, **arguments)
    assert client.wait(run)["status"] == "done"
    return client, run, folder_of(host, run)


@contextmanager
def swapping(path: Path, target: Path) -> Iterator[None]:
    """Puts there what was there and a symlink by turns, each at one stroke."""
    kept = path.with_name(f"{path.name}-kept")
    link = path.with_name(f"{path.name}-link")
    path.rename(kept)
    end = threading.Event()

    def swap() -> None:
        while not end.is_set():
            link.symlink_to(target)
            link.rename(path)
            # Not at one stroke for a folder: between the two nothing is there.
            path.unlink()
            kept.rename(path)
            path.rename(kept)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        kept.rename(path)


@pytest.mark.parametrize("what", ["file", "folder", "files"])
def test_swapped_while_it_is_downloaded(host: Host, tmp_path: Path, what: str, size: Size) -> None:
    """The file itself, a folder on its path, or the folder of all files."""
    client, run, folder = ended(host)
    (folder / "files" / "below").mkdir()
    (folder / "files" / "below" / "a").write_bytes(b"mine")
    outside = tmp_path / "outside"
    (outside / "below").mkdir(parents=True)
    (outside / "a").write_bytes(SECRET)
    (outside / "below" / "a").write_bytes(SECRET)
    swapped, target = {
        "file": (folder / "files" / "below" / "a", outside / "a"),
        "folder": (folder / "files" / "below", outside),
        "files": (folder / "files", outside),
    }[what]
    connection = HTTPConnection("127.0.0.1", host.port, timeout=30)
    seen = set()
    with swapping(swapped, target):
        for number in range(size(160, 50_000)):
            path = {0: "files/?format=zip", 1: "files/"}.get(number % 20, "files/below/a")
            connection.request("GET", f"{client.base}{run}/{path}")
            answer = connection.getresponse()
            body = answer.read()
            if path == "files/":
                sizes = {entry["size"] for entry in json.loads(body)["files"]}
                assert sizes <= {len(b"mine")}, "the size of what is outside is told"
            elif path.endswith("zip"):
                with zipfile.ZipFile(io.BytesIO(body)) as archive:
                    assert {archive.read(name) for name in archive.namelist()} <= {b"mine"}
            else:
                assert answer.status in (200, 404)
                assert SECRET not in body
                seen.add(answer.status)
    connection.close()
    assert 404 in seen, "it was never swapped in time"


def test_files_is_a_symlink(host: Host, tmp_path: Path, secret: Path) -> None:
    client, run, folder = ended(host)
    shutil.rmtree(folder / "files")
    (folder / "files").symlink_to(tmp_path)
    assert client.send("GET", f"{run}/files/").json()["files"] == []
    assert client.send("GET", f"{run}/files/{secret.name}").status == 404
    with zipfile.ZipFile(
        io.BytesIO(client.send("GET", f"{run}/files/?format=zip").body)
    ) as archive:
        assert archive.namelist() == []


def test_the_whole_folder_is_a_symlink(host: Host, tmp_path: Path) -> None:
    """What lies where it leads is neither shown nor removed."""
    client, run, folder = ended(host)
    shutil.rmtree(folder)
    outside = tmp_path / "outside"
    (outside / "inputs").mkdir(parents=True)
    (outside / "files").mkdir()
    (outside / "files" / "a").write_bytes(SECRET)
    (outside / "log").mkdir()
    (outside / "log" / f"{0:020d}").write_bytes(SECRET)
    folder.symlink_to(outside)
    try:
        assert client.send("GET", f"{run}/files/a").status == 404
        assert client.log(run) == ""
        assert client.send("GET", run).status == 200
    finally:
        folder.unlink()


@pytest.mark.parametrize("what", ["folder", "segment"])
def test_log_is_a_symlink(host: Host, tmp_path: Path, what: str) -> None:
    client, run, folder = ended(host)
    (tmp_path / f"{0:020d}").write_bytes(SECRET)
    shutil.rmtree(folder / "log")
    if what == "folder":
        (folder / "log").symlink_to(tmp_path)
    else:
        (folder / "log").mkdir()
        (folder / "log" / f"{0:020d}").symlink_to(tmp_path / f"{0:020d}")
    assert SECRET.decode() not in client.log(run)
    assert SECRET.decode() not in client.log(run, "?tail=3")


def test_the_log_is_not_written_through_a_symlink(host: Host, secret: Path) -> None:
    """Planted where the host will make the next segment."""
    client, run, _ = ended(host, "plants", text=secret)
    assert secret.read_bytes() == SECRET
    assert client.log(run).startswith("xxx")


@pytest.mark.parametrize("name", ["result.json", "outcome"])
def test_what_the_host_reads_of_a_run_is_a_symlink(host: Host, secret: Path, name: str) -> None:
    client, run, folder = ended(host, "large", count=200_000)
    (folder / name).unlink()
    (folder / name).symlink_to(secret)
    assert SECRET.decode() not in client.send("GET", run).body.decode()


def test_the_folder_in_which_progress_is_told_is_a_symlink(host: Host, tmp_path: Path) -> None:
    (tmp_path / "progress.json").write_text('{"step": 1, "total": 2, "message": "the secret"}')
    client = Client(host)
    run = client.begin("waits", text="progress")
    client.wait_running(run, "progress")
    folder = folder_of(host, run)
    shutil.rmtree(folder / "control")
    (folder / "control").symlink_to(tmp_path)
    before = time.monotonic()
    shown = []
    while time.monotonic() < before + 2.5:  # the host looks each second
        shown.append(client.send("GET", run).body)
        time.sleep(0.05)
    client.cancel(run)
    assert not [one for one in shown if b"the secret" in one]
    assert not (tmp_path / "cancelled").exists()


@pytest.mark.parametrize("name", ["outcome", "outcome.partial"])
def test_the_outcome_is_not_written_through_a_symlink(host: Host, secret: Path, name: str) -> None:
    client = Client(host)
    run = client.begin("waits", text=f"out-{name}")
    client.wait_running(run, f"out-{name}")
    (folder_of(host, run) / name).symlink_to(secret)
    host.touch(f"go-out-{name}")
    client.wait(run, "done")
    assert secret.read_bytes() == SECRET


@pytest.mark.parametrize("how", ["elsewhere", "dots", "symlink", "fifo"])
def test_an_answer_in_a_file_that_is_not_the_workers(host: Host, secret: Path, how: str) -> None:
    """It is neither sent nor removed, and the model serves on."""
    answer = host.predict("names_files", how=how, target=str(secret), timeout=20)
    assert answer.status == 500
    assert SECRET not in answer.body
    assert secret.read_bytes() == SECRET
    wait_until(host.is_ready, "the model serves again")


def test_a_deep_folder_is_removed(tmp_path: Path) -> None:
    """Deeper than a path may be long, or a function may call itself."""
    deep = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("d" * 20, dir_fd=deep)
        below = os.open("d" * 20, os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(deep)
    parent = open_folder(tmp_path.parent)
    remove_tree(tmp_path.name, parent)
    os.close(parent)
    assert not tmp_path.exists()
