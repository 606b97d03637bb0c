"""The start: models that cannot be served, and options that cannot be followed."""

import socket
from collections.abc import Iterator

import pytest
from support.command_lines import run_each
from support.host import Ended, Host, run_host, start_host
from support.shape import assert_failure
from support.waiting import wait_until

BROKEN = {
    "fails_at_import": "a_library_that_nobody_has",
    "exits_at_import": "",
    "dies_at_import": "SIGSEGV",
    "syntax_error": "syntax",
    "bad_arguments": "the arguments are not ready",
    "warm_fails": "the weights are not there",
    "warm_exits": "",
    "warm_dies": "SIGKILL",
}
TRACEBACKS = {
    "fails_at_import": "ModuleNotFoundError: No module named 'a_library_that_nobody_has'",
    "syntax_error": "SyntaxError",
    "bad_arguments": "RuntimeError: the arguments are not ready",
    "warm_fails": "RuntimeError: the weights are not there",
}


def test_broken_models_beside_a_good_one() -> None:
    with start_host([*BROKEN, "plain"], wait=False) as host:
        wait_until(lambda: _status(host, "plain") == "ready", "the good model is ready")
        for model in BROKEN:
            wait_until(lambda m=model: _status(host, m) == "broken", f"{model} is given up")  # type: ignore[misc]
        assert host.get("/readyz").status == 503
        assert host.predict("plain").status == 200
        listed = {entry["name"]: entry for entry in host.get("/v2/models/").json()["models"]}
        assert set(listed) == {*BROKEN, "plain"}
        assert "error" not in listed["plain"]
        for model, reason in BROKEN.items():
            error = listed[model]["error"]
            assert error
            assert "\n" not in error
            assert reason.lower() in error.lower()
            assert_failure(host.predict(model), 503)
        for text in TRACEBACKS.values():
            host.wait_for_log(text)


def test_a_host_without_any_good_model_ends() -> None:
    """It ends once each of them is given up, for whatever reason: see above."""
    models = ["exits_at_import", "warm_fails", "warm_dies"]
    ended = run_host(models)
    assert ended.returncode > 0
    for model in models:
        assert model in ended.output
        assert BROKEN[model].lower() in ended.output.lower()
        assert TRACEBACKS.get(model, "") in ended.output


def test_nowarm() -> None:
    with start_host(["warm_fails"], "--nowarm") as host:
        assert host.predict("warm_fails").json()["predictions"] == {"warm": False}


def test_models_that_load_and_warm_slowly() -> None:
    with start_host(["loads_slowly", "warm_blocks", "plain"], wait=False) as host:
        wait_until(lambda: _status(host, "plain") == "ready", "the other model is ready")
        wait_until(lambda: _status(host, "warm_blocks") == "warming", "it warms")
        assert host.predict("plain").status == 200
        assert host.get("/readyz").status == 503
        assert _status(host, "loads_slowly") == "loading"
        assert host.get("/v2/models/").status == 200
        early = host.begin("loads_slowly")
        host.settle()
        host.touch("load")
        wait_until(lambda: _status(host, "loads_slowly") == "ready", "it is loaded")
        answer = early.result()
        if answer.status != 200:
            assert_failure(answer, 503)
            assert int(answer.headers["retry-after"]) >= 1
        assert host.predict("loads_slowly").json()["predictions"] == {"loaded": True}
        assert host.get("/readyz").status == 503
        host.touch("warm")
        host.wait_until_ready()
        assert host.predict("warm_blocks").status == 200
        wait_until(lambda: host.watch.readiness == [503, 200], "readiness has changed once")


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """One in which some models are not well, each for a reason of its own."""
    models = [
        *("metadata_raises", "metadata_unserialisable", "metadata_blocks"),
        *("loads_once", "warm_blocks", "plain"),
    ]
    with start_host(models, "--warm-timeout", "8", wait=False) as host:
        for model in models:
            if model != "warm_blocks":
                wait_until(lambda m=model: _status(host, m) == "ready", f"{model} is ready")  # type: ignore[misc]
        yield host


def test_bad_metadata_is_a_warning_until_somebody_asks(host: Host) -> None:
    """Tests of packages look for the word ERROR in what the host prints."""
    said = "deepaas.model.handle: get_metadata of model 'metadata_raises' failed"
    wait_until(lambda: f"WARNING {said}" in host.log(), "the host has asked by itself")
    assert f"ERROR {said}" not in host.log()
    for _ in range(2):
        assert host.get("/v2/models/metadata_raises/").status in (200, 500)
    wait_until(lambda: f"ERROR {said}" in host.log(), "a client has asked")
    assert host.log().count(f"ERROR {said}") == 1


@pytest.mark.parametrize("model", ["metadata_raises", "metadata_unserialisable"])
def test_bad_metadata_hurts_nobody_else(host: Host, model: str) -> None:
    listed = host.get("/v2/models/")
    assert listed.status == 200
    names = [entry["name"] for entry in listed.json()["models"]]
    assert {model, "plain"} <= set(names)
    alone = host.get(f"/v2/models/{model}/")
    assert alone.status == 500
    assert f"get_metadata of model '{model}' failed: " in alone.json()["message"]
    if model == "metadata_unserialisable":
        assert "'self' in its result" in alone.json()["message"]
        assert "json_values.py" not in host.log()
    assert host.predict(model).status == 200
    assert host.get("/swagger.json").status == 200


def test_slow_metadata_hurts_nobody_else(host: Host) -> None:
    host.touch("block")
    listed = host.get("/v2/models/", timeout=15)
    assert listed.status == 200
    assert b"plain" in listed.body
    assert host.predict("metadata_blocks").status == 200
    (host.home / "block").unlink()
    wait_until(lambda: host.get("/v2/models/metadata_blocks/").status == 200, "metadata is back")


def test_a_model_that_never_gets_warm_is_given_up(host: Host) -> None:
    wait_until(lambda: _status(host, "warm_blocks") == "broken", "it is given up")
    host.wait_for_log("[warm_blocks/1] the model cannot be served")
    assert host.predict("plain").status == 200
    host.touch("warm")
    wait_until(lambda: _status(host, "warm_blocks") == "ready", "it is tried again")


def test_a_model_that_cannot_be_loaded_again_is_tried_again(host: Host) -> None:
    """After longer and longer times, as long as it fails; that is told once."""
    known_count = len(host.log())
    assert_failure(host.predict("loads_once", die=True), 500)
    wait_until(lambda: _status(host, "loads_once") == "broken", "it cannot be loaded")
    refused = host.predict("loads_once")
    assert_failure(refused, 503)
    assert int(refused.headers["retry-after"]) >= 1
    assert "the weights are gone" in str(host.get("/v2/models/").json())
    assert host.predict("plain").status == 200
    count = host.readiness("loads_once")["restarts_count"]
    wait_until(
        lambda: host.readiness("loads_once")["restarts_count"] >= count + 2, "two more attempts"
    )
    assert int(host.predict("loads_once").headers["retry-after"]) > 1
    assert host.log()[known_count:].count("[loads_once/1] the model cannot be served") == 1
    host.touch("load")
    wait_until(lambda: _status(host, "loads_once") == "ready", "it is loaded")
    assert host.predict("loads_once").status == 200
    assert "the weights are gone" not in str(host.get("/v2/models/").json())


BAD_OPTIONS = {
    "--listen-port 99999": (["--listen-port", "99999"], "listen-port"),
    "--listen-port many": (["--listen-port", "many"], "listen-port"),
    "--client-max-size -1": (["--client-max-size", "-1"], "client-max-size"),
    "--workers 0": (["--workers", "0"], "workers"),
    "--workers -1": (["--workers", "-1"], "workers"),
    "--workers two": (["--workers", "two"], "workers"),
    "--queue-size -1": (["--queue-size", "-1"], "queue-size"),
    "--predict-timeout -1": (["--predict-timeout", "-1"], "predict-timeout"),
    "--predict-timeout soon": (["--predict-timeout", "soon"], "predict-timeout"),
    "--warm-timeout -1": (["--warm-timeout", "-1"], "warm-timeout"),
    "--drain-timeout -1": (["--drain-timeout", "-1"], "drain-timeout"),
    "--cancel-grace -1": (["--cancel-grace", "-1"], "cancel-grace"),
    "--listen-ip not an address": (["--listen-ip", "not an address"], "not an address"),
    "--config-file /nonexistent.conf": (
        ["--config-file", "/nonexistent.conf"],
        "/nonexistent.conf",
    ),
    "--model-name nobody": (["--model-name", "nobody"], "nobody"),
    "--no-such-option": (["--no-such-option"], "--no-such-option"),
    "--log-level loud": (["--log-level", "loud"], "log-level"),
    "--log-file /nonexistent/log": (["--log-file", "/nonexistent/log"], "/nonexistent"),
}
BAD_LINES = ["workers = 0", "listen_port = 99999", "client_max_size = lots", "queue_size = -5"]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """How each of the bad command lines and configuration files has ended, and a taken port."""
    folder = tmp_path_factory.mktemp("refused")
    lines = {name: options for name, (options, _) in BAD_OPTIONS.items()}
    for number, line in enumerate(BAD_LINES):
        path = folder / f"{number}.conf"
        path.write_text(f"[DEFAULT]\n{line}\n")
        lines[line] = ["--config-file", str(path)]
    usual = ["--listen-port", "0", "--model-name", "plain"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        lines[f"taken {port}"] = ["--listen-port", port]
        ended = run_each(
            tmp_path_factory.mktemp("run"), ["plain"], [[*usual, *line] for line in lines.values()]
        )
    return dict(zip(lines, ended, strict=True))


@pytest.mark.parametrize("options", BAD_OPTIONS)
def test_bad_options(refused: dict[str, Ended], options: str) -> None:
    ended = refused[options]
    assert ended.returncode > 0
    _assert_one_clear_line(ended.output, BAD_OPTIONS[options][1])


@pytest.mark.parametrize("line", BAD_LINES)
def test_bad_lines_in_a_configuration_file(refused: dict[str, Ended], line: str) -> None:
    ended = refused[line]
    assert ended.returncode > 0
    _assert_one_clear_line(ended.output, line.partition(" ")[0].replace("_", "-"))


def test_a_port_that_is_taken(refused: dict[str, Ended]) -> None:
    (name,) = [name for name in refused if name.startswith("taken ")]
    assert refused[name].returncode > 0
    _assert_one_clear_line(refused[name].output, name.removeprefix("taken "))


def _assert_one_clear_line(output: str, mentions: str) -> None:
    assert "Traceback" not in output
    lines = [line for line in output.splitlines() if line and " INFO " not in line]
    assert len(lines) == 1, output
    assert mentions.replace("-", "_") in lines[0].replace("-", "_")


def _status(host: Host, model: str) -> str:
    return str(host.get("/readyz").json()["models"].get(model, {}).get("status"))
