"""TensorBoard for all runs: one process, started when somebody looks for the first time.

It reads the folders of the runs through the symlinks in ``logdir``, and finds new ones by itself
within ``RELOAD_SECONDS``. It listens on a port of its own, where it answers to whatever name and
web page: so its paths begin with a word that only the host knows.
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
        """`mark`: for the warden, unique among the marks of this host, with a colon at its end."""

        def command() -> Sequence[str]:
            return [
                *module_command("tensorboard.main"),
                # As seen from its folder: TensorBoard tells everyone what stands here.
                f"--logdir={logdir.name}",
                "--host=127.0.0.1",
                "--port=0",
                f"--path_prefix=/{secrets.token_hex(16)}{path_prefix}",
                f"--reload_interval={RELOAD_SECONDS}",
                # A run may write several files into one folder, and go on with any of them.
                "--reload_multifile=true",
                # The fast loader is a program of its own for few platforms, without multifile.
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
