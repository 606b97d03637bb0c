"""Make the state directory of this version, to be kept as ``VERSION.tar.gz`` with each release.

cd tests && python -m training.released.make
"""

from __future__ import annotations

import sqlite3
import tarfile
import tempfile
from pathlib import Path

from support.trainings import Client, Ground

import deepaas


def main() -> None:
    target = Path(__file__).parent / f"{deepaas.__version__}.tar.gz"
    with tempfile.TemporaryDirectory() as name:
        ground = Ground(Path(name))
        with ground.host("--no-ui") as host:
            trainings = Client(host)
            done = trainings.begin("writes", text="kept", count=1)
            trainings.wait(done, "done")
            failed = trainings.begin("raises")
            trainings.wait(failed, "error")
            running = trainings.begin("waits", text="first")
            trainings.wait_running(running, "first")
            trainings.begin("returns", text="second")
            host.kill_9()
        # Everything in one file, as after a clean end.
        with sqlite3.connect(ground.folder / "trainings.sqlite") as store:
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for left in ground.folder.glob("trainings.sqlite-*"):
            left.unlink()
        (ground.folder / "reserve").unlink(missing_ok=True)
        with tarfile.open(target, "w:gz") as archive:
            archive.add(ground.folder, "deepaas")
    print(target, target.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
