"""The fixtures for packages, in the tests of packages: real pytest, real hosts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from support import processes
from support.waiting import wait_until

pytest_plugins = ["pytester"]

MODELS = Path(__file__).resolve().parents[1] / "models"
QUIET = ["-p", "no:cacheprovider", "-W", "ignore"]
MINE = """
def test_it(deepaas_client):
    assert deepaas_client.predict()["status"] == "OK"
"""


class Project:
    """A project that somebody tests, and what is installed around it."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.mark = uuid.uuid4().hex
        self.folder = pytester.path

    def offer(self, *models: str) -> None:
        """Install it, with modules of `tests/models` as its models."""
        self.install("My.Model", *models)
        (self.folder / "pyproject.toml").write_text('[project]\nname = "my-model"\n')

    def install(self, distribution: str, *models: str) -> None:
        """Install a distribution with such models."""
        info = self.folder / "site" / f"{distribution.lower().replace('.', '_')}-1.dist-info"
        info.mkdir(parents=True)
        head = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1\n"
        (info / "METADATA").write_text(head)
        lines = ["[deepaas.v2.model]", *(f"{name} = {name}" for name in models), ""]
        (info / "entry_points.txt").write_text("\n".join(lines))

    def test(self, *options: str, code: str = MINE) -> pytest.RunResult:
        """Run its tests in a process of their own; nothing may be left behind."""
        self.pytester.makepyfile(test_mine=code)
        result = self.pytester.runpytest_subprocess(*QUIET, *options)
        assert not processes.marked(self.mark)
        return result

    def test_here(self, *options: str, code: str = MINE) -> pytest.RunResult:
        """The same in this process, which spares its start."""
        self.pytester.makepyfile(test_mine=code)
        self.pytester.syspathinsert(self.folder / "site")
        result = self.pytester.runpytest_inprocess(*QUIET, *options)
        assert not processes.marked(self.mark)
        return result


def plugin_of_the_entry_point() -> str:
    (entry,) = entry_points(group="pytest11", name="deepaas")
    return entry.value


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    project = Project(pytester)
    monkeypatch.setenv("PYTHONPATH", f"{project.folder / 'site'}:{MODELS}")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("DEEPAAS_TEST_DIR", str(project.folder))
    # That of somebody else: tests are none of its business.
    monkeypatch.setenv("OS_DEFAULT__DATABASE_URL", "sqlite+aiosqlite:////nowhere/runs.db")
    # As its entry point has it loaded, without the other plugins, which take their time.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", plugin_of_the_entry_point())
    monkeypatch.setenv(processes.MARK, project.mark)
    yield project
    processes.kill_marked(project.mark)


def test_the_only_model_of_the_project_in_several_processes(project: Project) -> None:
    project.offer("plain")
    project.pytester.makeini("[pytest]\ndeepaas_options = --no-ui --no-train-endpoint")
    code = MINE + MINE.replace("test_it", "test_it_again")
    project.test("-p", "xdist", "-n", "2", code=code).assert_outcomes(passed=2)


def test_options_of_the_ini_file_and_the_log_of_a_failure(project: Project) -> None:
    project.offer("plain")
    project.install("other", "raises")
    project.pytester.makeini(
        "[pytest]\ndeepaas_model = raises\n"
        "deepaas_options = --base-path /below --log-level DEBUG --no-train-endpoint"
    )
    result = project.test_here(
        code="""
        def test_it(deepaas_host, deepaas_client):
            assert deepaas_host.url.endswith("/below")
            assert deepaas_client.url == deepaas_host.url
            assert deepaas_client.metadata()["name"] == "raises"
            assert deepaas_client.model().predict
            assert "DEBUG" in deepaas_host.log

        def test_a_refusal(deepaas_client):
            deepaas_client.predict(what="value")
        """
    )
    result.assert_outcomes(passed=1, failed=1)
    text = result.stdout.str()
    assert "ModelFailed: ValueError: a plain mistake" in text
    _, _, said = text.partition("Host's log")
    assert "Traceback" in said
    assert "raises.py" in said
    assert "portal.py" not in text  # The caller's line, and none of the client's.


@pytest.mark.parametrize(
    ("model", "said"),
    [("nothing_like_it", "nothing_like_it"), ("fails_at_import", "a_library_that_nobody_has")],
)
def test_a_model_that_cannot_be_served(project: Project, model: str, said: str) -> None:
    project.offer("fails_at_import")
    result = project.test_here("-o", f"deepaas_model={model}")
    result.assert_outcomes(errors=1)
    text = result.stdout.str()
    assert f"could not load the model '{model}'. End of the host's log:" in text
    assert said in text
    assert "pytest_plugin.py" not in text
    assert "served.py" not in text


def test_undecided(project: Project) -> None:
    project.offer("plain", "echo")
    result = project.test_here()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*my-model has several models: echo, plain. To choose one*"])
    assert "pytest_plugin.py" not in result.stdout.str()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_pytest_is_ended(project: Project, number: signal.Signals) -> None:
    project.offer("plain")
    project.pytester.makepyfile(
        test_mine="""
        import pathlib, time

        def test_it(deepaas_client):
            pathlib.Path("begun").touch()
            time.sleep(600)
        """
    )
    command = [sys.executable, "-m", "pytest", *QUIET]
    with subprocess.Popen(
        command, cwd=project.folder, stdout=subprocess.DEVNULL, start_new_session=True
    ) as running:
        wait_until((project.folder / "begun").exists, "the test has begun", 60)
        assert len(processes.marked(project.mark)) > 1
        os.kill(running.pid, number)
    wait_until(lambda: not processes.marked(project.mark), "everything has ended", 20)


def test_an_unused_plugin_costs_nothing() -> None:
    program = """
import sys, time, pytest
known = set(sys.modules)
best = 1.0
for _ in range(5):
    sys.modules.pop("deepaas.pytest_plugin", None)
    start = time.perf_counter()
    import deepaas.pytest_plugin
    best = min(best, time.perf_counter() - start)
assert best < 0.02, best
print(*sorted(set(sys.modules) - known))
"""
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert [name for name in told.stdout.split() if not name.startswith("__editable__")] == [
        "deepaas",
        "deepaas.pytest_plugin",
    ]
