"""A full temporary disk: told as such in each door, and nothing stays when there is room again."""

import base64
import contextlib
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cog_door.conftest import named
from cog_door.door import Door
from support.client import Upload
from support.host import Host, start_host
from support.waiting import wait_until

KB = 1024
DISK_BYTES = 4 * KB * KB


@dataclass
class Disk:
    """The host's temporary disk: a small one where it may be mounted, else a limit for files."""

    folder: Path
    host: Host
    is_mounted: bool

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        if self.is_mounted:
            # A file without a name has room until it is closed, which would be there afterwards.
            wait_until(lambda: not self._nameless(), "no file without a name is open")
            filler = self.folder / "lock"  # The one name that tests do not take for a file left.
            with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4 * KB))
            try:
                yield
            finally:
                filler.unlink()
            return
        self._limit(0)
        try:
            yield
        finally:
            self._limit(resource.RLIM_INFINITY)

    def _nameless(self) -> list[str]:
        found = []
        for process in self.host.family():
            for path in Path(f"/proc/{process.pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    target = os.readlink(path)  # noqa: PTH115 - to what is no path
                    if target.startswith(str(self.folder)) and target.endswith(" (deleted)"):
                        found.append(target)
        return found

    def _limit(self, size_bytes: int) -> None:
        for process in self.host.family():
            limits = (size_bytes, resource.RLIM_INFINITY)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limits)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a small disk at a folder; whether that was possible."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    done = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    try:
        yield done
    finally:
        if done:
            subprocess.run(["umount", folder], check=True)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    folder = tmp_path_factory.mktemp("tmp")
    options = [*named("streams"), "--cog-private-urls", "--no-ui", "--log-level", "WARNING"]
    with (
        small_disk(folder) as mounted,
        start_host(["plain", "echo", "large"], *options, tmp=folder) as host,
    ):
        yield Disk(folder, host, mounted)


def _v2(host: Host, path: str, body: bytes, media_type: str, **headers: str) -> tuple[int, Any]:
    door = Door(host, "")
    answer = door.ask("POST", path, body, Content_Type=media_type, **headers)
    return answer.status, answer.json() if answer.body[:1] == b"{" else answer.body


def _upload(host: Host) -> tuple[int, Any]:
    answer = host.predict("echo", upload=Upload(300 * KB))
    return answer.status, answer.json()


def _form(text: bytes) -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + text + b"\r\n--b--\r\n"


def _long_text(host: Host) -> tuple[int, Any]:
    path = "/v2/models/plain/predict/"
    return _v2(host, path, _form(b"a" * 300 * KB), "multipart/form-data; boundary=b")


def _long_json(host: Host) -> tuple[int, Any]:
    body = b'{"text":"%s"}' % (b"a" * 300 * KB)
    return _v2(host, "/v2/models/plain/predict/", body, "application/json")


def _large_result(host: Host) -> tuple[int, Any]:
    answer = host.predict("large", size_bytes=300 * KB, kind="json")
    return answer.status, answer.json()


def _cog(host: Host, model: str, given: dict[str, Any], path: str = "") -> tuple[int, Any]:
    answer = Door(host, f"/cog/{model}").ask("POST", path or "/predictions", {"input": given})
    return answer.status, answer.json()


def _cog_large(host: Host) -> tuple[int, Any]:
    return _cog(host, "plain", {"text": "a" * 300 * KB})


def _cog_file(host: Host) -> tuple[int, Any]:
    url = "data:image/png;base64," + base64.b64encode(bytes(30 * KB)).decode()
    return _cog(host, "echo", {"data": url})


def _cog_large_file(host: Host) -> tuple[int, Any]:
    url = "data:image/png;base64," + base64.b64encode(bytes(300 * KB)).decode()
    return _cog(host, "echo", {"data": url})


def _cog_result(host: Host) -> tuple[int, Any]:
    return _cog(host, "large", {"size_bytes": 300 * KB, "kind": "json"})


def _cog_journal(host: Host) -> tuple[int, Any]:
    return _cog(host, "streams", {"name": "a", "count": 20, "size": 10_000})


def _cog_output(host: Host) -> tuple[int, Any]:
    given = {"name": "a", "count": 20, "size": 10_000}
    answer = Door(host, "/cog/streams").ask("POST", "/predict", {"input": given})
    return answer.status, answer.json()


Ask = Callable[[Host], tuple[int, Any]]
V2: list[Ask] = [_upload, _long_text, _long_json, _large_result]
COG: list[Ask] = [
    _cog_large,
    _cog_file,
    _cog_large_file,
    _cog_result,
    _cog_journal,
    _cog_output,
]


@pytest.mark.parametrize("ask", [*V2, *COG])
def test_a_full_disk_is_told_and_forgotten(disk: Disk, ask: Ask) -> None:
    host = disk.host
    assert ask(host)[0] == 200
    wait_until(lambda: host.temporary_files() == [], "no files are left")
    before = host.open_files()
    with disk.full():
        status, said = ask(host)
        assert status == 507, said
        if ask in V2:
            assert said["code"] == 507
            assert said["error"] == "storage_full"
            assert "TMPDIR" in said["message"]
        else:
            assert said["status"] == "failed"
            assert "TMPDIR" in said["error"]
        assert host.predict("plain").status == 200
    assert ask(host)[0] == 200
    wait_until(lambda: host.temporary_files() == [], "no files are left")
    wait_until(lambda: set(host.open_files()) <= set(before), "descriptors as before")
    assert "Traceback" not in _of_host(host.log())


def _of_host(log: str) -> str:
    """The log without what a model has printed."""
    return "\n".join(line for line in log.splitlines() if "[plain]" not in line)


@pytest.mark.parametrize("base", ["/cog/streams/predictions", "/v2/models/streams/predict/"])
def test_a_stream_ends_with_why(disk: Disk, base: str) -> None:
    host = disk.host
    given = {"name": "a", "count": 20, "size": 10_000}
    body: Any = {"input": given} if base.startswith("/cog") else given
    with disk.full():
        answer = Door(host, "").ask("POST", base, body, Accept="text/event-stream")
        assert b"no space left" in answer.body
        assert answer.body.rstrip().split(b"\n\n")[-1].split(b"\n")[0] in (
            b"event: completed",
            b"event: error",
        )
    answer = Door(host, "").ask("POST", base, body, Accept="text/event-stream")
    assert b"no space left" not in answer.body
    wait_until(lambda: host.temporary_files() == [], "no files are left")
