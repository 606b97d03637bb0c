"""What goes into a training and what comes out of it; requests that cannot be answered."""

import json
import shutil
from http.client import HTTPConnection
from pathlib import Path

from support.client import BOUNDARY
from support.host import Host, start_host
from support.shape import assert_failure
from support.trainings import Client, Ground
from support.waiting import wait_until

STRANGER = "0" * 32
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def _form(content: bytes) -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="how"\r\n\r\nfile\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="data"; filename="my photo.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def test_large_arguments_and_results_and_files(sqlite_ground: Ground) -> None:
    """They are there when their turn comes, and in the next host, though this one is killed.

    Large arguments and results are complete where one training is asked for, null in the list.
    """
    text, content = "é" * 500_000, bytes(range(256)) * 8000
    with sqlite_ground.host() as first:
        client = Client(first)
        body = json.dumps({"how": "returns", "text": text}, ensure_ascii=False).encode()
        posted = client.send("POST", body=body, headers=JSON)
        assert posted.status == 200
        assert posted.json()["args"]["text"] == text
        large_args = posted.json()["uuid"]
        client.wait(large_args, "done")
        large_result = client.begin("large", count=5_000_000)
        client.wait(large_result, "done")

        blocking = client.begin("waits", text="a")
        client.wait_running(blocking, "a")
        posted = client.send("POST", body=_form(content), headers=FORM)
        assert posted.status == 200, posted.body
        assert posted.json()["status"] == "queued"
        assert posted.json()["args"]["data"] == ["data", "image/png", "my photo.png"]
        with_file = posted.json()["uuid"]
        # The request is over, and its own file gone.
        assert first.temporary_files() == []
        first.kill_9()
    with sqlite_ground.host() as second:
        client = Client(second)
        shown = client.wait(with_file, "done")
        assert shown["result"]["output"] == {
            "name": "my photo.png",
            "size": len(content),
            "type": "image/png",
        }
        assert shown["args"]["data"] == ["data", "image/png", "my photo.png"]
        folder = sqlite_ground.folder / "runs" / with_file
        wait_until(lambda: not (folder / "inputs").exists(), "the upload is removed")

        shown = client.get(large_args)
        assert shown["args"]["text"] == text
        assert shown["result"]["output"] == {"text": text}
        assert client.get(large_result)["result"]["output"] == {"text": "x" * 5_000_000}
        assert client.cancel(large_result) == client.get(large_result)
        listed = client.send("GET", "?limit=2")
        assert listed.size < 5000
        first_listed, second_listed = listed.json()
        assert first_listed["args"] is None
        assert first_listed["result"]["output"] is None
        assert second_listed["args"]["count"] == 5_000_000
        assert second_listed["result"]["output"] is None


def test_a_client_that_leaves_in_the_middle_of_its_upload(
    sqlite_host: Host, lasting_ground: Ground
) -> None:
    """There is no run, no folder and no file of it."""
    client = Client(sqlite_host)
    listed, folders = client.list(), lasting_ground.folders()
    body = _form(b"x" * 4_000_000)
    connection = HTTPConnection("127.0.0.1", sqlite_host.port, timeout=20)
    headers = {**FORM, "Content-Length": str(len(body))}
    connection.request("POST", client.base, body[:3_000_000], headers)
    wait_until(sqlite_host.temporary_files, "a part of it has arrived")
    connection.close()
    wait_until(lambda: not sqlite_host.temporary_files(), "that is removed")
    assert client.list() == listed
    assert lasting_ground.folders() == folders


def test_arguments_and_results_of_all_kinds(sqlite_host: Host) -> None:
    client = Client(sqlite_host)
    known_count = len(client.list())
    secret = client.begin("returns", text="x", password="hunter2")
    assert "hunter2" not in json.dumps(client.wait(secret, "done"))
    odd = client.wait(client.begin("odd"), "done")
    assert set(odd["result"]["output"]) == {"set", "object", "3", "nan"}
    assert odd["result"]["duration"]
    with_nul = client.wait(client.begin("returns", text="a\0b\ud83d"[:3]), "done")
    assert with_nul["args"]["text"] == "a\0b"
    refused = client.post("returns", count="many")
    assert refused.status == 422
    assert "count" in refused.body.decode()
    assert client.send("POST", body=b"{", headers=JSON).status in (400, 422)
    assert client.send("POST", body=b"x", headers={"Content-Type": "a/b"}).status == 415
    assert len(client.list()) == known_count + 3
    assert sqlite_host.temporary_files() == []


def test_questions_that_cannot_be_answered(sqlite_host: Host) -> None:
    client = Client(sqlite_host)
    run = client.begin()
    client.wait(run, "done")
    for name in (STRANGER, run.upper(), run[:-1], "x", "%2e%2e", "%00", "%ff"):
        for path in ("", "/logs", "/metrics", "/events", "/files/", "/files/a"):
            assert_failure(client.send("GET", name + path), 404)
        assert_failure(client.send("DELETE", name), 404)
    for query in (
        *("limit=0", "limit=-1", "limit=1001", "limit=x", "limit=1e3", "limit=%D9%A3"),
        *("offset=-1", "offset=2147483648", "offset=", "status=dead", "status=done,dead"),
        *("order=up", "order="),
    ):
        name = query.partition("=")[0]
        answer = client.send("GET", f"?{query}")
        assert answer.status == 422, query
        assert set(answer.json()) == {name}
    for path in ("logs?tail=-1", "logs?tail=x", "logs?tail=1000001", "files/?format=tar"):
        assert client.send("GET", f"{run}/{path}").status == 422, path
    other = Client(sqlite_host, "plain")
    assert_failure(other.send("POST"), 501)
    assert other.list() == []
    assert_failure(other.send("GET", run), 404)
    assert_failure(Client(sqlite_host, "nobody").send("GET"), 404)
    assert_failure(Client(sqlite_host, "nobody").send("POST"), 404)


def test_lists(sqlite_host: Host) -> None:
    client = Client(sqlite_host)
    known_count = len(client.list())
    good = [client.begin("returns") for _ in range(2)]
    bad = client.begin("raises")
    running = client.begin("waits", text="a")
    client.wait_running(running, "a")
    waiting = client.begin("returns")

    def listed(**query: object) -> list[str]:
        return [run["uuid"] for run in client.list(**query)]

    every = [*good, bad, running, waiting]
    assert listed()[known_count:] == every
    assert listed(order="newest")[:5] == every[::-1]
    assert listed(limit=2, offset=known_count + 1) == every[1:3]
    assert len(listed(limit=1000)) == known_count + 5
    assert listed(offset=known_count + 100) == []
    assert listed(status="done", order="newest")[:2] == good[::-1]
    assert bad not in listed(status="done")
    assert listed(status="running,queued") == [running, waiting]
    assert listed(status="cancelled") == []
    ended_count = len(listed(status="done,error"))
    answer = client.send("GET", "?status=done&status=error&limit=1")
    assert answer.headers["x-total-count"] == str(ended_count)
    assert ended_count == known_count + 3
    assert 'rel="next"' in answer.headers["link"]
    assert "link" not in client.send("GET", f"?limit={known_count + 5}").headers
    sqlite_host.touch("go-a")
    client.wait(waiting, "done")


def test_files_that_clients_may_not_have(sqlite_host: Host) -> None:
    client = Client(sqlite_host)
    run = client.begin("links")
    client.wait(run, "done")
    assert client.files(run) == {"mine.txt": b"mine", "below/deep.txt": b"deep"}
    for path in (
        *("../args.json", "..", "../", ".", "./mine.txt"),
        *("below/../mine.txt", "below//deep.txt"),
        *("%2e%2e/outcome", "%2e%2e%2foutcome", "..%2f..%2f..%2ftrainings.sqlite"),
        *("..%5coutcome", "%2fetc%2fpasswd", "/etc/passwd", "below", "below/", "mine.txt/"),
        *("out.txt", "up/outcome", "root/etc/passwd", "self", "fifo"),
        *("nothing", "%00", "mine.txt%00", "x" * 5000, "%ff%fe"),
    ):
        answer = client.send("GET", f"{run}/files/{path}")
        assert answer.status == 404, (path, answer.status, answer.body[:200])
    archive = client.send("GET", f"{run}/files/?format=zip")
    assert archive.headers["content-type"] == "application/zip"
    assert archive.body.count(b"mine.txt") == 2  # In front of it and in the directory.
    for name in (b"out.txt", b"up", b"root", b"fifo", b"passwd"):
        assert name not in archive.body
    sent = client.send("GET", f"{run}/files/mine.txt")
    assert sent.headers["content-disposition"].startswith("attachment")
    assert sent.headers["x-content-type-options"] == "nosniff"


def test_a_folder_of_a_run_that_is_lost(sqlite_host: Host, lasting_ground: Ground) -> None:
    """Somebody has removed it: what is in the store is told, the rest is not there."""
    client = Client(sqlite_host)
    run = client.begin("writes", text="x")
    client.wait(run, "done")
    large = client.begin("large", count=200_000)
    client.wait(large, "done")
    running = client.begin("waits", text="lost")
    client.wait_running(running, "lost")
    waiting = client.begin("writes", text="b")
    for lost in (run, large, waiting):
        shutil.rmtree(lasting_ground.folder / "runs" / lost)
    assert client.get(run)["status"] == "done"
    assert client.get(large)["result"]["output"] is None
    assert client.files(run) == {}
    assert client.log(run) == ""
    sqlite_host.touch("go-lost")
    assert client.wait(running)["status"] == "done"
    # Its turn comes, and there is nothing to run it with.
    assert "cannot be started" in client.wait(waiting, "error")["message"]
    wait_until(lambda: client.wait(client.begin())["status"] == "done", "the host goes on")


def test_without_trainings(tmp_path: Path) -> None:
    """They are refused, and nothing is kept anywhere."""
    state = tmp_path / "state"
    with start_host(["trains"], "--notrain-endpoint", state=state) as host:
        client = Client(host)
        for method, path in (
            *(("GET", ""), ("POST", ""), ("GET", STRANGER), ("DELETE", STRANGER)),
            *(("GET", f"{STRANGER}/logs"), ("GET", f"{STRANGER}/files/a")),
        ):
            assert "disabled" in assert_failure(client.send(method, path), 403)
        assert host.predict("trains", text="x").status == 200
    assert not state.exists()
