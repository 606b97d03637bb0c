"""A model finds in its process what it finds in a plain interpreter, and cannot break the rest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .served import Served, serving

SEES = """
    import argparse, ctypes, json, multiprocessing, os, signal, sys, tempfile, time
    from concurrent.futures import ProcessPoolExecutor


    def double(number):
        return 2 * number


    def command(_):
        return sys.argv


    def parsed():
        return vars(argparse.ArgumentParser().parse_args())


    def main():
        names = set(vars(sys.modules["__main__"])) - {"__builtins__"}
        return [sorted(names), sys.modules["__main__"].__spec__]


    def said_by_shell():
        'What a program has open that is started without close_fds.'
        with tempfile.NamedTemporaryFile() as told:
            os.system(f"ls /dev/fd > {told.name}")
            return told.read().decode().split()


    def signals_of_a_fork():
        reading, writing = os.pipe()
        if not os.fork():
            names = [signal.getsignal(number) for number in (
                signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)]
            os.write(writing, repr(names).encode())
            os._exit(0)
        os.wait()
        return os.read(reading, 1000).decode()


    def in_processes(method):
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            doubled = pool.map(double, range(3))
        with ProcessPoolExecutor(1, mp_context=context) as executor:
            (seen,) = executor.map(command, [None])
        queue = context.Queue()
        process = context.Process(target=queue.put, args=("told",))
        process.start()
        told = queue.get()
        process.join()
        return [doubled, seen, told, process.exitcode]


    def ended_by_signal() -> int:
        'How many of a thousand forks end by a signal that comes when they have hardly begun.'
        count = 0
        for _ in range(1000):
            pid = os.fork()
            if pid == 0:
                time.sleep(1)
                os._exit(3)
            os.kill(pid, signal.SIGTERM)
            count += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGTERM
        return count


    class Predictor:
        def predict(self, what: str) -> str:
            if what in ("spawn", "fork", "forkserver"):
                return json.dumps(in_processes(what))
            asked = {
                "parsed": parsed,
                "main": main,
                "command": lambda: [sys.argv, sys.orig_argv[1:]],
                "shell": said_by_shell,
                "signals": signals_of_a_fork,
                "ended": ended_by_signal,
                "compiled": lambda: ctypes.CDLL(None).puts(b"of compiled code"),
            }
            return json.dumps(asked[what]())
"""


@pytest.fixture(scope="module")
def sees(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("PYTHONUNBUFFERED", raising=False)  # As hosts usually run.
        with serving(SEES, tmp_path_factory.mktemp("sees")) as served:
            yield served


PLAIN = {
    "parsed": "{}",
    "command": '[["-c"], ["-c", ""]]',
    "main": '[["__annotations__", "__doc__", "__loader__", "__name__", "__package__", "__spec__"], '
    "null]",
    # The standard streams, and the folder that is listed.
    "shell": '["0", "1", "2", "3"]',
}


@pytest.mark.parametrize("what", PLAIN)
def test_it_is_a_plain_one(what: str, sees: Served) -> None:
    assert sees.value(what=what) == PLAIN[what]


def test_processes_that_it_forks_react_to_signals_as_usual(sees: Served) -> None:
    told = sees.value(what="signals")
    assert "default_int_handler" in told
    assert told.count("SIG_DFL") == 3


def test_no_signal_to_a_fork_is_lost(sees: Served) -> None:
    """Also before it has left the handlers of the worker behind: pools wait for its end."""
    assert sees.value(what="ended") == "1000"


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_multiprocessing(method: str, sees: Served) -> None:
    assert sees.value(what=method) == '[[0, 2, 4], ["-c"], "told", 0]'


def test_what_compiled_code_prints_is_there_with_the_answer(sees: Served) -> None:
    asked = sees.ask(what="compiled")
    asked.value()
    assert asked.printed == "of compiled code\n"


SETTINGS = {
    "a command line at import": "import argparse\nargparse.ArgumentParser().parse_args()\n",
    "errors of warnings": "import warnings\nwarnings.simplefilter('error')\n",
}


@pytest.mark.parametrize("what", SETTINGS)
def test_what_it_sets_while_it_is_loaded_breaks_nothing(what: str, tmp_path: Path) -> None:
    code = f"{SETTINGS[what]}\n\ndef predict(x: int) -> int:\n    return x + 1\n"
    with serving(code, tmp_path, "predict") as served:
        assert served.settled().reason == ""
        assert [served.value(x=x) for x in (1, 2)] == [2, 3]
        assert served.status().restarts_count == 0


LIMITS = """
import gc, json, socket

socket.setdefaulttimeout(60)


def predict() -> str:
    gc.unfreeze()  # What the worker has imported, and opened.
    sockets = [each for each in gc.get_objects() if type(each) is socket.socket]
    return json.dumps([each.gettimeout() for each in sockets])
"""


def test_its_time_limit_for_sockets_is_not_that_of_the_worker(tmp_path: Path) -> None:
    with serving(LIMITS, tmp_path, "predict") as served:
        assert served.value() == "[null, null]"


PARSES = """
import argparse

argparse.ArgumentParser().parse_args()


class Predictor:
    def setup(self) -> None:
        argparse.ArgumentParser().parse_args()

    def predict(self, x: int = 1) -> int:
        argparse.ArgumentParser().parse_args()
        return x
"""


@pytest.mark.parametrize("words", ["predict --x=3", "check"])
def test_so_it_is_for_commands(words: str, tmp_path: Path) -> None:
    (tmp_path / "predict.py").write_text(PARSES)
    command = str(Path(sys.executable).parent / "deepaas-cli")
    first, *rest = words.split()
    model = ["predict.py:Predictor"]
    given = [first, *model] if first == "check" else ["--model-name", *model, first, *rest]
    ended = subprocess.run([command, *given], cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "parse_args" not in ended.stdout
    if first == "predict":
        assert ended.stdout == "3\n"
