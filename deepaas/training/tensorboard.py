"""TensorBoard for all runs: one process, started by the first request.

It reads the folders of the runs through the symlinks in ``logdir``, and finds new ones within
``RELOAD_SECONDS``. It listens on its own port, without checking host names and origins: so its
paths start with a secret that only the host has.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from deepaas.programs import module_command
from deepaas.workers.companion import Companion, Program

RELOAD_SECONDS = 5

_ADDRESS = re.compile(rb"TensorBoard \S+ at (http://127\.0\.0\.1:\d+/[0-9a-f]+)")


class TensorBoard(Companion):
    def __init__(self, logdir: Path, tmp: Path, path_prefix: str, mark: str) -> None:
        """`mark`: for the warden, unique in this host, ending with a colon."""

        def command() -> Sequence[str]:
            return [
                *module_command("tensorboard.main"),
                # Relative to its folder, because TensorBoard shows it to everyone.
                f"--logdir={logdir.name}",
                "--host=127.0.0.1",
                "--port=0",
                f"--path_prefix=/{secrets.token_hex(16)}{path_prefix}",
                f"--reload_interval={RELOAD_SECONDS}",
                # A run may write several files in one folder, and continue any of them.
                "--reload_multifile=true",
                # The fast loader is only available on some platforms, and without multifile.
                "--load_fast=false",
            ]

        program = Program(
            "TensorBoard",
            "tensorboard",
            "tensorboard",
            command,
            _ADDRESS,
            folder=logdir.absolute().parent,
        )
        super().__init__(program, tmp, mark)
