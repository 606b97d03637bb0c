"""The try-me page: a process with Gradio, started by the first visitor.

It is an ordinary client of this host's HTTP API, on a Unix socket of its own.
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
"""The kernel's limit for the path of a Unix socket, in bytes."""


class TryMe(Companion):
    """`api_url` is the URL of the host; with `api_socket` it is reached there.

    `host_socket` is where the host can listen for it.
    """

    def __init__(
        self, folder: Path, base_path: str, path: str, client_max_size: int, mark: str
    ) -> None:
        """`client_max_size` is in bytes, 0 for no limit; creates the folder."""
        self.api_url = f"http://localhost{base_path}"
        self.api_socket: Path | None = None
        self._base_path = base_path
        self._path = path
        self._client_max_size = client_max_size
        folder.mkdir()
        self.socket = _socket_in(folder, "socket")
        self.host_socket = _socket_in(folder, "host")
        program = Program("The try-me page", "gradio", "ui", self._command, _LISTENS)
        super().__init__(program, folder, mark)

    def _command(self) -> Sequence[str]:
        self.socket.unlink(missing_ok=True)  # Left by a killed process.
        return [
            *module_command("deepaas.cmd.ui"),
            f"--api-url={self.api_url}",
            *([f"--api-socket={self.api_socket}"] if self.api_socket else []),
            f"--unix-socket={self.socket}",
            f"--public-url={self._base_path}",
            f"--root-path={self._base_path}{self._path}",
            f"--max-file-size={self._client_max_size}",
        ]


def _socket_in(folder: Path, name: str) -> Path:
    path = folder / name
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    # A short path to the same folder while this process is running.
    open_folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    return Path(f"/proc/{os.getpid()}/fd/{open_folder}/{name}")
