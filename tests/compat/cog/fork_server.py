"""The process that `forks.py` starts: each request makes of a copy of it a `deepaas-cli`.

Its arguments, descriptors, working directory and end are as if a shell had started it.
"""

import gc
import json
import os
import socket
import sys

import cog  # noqa: F401

import deepaas.cli.local
import deepaas.cli.main
import deepaas.kinds.cog.worker.from_path  # noqa: F401
from deepaas.cmd.cli import main
from deepaas.model.kinds import load_kinds


def serve(wire: socket.socket) -> None:
    """Take requests (the words of a command), answer with its process and its exit code."""
    while True:
        request, descriptors, _, _ = socket.recv_fds(wire, 65536, 2)
        if not request:
            return
        process = os.fork()
        if process == 0:
            wire.close()
            for number, descriptor in enumerate(descriptors, 1):
                os.dup2(descriptor, number)
                os.close(descriptor)
            # As Python makes them for what they are now.
            sys.stdout = os.fdopen(1, "w", closefd=False)
            sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
            sys.argv = ["deepaas-cli", *json.loads(request)]
            main()
        for descriptor in descriptors:
            os.close(descriptor)
        wire.sendall(b"%d\n" % process)
        _, status = os.waitpid(process, 0)
        wire.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    load_kinds()  # Which there are is read once, and known to the copies.
    gc.freeze()  # The copies need not look at what is there already.
    serve(socket.socket(fileno=int(sys.argv[1])))
