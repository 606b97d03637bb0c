"""The life of typed predictors in worker processes: setting up, health, training, ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from compat.hosts import Host, wait_until_ended
from compat.installed import install
from compat.wire import Part, multipart_body
from support.host import MODELS
from support.streams import streaming
from support.waiting import wait_until

from deepaas.kinds.cog.worker.types import SUPPORTED

from .conftest import hosting, state, wait_for_state

pytestmark = pytest.mark.xdist_group("cog_runtime")

Journal = Callable[[], list[str]]


def health(host: Host, model: str) -> dict[str, Any]:
    told: dict[str, Any] = host.get(f"/cog/{model}/health-check").json()
    return told


def predicted(host: Host, model: str, **inputs: Any) -> Any:
    answer = host.predict(model, inputs)
    assert answer.status == 200, answer.content
    return answer.json()["predictions"]


# --- setting up ---


def test_setup_gets_weights_and_its_output_is_kept(host: Host) -> None:
    assert predicted(host, "Weighs") == "weights.bin"
    setup = health(host, "Weighs")["setup"]
    assert setup["status"] == "succeeded"
    assert setup["logs"] == "weights are weights.bin\n"


def test_while_it_is_set_up_calls_wait(host: Host) -> None:
    assert state(host, "SlowToStart") == "warming"
    assert health(host, "SlowToStart")["status"] == "STARTING"
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(predicted(host, "SlowToStart")))
    thread.start()
    (host.folder / "test/loaded").touch()
    thread.join(30)
    assert answers == ["ready"]
    assert state(host, "SlowToStart") == "ready"


def test_setup_that_fails_is_told_and_others_go_on(host: Host) -> None:
    wait_for_state(host, "FailsToStart", "broken")
    assert "RuntimeError: no weights here" in host.predict("FailsToStart", {}).content.decode()
    assert health(host, "FailsToStart")["status"] == "SETUP_FAILED"
    assert predicted(host, "Leaves")


def test_faults_of_a_signature_are_told_at_start_in_the_words_of_the_author(host: Host) -> None:
    wait_for_state(host, "Faulty", "broken")
    file = MODELS / "typed/predictors.py"
    before, _, _ = file.read_text().partition("    def run(self, a, b: complex")
    place = f"({file}:{before.count(chr(10)) + 1})"
    listed = (
        "Problems of Faulty:\n"
        f"    - run(): the input 'a' has no type. Add one, for example a: str {place}\n"
        "    - run(): the input 'b': clients cannot send values of the type complex. "
        f"Write for example b: float, or use one of {SUPPORTED} {place}\n"
        "    - run(): the input 'c': the default 5 violates le=1. "
        f"Change the default, or what is declared {place}\n"
        f"    - run() has no return type. Add one, for example -> str {place}\n"
    )
    # Once, although it is tried again and again; and without a traceback. Lines of an author are
    # set in by two: none looks like a record of its own.
    assert host.log.count(listed) == 1
    assert "cog/signature.py" not in host.log
    answer = host.predict("Faulty", {})
    assert answer.status == 503
    assert "the input 'a' has no type" in answer.content.decode()
    assert str(file) not in answer.content.decode()


def test_without_cog_the_log_says_what_to_install(tmp_path: Path) -> None:
    # As it is where only the host is installed.
    hides = "import sys; sys.modules['cog'] = None\nraise ModuleNotFoundError('no', name='cog')\n"
    (tmp_path / "predict.py").write_text(hides)
    with hosting(tmp_path, f"lacks={tmp_path / 'predict.py'}") as host:
        # It ends at once, as there is nothing else to serve.
        wait_until(lambda: "pip install 'deepaas[cog]'" in host.log, "the log says what to do")
        assert "Traceback" not in host.log


# --- health ---


def test_health_checks_of_the_author(host: Host) -> None:
    assert health(host, "Weighs")["user_healthcheck_error"]
    assert health(host, "Weighs")["status"] == "UNHEALTHY"
    # An asynchronous one is asked in the event loop of the calls.
    assert health(host, "Meets")["status"] == "READY"


# --- several at a time, ends ---


def test_concurrent_predictor_works_on_several_calls(host: Host) -> None:
    answers: list[Any] = []
    threads = [
        threading.Thread(
            target=lambda name=name: answers.append(predicted(host, "Meets", name=name))
        )
        for name in ("a", "b", "c")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["a", "b", "c"]


def test_cancelled_call_gets_the_exception_of_cog(host: Host, journal: Journal) -> None:
    with pytest.raises(OSError):
        host.predict("Sleeps", {}, timeout_seconds=2)
    wait_until(lambda: "tidied up" in journal(), "the end of the call", 20)
    with streaming(host, "Leaves") as stream:  # The host still serves.
        assert stream.status == 200


def test_worker_that_ends_is_replaced(host: Host) -> None:
    before = predicted(host, "Leaves")
    answer = host.predict("Leaves", {"how": "die"})
    assert answer.status == 500
    assert "9" in answer.content.decode()
    assert predicted(host, "Leaves") != before


def test_sys_exit_ends_its_call_only(host: Host) -> None:
    before = predicted(host, "Leaves")
    answer = host.predict("Leaves", {"how": "exit"})
    assert answer.status == 500
    assert answer.json()["message"] == "SystemExit: 3"
    assert predicted(host, "Leaves") == before


# --- a project with cog.yaml ---


def test_project_runs_in_its_folder(host: Host) -> None:
    assert predicted(host, "project") == "of the project"


def test_training_is_a_durable_run_whose_files_can_be_downloaded(host: Host) -> None:
    body = multipart_body(Part("data", b"abc", filename="data.txt"))
    begun = host.train("project", body=body, query={"steps": "2"})
    assert begun.status in (200, 202), begun.content
    run = f"/v2/models/project/train/{begun.json()['uuid']}"
    told = wait_until_ended(host, run)
    assert told["status"] == "done", told
    output = json.loads(host.get(run).content)["result"]["output"]
    assert output == {"weights": "weights.bin", "log": "log", "steps": 2}
    files = {one["path"]: one["size"] for one in host.get(f"{run}/files/").json()["files"]}
    assert files == {"weights.bin": 6, "log/loss.txt": 3}
    assert host.get(f"{run}/files/weights.bin").content == b"abcabc"
    assert b"learning from data.txt" in host.get(f"{run}/logs").content


def test_training_refuses_wrong_arguments(host: Host) -> None:
    answer = host.train("project", query={"steps": "0"})
    assert answer.status == 422
    assert set(answer.json()) == {"data", "steps"}


def test_entry_point_may_name_a_typed_predictor(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/typed_model.py").write_text(
        "from pydantic import Field\n"
        "class Doubles:\n"
        "    def predict(self, x: int = Field(ge=0)) -> int:\n"
        "        return 2 * x\n"
        "def greet(name: str) -> str:\n"
        "    return f'Hello, {name}'\n"
    )
    entries = {"doubles": "typed_model:Doubles", "greet": "typed_model:greet"}
    site = install(entries, tmp_path / "installed")
    with hosting(tmp_path, "doubles", "greet", PYTHONPATH=f"{site}:{tmp_path / 'code'}") as host:
        wait_for_state(host, "doubles", "ready")
        wait_for_state(host, "greet", "ready")
        assert predicted(host, "doubles", x=2) == 4
        assert predicted(host, "greet", name="you") == "Hello, you"
