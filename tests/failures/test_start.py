"""The start: models that cannot be served, and options that cannot be followed."""

import socket
import time
from pathlib import Path

import pytest
from support.host import Host, run_host, start_host
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
            assert text in host.log()


@pytest.mark.parametrize("model", list(BROKEN))
def test_a_host_without_any_good_model_ends(model: str) -> None:
    ended = run_host([model])
    assert ended.returncode not in (0, None)
    assert ended.returncode > 0
    assert model in ended.output
    assert BROKEN[model].lower() in ended.output.lower()
    assert TRACEBACKS.get(model, "") in ended.output


def test_two_broken_models_end_the_host_as_well() -> None:
    ended = run_host(["warm_fails", "syntax_error"])
    assert ended.returncode > 0
    assert "the weights are not there" in ended.output
    assert "syntax" in ended.output.lower()


def test_nowarm() -> None:
    with start_host(["warm_fails"], "--nowarm") as host:
        assert host.predict("warm_fails").json()["predictions"] == {"warm": False}


def test_a_model_that_loads_slowly() -> None:
    with start_host(["loads_slowly", "plain"], wait=False) as host:
        wait_until(lambda: _status(host, "plain") == "ready", "the other model is ready")
        assert host.predict("plain").status == 200
        assert host.get("/readyz").status == 503
        assert _status(host, "loads_slowly") == "loading"
        assert host.get("/v2/models/").status == 200
        early = host.begin("loads_slowly")
        host.settle()
        host.touch("load")
        host.wait_until_ready()
        answer = early.result()
        if answer.status != 200:
            assert_failure(answer, 503)
            assert int(answer.headers["retry-after"]) >= 1
        assert host.predict("loads_slowly").json()["predictions"] == {"loaded": True}
        wait_until(lambda: host.watch.readiness == [503, 200], "readiness has changed once")


def test_a_model_that_warms_slowly() -> None:
    with start_host(["warm_blocks"], wait=False) as host:
        wait_until(lambda: _status(host, "warm_blocks") == "warming", "it warms")
        assert host.get("/readyz").status == 503
        host.touch("warm")
        host.wait_until_ready()
        assert host.predict("warm_blocks").status == 200


def test_warm_timeout() -> None:
    ended = run_host(["warm_blocks"], "--warm-timeout", "1")
    assert ended.returncode > 0
    assert "warm_blocks" in ended.output
    with start_host(["warm_blocks", "plain"], "--warm-timeout", "5", wait=False) as host:
        wait_until(lambda: _status(host, "warm_blocks") == "broken", "it is given up")
        assert host.predict("plain").status == 200


def test_a_model_that_cannot_be_loaded_again_is_tried_again() -> None:
    with start_host(["loads_once", "plain"]) as host:
        assert_failure(host.predict("loads_once", die=True), 500)
        wait_until(lambda: _status(host, "loads_once") == "broken", "it cannot be loaded")
        refused = host.predict("loads_once")
        assert_failure(refused, 503)
        assert int(refused.headers["retry-after"]) >= 1
        assert "the weights are gone" in str(host.get("/v2/models/").json())
        assert host.predict("plain").status == 200
        host.touch("load")
        host.wait_until_ready()
        assert host.predict("loads_once").status == 200
        assert "the weights are gone" not in str(host.get("/v2/models/").json())


def test_back_off_of_a_model_that_keeps_failing() -> None:
    with start_host(["loads_once", "plain"]) as host:
        assert_failure(host.predict("loads_once", die=True), 500)
        deadline = time.monotonic() + 3
        wait_until(lambda: time.monotonic() > deadline, "some attempts were made")
        attempts = host.log().count("RuntimeError: the weights are gone")
        assert 1 <= attempts <= 8


@pytest.mark.parametrize("model", ["metadata_raises", "metadata_unserialisable"])
def test_bad_metadata_hurts_nobody_else(model: str) -> None:
    with start_host([model, "plain"]) as host:
        listed = host.get("/v2/models/")
        assert listed.status == 200
        names = [entry["name"] for entry in listed.json()["models"]]
        assert {model, "plain"} <= set(names)
        alone = host.get(f"/v2/models/{model}/")
        assert alone.status in (200, 500)
        assert alone.json()
        assert host.predict(model).status == 200
        assert host.get("/swagger.json").status == 200


def test_bad_metadata_is_a_warning_until_somebody_asks() -> None:
    """Tests of packages look for the word ERROR in what the host prints."""
    with start_host(["metadata_raises"]) as host:
        said = "deepaas.model.handle: get_metadata of model 'metadata_raises' raised"
        wait_until(lambda: f"WARNING {said}" in host.log(), "the host has asked by itself")
        assert "ERROR" not in host.log()
        for _ in range(2):
            assert host.get("/v2/models/metadata_raises/").status in (200, 500)
        wait_until(lambda: f"ERROR {said}" in host.log(), "a client has asked")
        assert host.log().count(f"ERROR {said}") == 1


def test_slow_metadata_hurts_nobody_else() -> None:
    with start_host(["metadata_blocks", "plain"]) as host:
        host.touch("block")
        listed = host.get("/v2/models/", timeout=15)
        assert listed.status == 200
        assert b"plain" in listed.body
        assert host.predict("metadata_blocks").status == 200
        (host.home / "block").unlink()
        wait_until(
            lambda: host.get("/v2/models/metadata_blocks/").status == 200, "metadata is back"
        )


@pytest.mark.parametrize(
    ("options", "mentions"),
    [
        (["--listen-port", "99999"], "listen-port"),
        (["--listen-port", "many"], "listen-port"),
        (["--client-max-size", "-1"], "client-max-size"),
        (["--workers", "0"], "workers"),
        (["--workers", "-1"], "workers"),
        (["--workers", "two"], "workers"),
        (["--queue-size", "-1"], "queue-size"),
        (["--predict-timeout", "-1"], "predict-timeout"),
        (["--predict-timeout", "soon"], "predict-timeout"),
        (["--warm-timeout", "-1"], "warm-timeout"),
        (["--drain-timeout", "-1"], "drain-timeout"),
        (["--cancel-grace", "-1"], "cancel-grace"),
        (["--listen-ip", "not an address"], "not an address"),
        (["--config-file", "/nonexistent.conf"], "/nonexistent.conf"),
        (["--model-name", "nobody"], "nobody"),
        (["--no-such-option"], "--no-such-option"),
        (["--log-level", "loud"], "log-level"),
        (["--log-file", "/nonexistent/log"], "/nonexistent"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_options(options: list[str], mentions: str) -> None:
    ended = run_host(["plain"], *options)
    assert ended.returncode > 0
    _assert_one_clear_line(ended.output, mentions)


@pytest.mark.parametrize(
    "line", ["workers = 0", "listen_port = 99999", "client_max_size = lots", "queue_size = -5"]
)
def test_bad_lines_in_a_configuration_file(line: str, tmp_path: Path) -> None:
    path = tmp_path / "deepaas.conf"
    path.write_text(f"[DEFAULT]\n{line}\n")
    ended = run_host(["plain"], "--config-file", str(path))
    assert ended.returncode > 0
    _assert_one_clear_line(ended.output, line.partition(" ")[0].replace("_", "-"))


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = run_host(["plain"], "--listen-port", port)
    assert ended.returncode > 0
    _assert_one_clear_line(ended.output, port)


def _assert_one_clear_line(output: str, mentions: str) -> None:
    assert "Traceback" not in output
    lines = [line for line in output.splitlines() if line and " INFO " not in line]
    assert len(lines) == 1, output
    assert mentions.replace("-", "_") in lines[0].replace("-", "_")


def _status(host: Host, model: str) -> str:
    return str(host.get("/readyz").json()["models"].get(model, {}).get("status"))
