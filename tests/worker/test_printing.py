"""With several calls at a time, what each writes is its own, or of all; all of it is in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from .served import Asked, Served, serving

WRITES = """
    import asyncio, ctypes, logging, os, subprocess, sys, threading
    from concurrent.futures import ThreadPoolExecutor
    from cog import BaseRunner, concurrent

    logging.basicConfig(format="%(message)s", stream=sys.stdout, level=logging.INFO)
    kept_output, kept_errors = sys.stdout, sys.stderr
    own_threads = ThreadPoolExecutor(1)
    told = asyncio.Event()
    libc = ctypes.CDLL(None)


    async def in_the_executor(text):
        await asyncio.get_running_loop().run_in_executor(None, print, text)


    async def in_own_threads(text):
        await asyncio.get_running_loop().run_in_executor(own_threads, print, text)


    def in_threads(text):
        threads = [threading.Thread(target=print, args=(text,))]
        [each.start() for each in threads]
        [each.join() for each in threads]


    def unfinished(text):
        print(text[:3], end="")
        print(text[3:], end="")


    def without_waiting(text):
        'As a program does that shares the pipe.'
        os.set_blocking(1, False)
        print("y" * 200_000)
        print(text)
        os.set_blocking(1, True)


    def captured(text):
        'What compiled code writes is caught by putting a file in the place of the pipe.'
        saved = os.dup(1)
        with open("captured", "w+") as file:
            os.dup2(file.fileno(), 1)
            print(text.upper())
            os.dup2(saved, 1)
            os.close(saved)
            file.seek(0)
            assert file.read() == text.upper() + chr(10)
        print(text)


    def die(text):
        print(text)
        os._exit(3)


    WAYS = {one.__name__: one for one in (
        in_the_executor, in_own_threads, in_threads, unfinished,
        without_waiting, captured, die,
    )} | {
        "kept": lambda text: print(text, file=kept_output),
        "kept errors": lambda text: kept_errors.write(text + chr(10)),
        "logged": logging.info,
        "bytes": lambda text: (
            sys.stdout.buffer.write(text.encode() + b"\\n"), sys.stdout.buffer.flush()),
        "descriptor": lambda text: os.write(2, text.encode() + b"\\n"),
        "shell": lambda text: os.system(f"echo {text}"),
        "program": lambda text: subprocess.run(["echo", text], check=True),
        "compiled": lambda text: libc.puts(text.encode()),
        "progress": lambda text: print(text, end="\\r", flush=True),
    }


    class Predictor(BaseRunner):
        @concurrent(max=3)
        async def run(self, way: str, text: str = "") -> str:
            if way == "wait":
                print("waits", flush=True)
                await told.wait()
            elif way == "go on":
                told.set()
                await asyncio.sleep(0)
                told.clear()
            elif way == "many":
                for number in range(300):
                    print(text, number)
                    print(text, number, file=sys.stderr)
                    if not number % 10:
                        await asyncio.sleep(0)
            else:
                written = WAYS[way](text)
                if asyncio.iscoroutine(written):
                    await written
            return text
"""

OWN = [
    "kept",
    "kept errors",
    "logged",
    "in_the_executor",
    "unfinished",
    "without_waiting",
    "captured",
    "progress",
]
OF_ALL = ["in_own_threads", "in_threads", "bytes", "descriptor", "shell", "program", "compiled"]


@pytest.fixture(scope="module")
def writes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(WRITES, tmp_path_factory.mktemp("writes")) as served:
        yield served


@pytest.fixture
def waiting(writes: Served, caplog: pytest.LogCaptureFixture) -> Iterator[Asked]:
    """Another call, which goes on meanwhile."""
    caplog.set_level(logging.INFO, "deepaas.output")
    asked = writes.ask(way="wait")
    asked.wait_for("waits")
    yield asked
    writes.ask(way="go on")
    asked.reply.result(10)


def in_log(caplog: pytest.LogCaptureFixture, text: str) -> int:
    return sum(text in line for line in "\n".join(caplog.messages).splitlines())


@pytest.mark.parametrize("way", OWN)
def test_it_is_of_its_call(
    way: str, writes: Served, waiting: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    text = f"said {way}"
    asked = writes.ask(way=way, text=text)
    assert asked.value() == text
    assert asked.printed.count(text) == 1
    assert text not in waiting.printed
    assert in_log(caplog, text) == 1


@pytest.mark.parametrize("way", OF_ALL)
def test_it_is_of_all_that_run(
    way: str, writes: Served, waiting: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    text = f"said_{way}"
    asked = writes.ask(way=way, text=text)
    assert asked.value() == text
    assert asked.printed.count(text) == waiting.printed.count(text) == 1
    assert in_log(caplog, text) == 1


def test_lines_are_whole_and_in_order(writes: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "deepaas.output")
    names = ["a", "b", "ü"]
    for asked, name in [(writes.ask(way="many", text=name), name) for name in names]:
        assert asked.value() == name
        expected = [f"{name} {number}" for number in range(300) for _ in range(2)]
        assert asked.printed.splitlines() == expected
    assert all(in_log(caplog, f" {name} {number}") >= 2 for name in names for number in (0, 299))


def test_the_last_words_of_a_worker_are_heard(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "deepaas.output")
    with serving(WRITES, tmp_path) as served:
        asked = served.ask(way="die", text="farewell")
        assert asked.reply.exception(30) is not None
        assert asked.printed == "farewell\n"
        assert in_log(caplog, "farewell") == 1
