"""The trace of a run: it begins with its request, and ends with the run, perhaps on another host.

A file in the run's folder has it meanwhile. Whoever records the end of the run sends its spans:
``training``, and below that ``queue``, ``load`` and ``run``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from deepaas.request_context import CURRENT
from deepaas.trace_context import TRACEPARENT, TRACESTATE, TraceParent, trace_parent, trace_state
from deepaas.training.runs import State, TrainingRun

if TYPE_CHECKING:
    from deepaas.tracing.spans import SpanSender
    from deepaas.training.state_directory import StateDirectory

SECOND_NS = 1e9


class RunTrace(msgspec.Struct, frozen=True):
    """What is kept of it.

    Attributes:
        me: ``traceparent`` of the span of the run, or of the request if it is not sampled.
        parent: of the request; empty if it is not sampled, so that no spans are sent.
        state: ``tracestate``.
    """

    me: str
    parent: str = ""
    state: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """For the instrumentation of the author. The author's code can write to the file."""
        if trace_parent([self.me]) is None:
            return {}
        state = trace_state([self.state])
        return {str(TRACEPARENT): self.me, **({str(TRACESTATE): state} if state else {})}

    def spans(self) -> tuple[TraceParent, TraceParent] | None:
        """Those of the run and of its request; None if they are not recorded."""
        me, parent = trace_parent([self.me]), trace_parent([self.parent])
        return (me, parent) if me is not None and parent is not None else None


def begin() -> RunTrace | None:
    """The trace of a run that the current request begins; None without one."""
    context = CURRENT.get()
    if context is None or not context.trace_headers:
        return None
    headers = context.trace_headers
    state = headers.get(TRACESTATE, "")
    if context.trace is None:
        return RunTrace(headers[TRACEPARENT], state=state)
    from deepaas.tracing.spans import new_span_id

    parent = context.trace.me
    return RunTrace(str(parent._replace(span_id=new_span_id())), str(parent), state)


class RunSpans:
    """Sends the spans of runs that have ended. Without a sender, it does nothing."""

    def __init__(self, sender: SpanSender | None, directory: StateDirectory) -> None:
        self._sender = sender
        self._directory = directory

    def tell(self, run: TrainingRun, state: State, ended: float, ready: float = 0.0) -> None:
        """Reads a file, so call it in a thread.

        Args:
            ended: seconds since the epoch.
            ready: when its process was ready to train; 0 if it was not, or is not known.
        """
        if self._sender is None:
            return
        trace = self._directory.folder(run.uuid).load_trace()
        spans = None if trace is None else trace.spans()
        if trace is None or spans is None:
            return
        from deepaas.tracing.spans import Span, new_span_id

        me, parent = spans
        attributes = {"deepaas.model": run.model, "deepaas.training": run.uuid}
        error = "" if state is State.DONE else state.value
        parts = _parts(run, ended, ready)
        for position, (name, began) in enumerate(parts):
            is_last = position == len(parts) - 1
            until = ended if is_last else parts[position + 1][1]
            child = me._replace(span_id=new_span_id())
            self._sender.send(
                Span(
                    name,
                    me,
                    child,
                    trace.state,
                    *_nanoseconds(began, until),
                    attributes,
                    error if is_last else "",
                )
            )
        whole = {**attributes, "deepaas.state": state.value}
        moments = _nanoseconds(run.created, ended)
        self._sender.send(Span("training", parent, me, trace.state, *moments, whole, error))


def _parts(run: TrainingRun, ended: float, ready: float) -> list[tuple[str, float]]:
    """Names and begins."""
    if run.started is None:
        return [("queue", run.created)]
    if ready:
        parts = [("queue", run.created), ("load", run.started), ("run", ready)]
    else:
        parts = [("queue", run.created), ("run", run.started)]
    return [(name, min(began, ended)) for name, began in parts]


def _nanoseconds(began: float, ended: float) -> tuple[int, int]:
    return int(began * SECOND_NS), int(max(began, ended) * SECOND_NS)
