"""Several listeners, TCP and Unix sockets, each with the doors that answer there."""

import json
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest
from support.host import Host, free_port, run_host, start_host

from deepaas.web.addresses import parse
from deepaas.web.sockets import open_sockets, remove_stale

MODEL = "echo"


class UnixConnection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(str(self._path))


@dataclass
class Listening:
    host: Host
    folder: Path
    only_oip: int
    only_health: int
    ipv6: int

    def over(self, where: str) -> HTTPConnection:
        if where.startswith("unix:"):
            return UnixConnection(self.folder / where[len("unix:") :])
        ip, port = {
            "all": ("127.0.0.1", self.host.port),
            "oip": ("127.0.0.1", self.only_oip),
            "health": ("127.0.0.1", self.only_health),
            "ipv6": ("::1", self.ipv6),
        }[where]
        return HTTPConnection(ip, port, timeout=30)

    def ask(
        self, where: str, path: str, method: str = "GET", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        with closing(self.over(where)) as connection:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()


@pytest.fixture(scope="module")
def listening() -> Iterator[Listening]:
    port, oip, health, ipv6 = (free_port() for _ in range(4))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with closing(socket.socket(socket.AF_UNIX)) as killed:
            killed.bind(str(folder / "v2"))  # It stays, as after a kill -9.
        options = [
            f"127.0.0.1:{port}",
            f"127.0.0.1:{oip} doors=oip",
            f"127.0.0.1:{health} doors=health",
            f"[::1]:{ipv6}",
            f"unix:{folder}/v2 doors=v2+host mode=0600",
            f"unix:{folder}/all",
        ]
        words = [word for option in options for word in ("--listen", option)]
        words += ["--trusted-proxy", "unix"]
        with start_host([MODEL], *words, port=port) as host:
            yield Listening(host, folder, oip, health, ipv6)
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize("where", ["all", "ipv6", "unix:all"])
def test_everything_answers_where_no_doors_are_named(listening: Listening, where: str) -> None:
    for path in ("/", "/healthz", "/v2/models/", "/oip/v2", "/doors.json"):
        assert listening.ask(where, path)[0] == 200, path


@pytest.mark.parametrize("where,door", [("oip", "/oip/v2"), ("unix:v2", "/v2/models/")])
def test_only_its_doors_answer_on_a_listener(listening: Listening, where: str, door: str) -> None:
    assert listening.ask(where, door)[0] == 200
    assert listening.ask(where, "/healthz")[0] == 200
    assert listening.ask(where, "/readyz")[0] == 200
    others = {"/oip/v2", "/v2/models/", "/cog/health-check", "/v2/debug/"} - {door}
    for path in others - ({"/v2/debug/"} if where == "unix:v2" else set()):
        status, _, body = listening.ask(where, path)
        assert (status, b"not_found" in body) == (404, True), path


def test_a_closed_path_looks_like_one_that_does_not_exist(listening: Listening) -> None:
    def seen(path: str, method: str = "GET") -> tuple[int, set[str], bytes]:
        status, headers, body = listening.ask("health", path, method)
        return status, set(headers), body

    none = seen("/no/such/path")
    assert none[0] == 404
    model = f"/v2/models/{MODEL}"
    # With another method, with another slash, and what is the host's own.
    for method, path in [
        ("GET", "/"),
        ("GET", "/v2/models"),
        ("GET", "/v2/models//"),
        ("GET", f"{model}/predict/"),
        ("POST", f"{model}/predict/"),
        ("PUT", "/v2/models/"),
        ("OPTIONS", "/v2/models/"),
        ("GET", "/try-me/"),
        ("GET", "/try-me"),
        ("GET", "/tensorboard/"),
        ("GET", "/doors.json"),
        ("GET", "/openapi.json"),
        ("GET", "/api"),
        ("GET", "/swagger.json"),
        ("GET", "/%76%32/models/"),
    ]:
        assert seen(path, method) == none, (method, path)
    # In its own shape where a door has one: it is that of the door that answers here.
    assert listening.ask("oip", "/oip/v2/nothing")[0] == 404
    assert listening.ask("oip", "/oip/v2", "DELETE")[0] == 405
    assert listening.ask("oip", "/v2/models/", "DELETE")[0] == 404


def test_pages_and_documents_tell_of_the_doors_that_answer_there(listening: Listening) -> None:
    def doors(where: str) -> set[str]:
        return {one["name"] for one in json.loads(listening.ask(where, "/doors.json")[2])["doors"]}

    assert doors("unix:v2") == {"v2"}
    assert doors("all") >= {"v2", "oip", "cog"}
    assert b"/oip/" not in listening.ask("unix:v2", "/")[2]
    assert b"/oip/" not in listening.ask("unix:v2", "/openapi.json")[2]
    assert b"/oip/" in listening.ask("all", "/openapi.json")[2]
    assert listening.ask("unix:v2", "/openapi/oip.json")[0] == 404


def test_names_are_checked_by_the_address_of_the_listener(listening: Listening) -> None:
    foreign = {"Host": "evil.example"}
    assert listening.ask("all", "/healthz", **foreign)[0] == 421
    assert listening.ask("ipv6", "/healthz", **foreign)[0] == 421
    # No browser reaches a Unix socket: its client is a proxy, which keeps the name.
    assert listening.ask("unix:all", "/healthz", **foreign)[0] == 200
    page = {"Host": "evil.example", "Origin": "https://other.example"}
    assert listening.ask("unix:all", "/healthz", **page)[0] == 403


def test_a_proxy_that_connects_to_a_unix_socket_is_trusted_if_that_is_wanted(
    listening: Listening,
) -> None:
    told = {
        "Accept": "text/html",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "models.example.org",
    }
    assert b"https://models.example.org</span>/v2/" in listening.ask("unix:all", "/", **told)[2]
    assert b"models.example.org" not in listening.ask("all", "/", **told)[2]


def test_the_permissions_of_a_unix_socket(listening: Listening) -> None:
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in listening.folder.iterdir()}
    assert modes == {"v2": 0o600, "all": 0o660}


def test_a_connection_over_a_unix_socket_is_kept(listening: Listening) -> None:
    with closing(listening.over("unix:all")) as connection:
        for _ in range(3):
            connection.request("GET", "/openapi.json")
            assert connection.getresponse().read()
    assert "Traceback" not in listening.host.log()


def test_the_greeting_names_all_but_the_hosts_own(listening: Listening) -> None:
    log = listening.host.log()
    assert f"unix:{listening.folder}/v2 (host, v2)" in log
    assert f"[::1]:{listening.ipv6}" in log
    assert "try-me/host" not in log


@pytest.mark.parametrize(
    "option,told",
    [
        ("nonsense", "must be like 127.0.0.1:5000"),
        ("127.0.0.1:99999", "must be like"),
        ("unix:relative", "must be like"),
        ("127.0.0.1:5000 doors=", "write names with + between them"),
        ("127.0.0.1:5000 doors=v2,oip", "write names with + between them"),
        ("127.0.0.1:5000 mode=0660", "only for a Unix socket"),
        ("unix:/x mode=999", "must be like 0660"),
        ("unix:/x color=red", "must be doors="),
    ],
)
def test_what_is_wrong_with_an_address(option: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        parse(option)


def test_a_door_that_is_not_there(tmp_path: Path) -> None:
    ended = run_host([MODEL], "--listen", f"unix:{tmp_path}/x doors=v3")
    assert ended.returncode == 1
    assert "no door 'v3': there are " in ended.output
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_the_way_of_a_unix_socket_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("of somebody")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for name in ("file", "link"):
        with pytest.raises(OSError, match="not a socket"):
            open_sockets(parse(f"unix:{tmp_path}/{name}"))
    (used,) = open_sockets(parse(f"unix:{tmp_path}/used"))
    with pytest.raises(OSError, match="another process"):
        open_sockets(parse(f"unix:{tmp_path}/used"))
    used.close()
    (second,) = open_sockets(parse(f"unix:{tmp_path}/used"))
    with pytest.raises(OSError, match="another process"):
        remove_stale(tmp_path / "used")
    second.close()
    remove_stale(tmp_path / "used")
    assert not (tmp_path / "used").exists()
    with pytest.raises(OSError, match="longer than 107 bytes"):
        open_sockets(parse(f"unix:{tmp_path}/{'x' * 120}"))


def test_sockets_of_systemd(tmp_path: Path) -> None:
    """The protocol of sd_listen_fds(3), in a process that has been given two sockets."""
    path = tmp_path / "given"
    with (
        closing(socket.socket(socket.AF_UNIX)) as given,
        socket.create_server(("127.0.0.1", 0)) as web,
    ):
        given.bind(str(path))
        given.listen()
        program = """
import os, sys
from deepaas.web.addresses import parse
from deepaas.web.sockets import open_sockets, remove_stale
os.environ["LISTEN_PID"] = str(os.getpid())
for name in sys.argv[1:]:
    found = open_sockets(parse(name))
    closed = not any(os.get_inheritable(one.fileno()) for one in found)
    print(*(sock.getsockname() for sock in found), closed)
    [one.detach() for one in found]
try:
    open_sockets(parse("systemd:none"))
except OSError as error:
    print(error)
"""
        outcome = subprocess.run(
            [
                *("bash", "-c", f'exec "$@" 3<&{web.fileno()} 4<&{given.fileno()}', "-"),
                *(sys.executable, "-c", program, "systemd:web", "systemd:local", "systemd"),
            ],
            env={**os.environ, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "web:local"},
            pass_fds=(web.fileno(), given.fileno()),
            capture_output=True,
            text=True,
            check=True,
        )
        address = web.getsockname()
    assert outcome.stdout.splitlines() == [
        f"{address} True",
        f"{path} True",
        f"{address} {path} True",
        "systemd has passed no socket with this name",
    ]
