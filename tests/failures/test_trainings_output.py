"""A training that prints without end, and one that fills the disk."""

import contextlib
import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.processes import peak_mb
from support.shape import assert_failure
from support.storm_size import Size
from support.trainings import Client, Ground
from support.waiting import wait_until

MAX_LOG_BYTES = 16 * 2**20


def test_a_gigabyte_of_output(sqlite_ground: Ground, size: Size) -> None:
    """The log keeps the end of it; the host stays small, and answers meanwhile."""
    with sqlite_ground.host() as host:
        client = Client(host)
        before = peak_mb(host.process.pid)
        run = client.begin("prints", count=size(64, 1024))
        wait_until(lambda: "begins" in host.journal(), "it prints")
        assert host.get("/healthz").status == 200
        wait_until(lambda: "leaves" in host.journal(), "it has printed", 60)
        client.wait(run, "done")
        assert peak_mb(host.process.pid) - before < 30
        segments = (sqlite_ground.folder / "runs" / run / "log").iterdir()
        assert sum(path.stat().st_size for path in segments) <= MAX_LOG_BYTES
        assert client.log(run, "?tail=1") == "the end\n"
        whole = client.log(run)
        assert whole.endswith(f"{'x' * 1023}\nthe end\n")
        assert len(whole) <= MAX_LOG_BYTES + 100
        assert "bytes have been removed" in whole.partition("\n")[0]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB where a ground keeps its state; a test names it before the ground."""
    path = tmp_path / "state"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(path)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"this test has to mount a small tmpfs, as root: {done.stderr}")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def _fill(path: Path) -> None:
    """Take all the space that is left."""
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    with pytest.raises(OSError) as full, path.open("ab", buffering=0) as file:
        file.write(b"x" * 4096)
    assert full.value.errno == errno.ENOSPC


def test_a_full_disk(small_disk: Path, sqlite_ground: Ground) -> None:
    """The run is an error in the store, though that lies on the full disk; predictions go on."""
    with sqlite_ground.host() as host:
        client = Client(host)
        good = client.begin("writes", text="good")
        client.wait(good, "done")
        run = client.begin("fills")
        ended = client.wait(run, "error")
        assert "No space left on device" in ended["message"]
        assert host.predict("trains", text="x").status == 200

        # Not a byte more for anybody.
        (sqlite_ground.folder / "reserve").unlink(missing_ok=True)
        filler = small_disk / "filler"
        _fill(filler)
        listed, folders = client.list(), sqlite_ground.folders()
        for _ in range(3):
            message = assert_failure(client.post("writes", text="y" * 500), 507)
            assert "no space left" in message
        assert client.list() == listed
        assert sqlite_ground.folders() == folders
        assert host.predict("trains", text="x").status == 200
        assert client.get(run) == ended
        assert client.files(good) == {"0.txt": b"good"}

        filler.unlink()
        (sqlite_ground.folder / "runs" / run / "files" / "large").unlink()
        wait_until((sqlite_ground.folder / "reserve").exists, "the reserve is put by again")
        again = client.begin("writes", text="again")
        assert client.wait(again)["status"] == "done"
        assert "Traceback" not in host.log()
    # The next one starts on a full disk: it refuses trainings, with the reason, until it is not.
    (sqlite_ground.folder / "reserve").unlink()
    _fill(filler)
    with sqlite_ground.host() as host:
        client = Client(host)
        assert host.predict("trains", text="x").status == 200
        answer = client.post("writes")
        assert answer.status in (503, 507), answer
        assert "no space left" in assert_failure(answer, answer.status)
        filler.unlink()
        wait_until(lambda: client.send("GET").status == 200, "the store is open")
        assert {known: client.status(known) for known in (good, run, again)} == {
            good: "done",
            run: "error",
            again: "done",
        }
        wait_until(lambda: client.post("writes").status == 200, "trainings are taken")
