"""Puts the help of `deepaas-cli`, and what it shows on a terminal, into the documentation.

    python -m scripts.paste_cli            # help, and pictures of a terminal (needs tmux)
    python -m scripts.paste_cli --help-only

In the page a comment says what stands in the block below it:

    <!-- generated: deepaas-cli predict --help -->
    <!-- captured: training -->
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/how-to/command-line.md"
PROGRAMS = Path(sys.executable).parent
COLUMNS, ROWS = 80, 40
SECONDS = 120.0

_BLOCK = re.compile(r"(<!-- (generated|captured): (.+?) -->\n```text\n)(.*?)(```\n)", re.DOTALL)


def main() -> None:
    """Write the page anew."""
    parser = argparse.ArgumentParser(description="Paste help and terminals into the page.")
    parser.add_argument("--help-only", action="store_true")
    options = parser.parse_args()

    def fresh(found: re.Match[str]) -> str:
        begin, kind, what, body, end = found.groups()
        if kind == "generated":
            body = help_of(what)
        elif not options.help_only:
            body = CAPTURES[what]()
        return f"{begin}{body.rstrip()}\n{end}"

    PAGE.write_text(_BLOCK.sub(fresh, PAGE.read_text()))


def pasted() -> dict[str, str]:
    """The help that stands in the page, by command."""
    found = _BLOCK.findall(PAGE.read_text())
    return {what: body for _, kind, what, body, _ in found if kind == "generated"}


def help_of(command: str) -> str:
    """What a command says, on a terminal of 80 columns."""
    program, *words = command.split()
    ended = subprocess.run(
        [PROGRAMS / program, *words],
        env=_environment() | {"COLUMNS": str(COLUMNS)},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return ended.stdout


class Terminal:
    """A shell on a terminal of tmux.

    Args:
        folder: where it stands.
    """

    def __init__(self, folder: Path) -> None:
        self._name = f"deepaas-docs-{os.getpid()}"
        size = ("-x", str(COLUMNS), "-y", str(ROWS))
        self._tmux("-f", "/dev/null", "new-session", "-d", "-s", "docs", *size, "bash --norc")
        self.type(f"cd {folder}; PS1='$ '; clear")
        self.wait_for(r"\A\$ *\Z")

    def type(self, line: str) -> None:
        """Type a line."""
        self._tmux("send-keys", "-t", "docs", line, "Enter")

    def key(self, name: str) -> None:
        """Press a key."""
        self._tmux("send-keys", "-t", "docs", name)

    def wait_for(self, pattern: str) -> str:
        """Wait until something is on the screen; the whole of it."""
        end = time.monotonic() + SECONDS
        while not re.search(pattern, screen := self._screen()):
            if time.monotonic() > end:
                raise SystemExit(f"{pattern!r} does not come:\n{screen}")
            time.sleep(0.1)
        return screen

    def close(self) -> None:
        """End it."""
        self._tmux("kill-server")

    def _screen(self) -> str:
        lines = self._tmux("capture-pane", "-p", "-t", "docs").rstrip().split("\n")
        return "\n".join(line.rstrip() for line in lines)

    def _tmux(self, *words: str) -> str:
        return subprocess.run(
            ["tmux", "-u", "-L", self._name, *words],
            env=_environment(),
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        ).stdout


@contextmanager
def _terminal() -> Iterator[Terminal]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "seven.png").write_bytes((ROOT / "docs/images/seven.png").read_bytes())
        terminal = Terminal(Path(folder))
        try:
            yield terminal
        finally:
            terminal.close()


@contextmanager
def _host() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [
                PROGRAMS / "deepaas-run",
                "--listen-ip",
                "127.0.0.1",
                "--listen-port",
                port,
                "--no-ui",
            ],
            env=_environment() | {"XDG_STATE_HOME": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DEEPAAS_", "NO_COLOR", "TMUX", "PYTHONPATH"))
    }
    return kept | {
        "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
        "DEEPAAS_V2_MODEL": "demo_app",
        "LC_ALL": "C.UTF-8",
    }


def _prediction() -> str:
    with _terminal() as terminal:
        terminal.type("deepaas-cli predict --image seven.png --top 2")
        # Without the result, which is long.
        return terminal.wait_for(r"predicting demo_app\n").partition("\n{")[0]


def _training() -> str:
    with _terminal() as terminal:
        terminal.type("deepaas-cli train --epochs 10")
        screen = terminal.wait_for(r"training demo_app: [3-9]/10 ")
        terminal.key("C-c")
        terminal.wait_for(r'"status": "cancelled"')
        return screen


def _follow() -> str:
    with _host() as url, _terminal() as terminal:
        start = f"deepaas-cli --url {url} --detach train --epochs"
        terminal.type(f"until {start} 12; do sleep 1; done; {start} 30; clear")
        terminal.wait_for(r"\A\$ *\Z")
        terminal.type(f"deepaas-cli --url {url} runs follow")
        screen = terminal.wait_for(r"running .* [4-9]/12 ")
        terminal.key("C-c")
        return screen.replace(url, "http://127.0.0.1:5000")


CAPTURES: dict[str, Callable[[], str]] = {
    "prediction": _prediction,
    "training": _training,
    "follow": _follow,
}


if __name__ == "__main__":
    main()
