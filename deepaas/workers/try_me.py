"""The try-me page: one process with Gradio, started when somebody looks for the first time.

It is a client of this host's HTTP API like any other, over the port that everybody uses.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from deepaas.programs import module_command
from deepaas.workers.companion import Companion, Program

_LISTENS = re.compile(rb"deepaas-ui listens at (\S+)")
_LONGEST_SOCKET_PATH = 107
"""The kernel has this many bytes for the path of a Unix socket."""


class TryMe(Companion):
    """`api_url` is to be set before the first visit: it is not known earlier."""

    def __init__(
        self, folder: Path, base_path: str, path: str, client_max_size: int, mark: str
    ) -> None:
        """`client_max_size` in bytes, 0 for no limit; the folder is made here."""
        self.api_url = ""
        self._base_path = base_path
        self._path = path
        self._client_max_size = client_max_size
        folder.mkdir()
        self.socket = _socket_in(folder)
        program = Program("The try-me page", "gradio", "ui", self._command, _LISTENS)
        super().__init__(program, folder, mark)

    def _command(self) -> Sequence[str]:
        self.socket.unlink(missing_ok=True)  # Of one that was killed.
        return [
            *module_command("deepaas.cmd.ui"),
            f"--api-url={self.api_url}",
            f"--unix-socket={self.socket}",
            f"--public-url={self._base_path}",
            f"--root-path={self._base_path}{self._path}",
            f"--max-file-size={self._client_max_size}",
        ]


def _socket_in(folder: Path) -> Path:
    path = folder / "socket"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    # A short way to the same place, for as long as this process lives.
    open_folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    return Path(f"/proc/{os.getpid()}/fd/{open_folder}/socket")
