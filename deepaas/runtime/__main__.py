"""The start of a worker process: load the model, describe it, warm it, serve it."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Sequence
from pathlib import Path

from deepaas.messages import Ready
from deepaas.plugins import MODEL_LOADERS
from deepaas.runtime import interpreter, kinds, lifeline, training
from deepaas.runtime.batching.plan import plan
from deepaas.runtime.contract import LoadedModel
from deepaas.runtime.interrupt import Interrupter
from deepaas.runtime.loop import Control, serve
from deepaas.runtime.printing import Printing


def main(argv: Sequence[str] | None = None) -> None:
    options = _parse(argv)
    lifeline.tie(options.lifeline)
    interpreter.keep_from_children(options.calls, options.control, options.lifeline)
    interpreter.hold_signals()
    interpreter.hide_command()
    printing = Printing()
    printing.install()
    if options.training or options.checking:
        training.step_back()
    interrupter = Interrupter()
    # Before the model's code, which may set a default timeout for sockets.
    calls = socket.socket(fileno=options.calls)
    control = Control(socket.socket(fileno=options.control), interrupter, options.spool)
    control.start()
    interpreter.leave_out_of_collections()
    try:
        author = kinds.load(options.kind, options.source)
        model = LoadedModel(options.name, author, options.spool)
        batching = None if options.training or options.checking else plan(model, options.batch)
        control.loaded(model, batching)
        if options.warm and not options.checking:
            model.warm()
        if options.training:
            training.watch_declared(model)
    except BaseException as error:
        # An author's sys.exit() at import is as good a reason as any exception.
        control.broken(error, options.source)
        raise SystemExit(1) from None
    if model.asynchronous and not (options.training or options.checking):
        from deepaas.runtime.concurrent import Concurrent  # It imports asyncio.

        several = model.traits.concurrency > 1
        concurrent = Concurrent(model, calls, printing if several else None)
        control.cancel = concurrent.cancel
        control.send(Ready(printing.mark if several else b""))
        concurrent.serve()
    elif batching is not None:
        from deepaas.runtime.batching.loop import Batches

        assert model.way is not None
        batches = Batches(model, model.way, batching, calls, interrupter)
        control.cancel, control.recall = batches.cancel, batches.recall
        control.send(Ready())
        with calls:
            batches.answer_all()
    else:
        control.send(Ready())
        with calls:
            serve(model, calls, interrupter)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deepaas.runtime", description=__doc__)
    parser.add_argument("--calls", type=int, required=True, help="descriptor of a socket")
    parser.add_argument("--control", type=int, required=True, help="descriptor of a socket")
    parser.add_argument("--lifeline", type=int, required=True, help="read end of a pipe")
    parser.add_argument("--kind", required=True, help=f"entry point of the group {MODEL_LOADERS}")
    parser.add_argument("--name", required=True, help="name of the model")
    parser.add_argument("--source", required=True, help="source of the model, for its kind")
    parser.add_argument("--spool", type=Path, required=True, help="folder for large results")
    parser.add_argument("--batch", default="", help="batches, as JSON; the author's by default")
    parser.add_argument("--warm", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument(
        "--training", action="store_true", help="run a training instead of predictions"
    )
    parser.add_argument(
        "--checking", action="store_true", help="only validate arguments of training runs"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
