"""The same commands with `--url`: a model at a running host."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.host import Host, free_port, start_host
from support.waiting import wait_until

from deepaas.client import Client, NotReady

from .command import Shell

GOOD, BROKEN = ("command_line", "trains"), "fails_at_import"
ONE, TRAINS = ("--model-name", "command_line"), ("--model-name", "trains")


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    # A command-line tool is a client like any other: the host's own limits are tested elsewhere.
    with start_host([*GOOD, BROKEN], "--no-ui", wait=False) as host:
        wait_until(lambda: states(host) == ["broken", "ready", "ready"], "all have been loaded")
        yield host


def states(host: Host) -> list[str]:
    return sorted(host.readiness(name)["status"] for name in (*GOOD, BROKEN))


@pytest.fixture
def shell(tmp_path: Path, host: Host) -> Shell:
    """An environment without models."""
    shell = Shell(tmp_path)
    shell.environment["DEEPAAS_URL"] = host.url
    return shell


def test_models(shell: Shell, host: Host) -> None:
    rows = {row["name"]: row for row in shell.run("list", "--json").json}
    assert sorted(rows) == sorted([*GOOD, BROKEN])
    assert rows["trains"]["state"] == "ready"
    assert "a_library_that_nobody_has" in rows[BROKEN]["state"]
    assert "predict" not in rows[BROKEN]
    assert rows["trains"]["train"] is True
    assert rows["command_line"]["media_types"] == ["application/json", "text/plain", "image/png"]
    assert b"command_line" in shell.run("list", "--url", host.url, DEEPAAS_URL="").output
    assert shell.run(*ONE, "get_metadata").json["author"] == "é"
    ended = shell.run("get_metadata")
    assert ended.code == 2
    assert "several models, choose one of them: command_line, fails_at_import" in ended.errors


def test_help_is_nearly_the_same(shell: Shell) -> None:
    local = Shell(shell.folder / "local", "command_line").run("predict", "--help")
    remote = shell.run(*ONE, "predict", "--help")
    assert local.code == remote.code == 0
    different = set(local.output.splitlines()) ^ set(remote.output.splitlines())
    # The document does not tell of what the items of a list are, nor the defaults of passwords.
    assert len(different) < 10
    assert b"1 to 10" in remote.output
    assert b"--kind {a,b}" in remote.output
    assert b"How many % of it" in remote.output


def test_results_are_the_same(shell: Shell) -> None:
    (shell.folder / "a b.csv").write_text("content")
    words = ("--number=3", "--flag", "no", "--sizes", "3", "4", "--picture", "a b.csv")
    local = Shell(shell.folder / "local", "command_line")
    (local.folder / "a b.csv").write_text("content")
    assert shell.run(*ONE, "predict", *words).json == local.run("predict", *words).json
    nested = ("--number=3", "--options", '{"b": true}', "--point", "{'x': 7}", "--colours", "a,b")
    assert shell.run(*ONE, "predict", *nested).json == local.run("predict", *nested).json
    text = ("predict", "--number=1", "--accept=text/plain")
    assert shell.run(*ONE, *text).output == local.run(*text).output == "text é\n".encode()
    (shell.folder / "in.bin").write_bytes(bytes(range(256)) * 1000)
    binary = ("--number=1", "--accept", "image/png", "--picture", "in.bin")
    shell.run(*ONE, "-o", "out", "predict", *binary)
    assert (shell.folder / "out").read_bytes() == bytes(range(256)) * 1000


def test_exit_codes(shell: Shell) -> None:
    ended = shell.run(*ONE, "predict", "--number", "99", "--kind", "c")
    assert ended.code == 2
    assert "  --number: Must be greater than or equal to 1 and less than" in ended.errors
    assert "  --kind: Must be one of: a, b." in ended.errors
    assert "Traceback" not in ended.errors
    port = free_port()
    for code, words, said in (
        (1, (*ONE, "predict", "--number", "9"), "ValueError: boom"),
        (1, (*ONE, "predict", "--number", "8"), "eight is too much"),
        (2, ("--model-name", "nope", "predict"), "available models: command_line, fails_at_import"),
        (2, (*ONE, "train"), "command_line has no train function"),
        (3, ("--model-name", BROKEN, "predict"), "model 'fails_at_import' takes no calls: "),
        (
            3,
            ("--url", f"http://127.0.0.1:{port}", "list"),
            f"no host answers at http://127.0.0.1:{port} (Connection refused). "
            f"Start one: deepaas-run MODEL --listen-port {port}\n",
        ),
        (
            3,
            ("--url", f"http://me:secret@127.0.0.1:{free_port()}", "runs"),
            "no host answers at http",
        ),
        (2, ("--url", "nonsense", "list"), "not a valid URL of a host"),
    ):
        ended = shell.run(*words)
        assert (ended.code, ended.output) == (code, b"")
        assert said in ended.errors
        assert "Traceback" not in ended.errors
        assert "secret" not in ended.errors


def test_a_training_to_its_end(shell: Shell, host: Host) -> None:
    for number in range(2):
        host.touch(f"cli-{number}")
    ended = shell.run(*TRAINS, "train", "--how", "steps", "--text", "cli", "--count", "2")
    assert ended.json["status"] == "done"
    assert ended.json["result"]["output"] == {"steps": 2}
    uuid = ended.json["uuid"]
    assert f"training run {uuid} at {host.url}" in ended.errors
    shown = shell.run("runs", "show", uuid[:10]).json
    assert shown["progress"] == {"step": 2.0, "total": 2.0, "message": "step 1"}
    assert [file["path"] for file in shown["files"]]
    assert shell.run("runs", "log", uuid).output == b"step 0\nstep 1\n"
    downloaded = shell.run("runs", "download", uuid, "--to", "files").output.decode().split()
    assert sorted(downloaded) == sorted(f"files/{file['path']}" for file in shown["files"])
    for file in shown["files"]:
        assert (shell.folder / "files" / file["path"]).stat().st_size == file["size"]
    failed = shell.run(*TRAINS, "train", "--how", "raises", "--text", "no luck")
    assert (failed.code, failed.output) == (1, b"")
    assert failed.errors.splitlines()[-1] == (
        "deepaas-cli: error: the training run failed: ValueError: no luck"
    )


def test_trainings_that_go_on(shell: Shell) -> None:
    uuid = shell.run(*TRAINS, "--detach", "train", "--how", "saves").json["uuid"]
    following = shell.start("runs", "follow", uuid[:8], "--json")
    logging = shell.start("runs", "log", "--follow", uuid)
    assert following.stdout is not None
    assert json.loads(following.stdout.readline())["uuid"] == uuid
    rows = shell.run("runs").output.decode().splitlines()
    assert rows[0].split() == ["UUID", "MODEL", "STATE", "STARTED", "TOOK", "PROGRESS"]
    assert rows[1].startswith(f"{uuid}  trains")
    assert shell.run("runs", "cancel", uuid[:8]).output.decode().split()[:2] == [uuid, "cancelled"]
    output, _ = following.communicate(timeout=30)
    assert following.returncode == 1
    assert json.loads(output.splitlines()[-1])["status"] == "cancelled"
    logging.communicate(timeout=30)
    assert logging.returncode == 0
    ended = shell.run("runs", "cancel", "0" * 32)
    assert ended.code == 2
    ended = shell.run("runs", "show", "zz")
    assert (ended.code, "starts with 'zz'" in ended.errors) == (2, True)


def test_ctrl_c_leaves_a_training_to_its_host(shell: Shell) -> None:
    process = shell.start(*TRAINS, "train", "--how", "saves", "--text", "left")

    def state() -> str:
        runs = shell.run("runs", "list", "--json").json
        return next((run["status"] for run in runs if run["args"]["text"] == "left"), "")

    wait_until(lambda: state() == "running", "the training is going on")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert state() == "running"
    (cancel,) = [line for line in errors.decode().splitlines() if "cancel it:" in line]
    assert shell.run(*cancel.partition("deepaas-cli ")[2].split()).code == 0
    assert state() == "cancelled"


def test_a_broken_model_is_no_busy_one(host: Host) -> None:
    with Client(host.url) as client:
        assert repr(client) == f"Client({host.url!r})"
        with pytest.raises(NotReady, match="a_library_that_nobody_has"):
            client.predict(BROKEN)
        assert [model.name for model in client.models()] == list(GOOD)


def test_what_a_finished_training_has_done_is_listed(shell: Shell, host: Host) -> None:
    for number in range(2):
        host.touch(f"listed-{number}")
    words = ("train", "--how", "steps", "--text", "listed", "--count", "2")
    uuid = shell.run(*TRAINS, *words).json["uuid"]
    (row,) = [row for row in shell.run("runs").output.decode().splitlines() if uuid in row]
    assert row.endswith("2/2 step 1")
