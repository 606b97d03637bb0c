"""A host that a test has forked is what it would be if it were executed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import prepared
from support.waiting import wait_until

LOOKS = """
import json, os, resource, signal, sys, threading, time
from pathlib import Path

def is_inherited(number):
    try:
        return os.get_inheritable(number)
    except OSError:
        return False

main = sys.modules["__main__"]
print("said on the way", flush=True)
status = Path("/proc/self/status").read_text().splitlines()
shown = Path("/proc/self/environ").read_bytes().rstrip(b"\\0").split(b"\\0")
seen = {
    "argv": [sys.argv, sys.orig_argv[-len(sys.argv):], sys.executable],
    "path": sys.path,
    "environment": [dict(os.environ), os.popen("env -u _ | sort").read()],
    "shown": sorted(each.decode() for each in shown),
    "command": Path("/proc/self/comm").read_text(),
    "main": [main.__name__, main.__file__, main.__spec__],
    "folder": os.getcwd(),
    "umask": os.umask(0o22),
    "session": os.getsid(0) == os.getpgid(0) == os.getpid(),
    "signals": [line for line in status if line.startswith(("SigBlk", "SigIgn", "SigCgt"))],
    "limits": [resource.getrlimit(number) for number in range(16)],
    "handlers": [str(signal.getsignal(number)).split(" at ")[0] for number in (2, 13, 15, 17)],
    "descriptors": [number for number in range(100) if is_inherited(number)],
    "streams": [
        [each.encoding, each.errors, each.line_buffering, each.fileno(), each.isatty()]
        for each in (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    ],
    "unbuffered": [type(each.buffer).__name__ for each in (sys.__stdout__, sys.__stderr__)],
    "bytecode": sys.dont_write_bytecode,
    "zone": time.tzname,
    "thread": threading.current_thread() is threading.main_thread(),
}
Path(os.environ["DEEPAAS_TEST_DIR"], "seen").write_text(json.dumps(seen))
"""


WRITTEN = """
while not os.fstat(1).st_size:  # Another thread writes what the host prints.
    time.sleep(0.001)
"""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A package that the host imports when it starts, which looks round, and ends it."""
    folder = tmp_path / "packages"
    info = folder / "looks-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: looks\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[deepaas.executor]\nlooks = looks:end\n[deepaas.v2.model]\nnothing = looks\n"
    )
    (folder / "looks.py").write_text(LOOKS)
    return folder


def environment(folder: Path, packages: Path, **more: str) -> dict[str, str]:
    """All of it, without what Python reads at its start."""
    mine = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    own = {"PWD": str(folder), "PYTHONPATH": str(packages), "DEEPAAS_TEST_DIR": str(folder)}
    return mine | own | more


def ran(
    folder: Path, packages: Path, *options: str, executed: bool, code: str = "", **more: str
) -> tuple[Any, str, int]:
    """What the package has seen, what the host has said, and its exit code."""
    (packages / "looks.py").write_text(LOOKS + code)
    with (folder / "log").open("w+b") as log:
        process = prepared.start(
            [prepared.PROGRAM, "--model-name", "nothing", "--executor", "looks", *options],
            environment=environment(folder, packages, **more),
            folder=folder,
            output=log.fileno(),
            open_files=(200, 300),
            executed=executed,
        )
        assert isinstance(process, subprocess.Popen if executed else prepared.Forked)
        ended = process.wait(30)
        log.seek(0)
        return json.loads((folder / "seen").read_text()), log.read().decode(), ended


@pytest.mark.parametrize(
    "more", [{}, {"TZ": "Asia/Tokyo", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}]
)
def test_it_sees_the_same(more: dict[str, str], tmp_path: Path, packages: Path) -> None:
    code = "\nraise SystemExit(7)\n"
    one, other = (
        ran(tmp_path, packages, executed=executed, code=code, **more) for executed in (True, False)
    )
    assert one[0] == other[0]
    assert one[1:] == other[1:]
    assert one[2] == 7


@pytest.mark.parametrize(
    ("code", "ended", "said"),
    [
        (f"{WRITTEN}os.kill(os.getpid(), 9)\n", -signal.SIGKILL, ""),
        ("\nsys.exit('no more')\n", 1, "no more\n"),
        (f"{WRITTEN}os._exit(3)\n", 3, ""),
    ],
)
def test_it_ends_as_a_program_does(
    code: str, ended: int, said: str, tmp_path: Path, packages: Path
) -> None:
    _, output, found = ran(tmp_path, packages, executed=False, code=code)
    assert found == ended
    assert output.startswith("said on the way\n")
    assert output.endswith(said)


@pytest.mark.parametrize("what", ["sitecustomize.py", "aiohttp", "PYTHONSAFEPATH", "LD_PRELOAD"])
def test_what_is_read_at_its_start_has_it_executed(what: str, tmp_path: Path) -> None:
    if what.isupper():
        given = environment(tmp_path, tmp_path, **{what: "1"})
    else:
        (tmp_path / what).touch()
        given = environment(tmp_path, tmp_path)
    process = prepared.start(
        [prepared.PROGRAM, "--help"],
        environment=given,
        folder=tmp_path,
        output=subprocess.DEVNULL,
    )
    process.kill()
    process.wait(10)
    assert isinstance(process, subprocess.Popen)


def test_the_others_are_forked_and_end_with_the_tests() -> None:
    program = (
        "import os, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        "from pathlib import Path\n"
        "from support import prepared\n"
        "process = prepared.start([prepared.PROGRAM, '--version'], environment=dict(os.environ),\n"
        "    folder=Path.cwd(), output=1)\n"
        "print(process.wait(30), prepared._preparation('deepaas-run')._process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    code, pid = map(int, done.stdout.split()[-2:])
    assert (code, done.returncode) == (0, -signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the process that forks has ended")
