"""Somebody who reads a page and pastes its blocks, one after the other, into one shell.

The shell and a Python that stays open stand in a folder that looks like a checkout after
``make run``: ``.venv`` is there and active, and so are ``docs`` and ``demo_app``. Both read the
names of files to run and answer with a line when they have run one.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shlex
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from support.host import free_port

from .page import ROOT, Block
from .pasted import Reader, end

SECONDS = 300.0
"""So long a block may take."""

LINKED = ("README.md", "benchmarks", "demo_app", "docs", "etc", "template")
PORTS = ("5000", "5001", "5002", "7860", "8080", "8443")
"""Ports on the pages; each stands for a free one here."""

_PORT = re.compile(rf"((?:127\.0\.0\.1|localhost|0\.0\.0\.0):|-port[ =])({'|'.join(PORTS)})\b")
_DEFAULT_CLIENT = re.compile(r"\b((?:Async)?Client)\(\)")
_FOREGROUND = re.compile(
    r"^(?:\w+=\S+ )*(?:deepaas-run|deepaas-ui)\b"
    r"(?!.*(?:&|--help|--version|--check-config.*)$)"
)

_PYTHON = """
import os, sys
sys.stdout.reconfigure(line_buffering=True)
answers = os.fdopen(int(sys.argv[1]), "w", buffering=1)
names = {"__name__": "__main__"}
for line in sys.stdin:
    folder, file = line.rstrip("\\n").split("\\t")
    os.chdir(folder)
    exec(compile(open(file).read(), file, "exec"), names)
    answers.write("0\\n")
"""


class Failed(AssertionError):
    """A block did not do what its page says."""


class Terminal:
    """A program that runs files, and answers with a line after each.

    Args:
        command: the program; where to answer is its last argument.
        reader: in whose folder it runs.
        output: where what it prints goes.
    """

    def __init__(self, command: list[str], reader: Reader, output: Path) -> None:
        self._answers, theirs = os.pipe()
        with output.open("ab") as out:
            self._process = subprocess.Popen(
                [*command, str(theirs)],
                cwd=reader.folder,
                env=reader.environment(),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs],
                start_new_session=True,
                text=True,
                bufsize=1,
            )
        os.close(theirs)
        self._partial = ""

    def run(self, line: str, seconds: float = SECONDS) -> str | None:
        """Send a line; what is answered, or None if the program has ended instead."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n")
        until = time.monotonic() + seconds
        while "\n" not in self._partial:
            readable, _, _ = select.select([self._answers], [], [], 0.1)
            answered = os.read(self._answers, 4096) if readable else b""
            self._partial += answered.decode()
            # Ended: there is nothing more to read, or what it has left behind could still write.
            if not answered and (readable or self._process.poll() is not None):
                return None
            if time.monotonic() > until:
                raise Failed(f"it takes longer than {seconds:g} s")
        answer, _, self._partial = self._partial.partition("\n")
        return answer

    def close(self) -> None:
        """End it with all that it has started."""
        end(self._process)
        os.close(self._answers)


class Session:
    """One reader with one page.

    Args:
        folder: the checkout, as it looks to them.
        instead: what is to be pasted instead of pieces of the page: its example addresses.
        light, pip: as for the `Reader`.
    """

    def __init__(
        self,
        folder: Path,
        instead: dict[str, str] | None = None,
        *,
        light: bool = False,
        pip: bool = False,
    ) -> None:
        self.reader = Reader(folder, light=light, pip=pip)
        self._instead = instead or {}
        self._free = {port: str(free_port()) for port in PORTS} | {"5000": str(self.reader.port)}
        self._output = folder / "terminal"
        self._output.touch()
        self._count = 0
        self._status = "0"
        for name in LINKED:
            if (ROOT / name).exists():
                (folder / name).symlink_to(ROOT / name)
        self._shell = Terminal(["bash", "-s", "--"], self.reader, self._output)
        self._python: Terminal | None = None
        self._shell.run('ANSWERS=$1; . .venv/bin/activate; set -e; echo >&"$ANSWERS"')

    def close(self) -> None:
        """End all that the reader has started."""
        for terminal in (self._shell, self._python):
            if terminal is not None:
                terminal.close()

    def shell(self, body: str) -> str:
        """Paste a block for a shell; the first command that fails ends it.

        Returns:
            what was printed meanwhile.
        """
        lines = self.as_here(body).rstrip("\n").split("\n")
        if _FOREGROUND.match(lines[-1]) and not (len(lines) > 1 and lines[-2].endswith("\\")):
            return self._foreground("\n".join(lines))
        return self._run_shell("\n".join(lines), fails=False)

    def console(self, body: str) -> list[tuple[str, str, str]]:
        """Type the commands of a block with prompts.

        Returns:
            each command, what the page shows below it, and what was printed.
        """
        seen = []
        commands = transcript(body)
        for number, (command, shown) in enumerate(commands):
            here = self.as_here(command)
            if here == "echo $?":
                here = f"echo {self._status}"
            if _FOREGROUND.match(here):
                said = self._foreground(here, shown)
            else:
                asks = [following for following, _ in commands[number + 1 : number + 2]]
                said = self._run_shell(here, fails=asks == ["echo $?"])
            seen.append((command, shown, said))
        return seen

    def python(self, body: str) -> str:
        """Paste a block into a Python that stays open from block to block."""
        if self._python is None:
            command = [str(self.reader.folder / ".venv/bin/python"), "-c", _PYTHON]
            self._python = Terminal(command, self.reader, self._output)
        file, start = self._file(body, "py"), self._length()
        where = self._shell.run('pwd >&"$ANSWERS"')
        answer = self._python.run(f"{where}\t{file}")
        said = self._said(start)
        if answer is None:
            raise Failed(f"{body}\n--- ended with\n{said}")
        return said

    def save(self, block: Block) -> None:
        """Make a file of a block, where the shell stands."""
        where = Path(self._shell.run('pwd >&"$ANSWERS"') or "")
        # Files of the system are never written: /etc/deepaas would be every host's.
        path = where / block.file.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.as_here(block.body))

    def as_here(self, text: str) -> str:
        """A text of the page with the ports and addresses of this test."""
        for page, here in self._instead.items():
            text = text.replace(page, here)
        text = _PORT.sub(lambda match: match[1] + self._free[match[2]], text)
        return _DEFAULT_CLIENT.sub(rf'\1("http://127.0.0.1:{self.reader.port}")', text)

    def as_on_page(self, text: str) -> str:
        """What was printed, with the ports and addresses of the page."""
        for page, here in self._instead.items():
            text = text.replace(here, page)
        for port, here in self._free.items():
            text = re.sub(rf"\b{here}\b", port, text)
        return text

    def _run_shell(self, code: str, *, fails: bool) -> str:
        file, start = self._file(code, "sh"), self._length()
        tell = "-" if fails else """'echo "$BASH_COMMAND: exit status $?"'"""
        answer = self._shell.run(
            f"trap {tell} ERR; set {'+' if fails else '-'}e; "
            f". {shlex.quote(str(file))} </dev/null; STATUS=$?; "
            'set -e; echo "$STATUS" >&"$ANSWERS"'
        )
        said = self._said(start)
        if answer is None or (answer != "0" and not fails):
            raise Failed(f"{code}\n--- failed after\n{said}")
        self._status = answer
        return said

    def _foreground(self, code: str, shown: str = "") -> str:
        """Run a host as in a terminal of its own; the one before, if any, has been stopped."""
        stop = '[ -z "$HOST" ] || { kill "$HOST" || true; wait "$HOST" || true; }; '
        self._shell.run(f'{stop}HOST=; echo >&"$ANSWERS"')
        start = self._length()
        self._run_shell(f"{code} &\nHOST=$!", fails=False)
        port = re.search(r"-port[ =](\d+)", code)
        self._wait_until(
            lambda: (
                listens(int(port[1]) if port else self.reader.port)
                and is_in(shown, self._said(start))
            ),
            start,
        )
        return self._said(start)

    def _wait_until(self, happens: Callable[[], bool], start: int) -> None:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            if happens():
                return
            alive = self._shell.run('kill -0 "$HOST" && S=0 || S=1; echo $S >&"$ANSWERS"')
            if alive != "0":
                break
            select.select([], [], [], 0.05)
        raise Failed(f"the host did not come up as the page says:\n{self._said(start)}")

    def _file(self, code: str, suffix: str) -> Path:
        self._count += 1
        file = self.reader.folder / f".pasted-{self._count}.{suffix}"
        file.write_text(self.as_here(code) if suffix == "py" else f"{code}\n")
        return file

    def _length(self) -> int:
        return self._output.stat().st_size

    def _said(self, start: int) -> str:
        with self._output.open("rb") as file:
            file.seek(start)
            return self.as_on_page(file.read().decode(errors="replace"))


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def transcript(body: str) -> list[tuple[str, str]]:
    """The commands of a block with prompts, each with what is shown below it."""
    found: list[tuple[str, str]] = []
    for line in body.splitlines():
        goes_on = bool(found) and (found[-1][0].endswith("\\\n") or line.startswith("> "))
        if line.startswith("$ "):
            found.append((f"{line[2:]}\n", ""))
        elif goes_on and not found[-1][1]:
            found[-1] = (found[-1][0] + line.removeprefix("> ") + "\n", "")
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
    return [(command.rstrip("\n"), shown) for command, shown in found]


def is_in(shown: str, said: str) -> bool:
    """Whether what a page shows was printed: `…` stands for anything, blanks count as one."""
    parts = (r"\s+".join(map(re.escape, part.split())) for part in shown.strip().split("…"))
    return re.search(r"\s*.*?\s*".join(parts), said, re.DOTALL) is not None
