"""Runs a batch: an answer for each of its calls, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from deepaas.messages import Failure, News, Predict, Reply
from deepaas.runtime.batching.ways import Way, WrongAnswer
from deepaas.runtime.encoding import Encoding
from deepaas.runtime.failures import failure, one_line
from deepaas.runtime.loop import advised

if TYPE_CHECKING:
    from deepaas.runtime.contract import LoadedModel

WRONG = "the model did not return one result for each call of a batch: see the host's log"


class BatchRaised(Exception):
    """The author's code has raised an exception, the cause, for a batch as a whole."""


def run_batch(
    model: LoadedModel,
    way: Way,
    calls: Sequence[tuple[Predict, dict[str, Any]]],
    post: Callable[[News], None],
    computed: Callable[[], None],
) -> list[Reply]:
    """The answers of several calls, with their arguments. ``BatchRaised`` if the author's code
    raises an exception, ``Traits.cancelled`` if it is interrupted.

    ``computed`` is called when the author's code has returned, or has raised, before results are
    encoded.
    """
    requests = [call for call, _ in calls]
    encodings = [model.encoding(call, arguments) for call, arguments in calls]
    with model.traits.around(model.scope(requests, post)):
        try:
            # Copies, because what is run again must not have been changed.
            results = way.run([dict(arguments) for _, arguments in calls])
        except model.interruptions:
            raise
        except WrongAnswer as error:
            told = one_line(str(error))
            return [Failure(call.id, "model_failed", WRONG, traceback=told) for call in requests]
        except BaseException as error:
            raise BatchRaised from error
        finally:
            computed()
        return [
            _reply(model, call, encoding, result)
            for call, encoding, result in zip(requests, encodings, results, strict=True)
        ]


def _reply(model: LoadedModel, call: Predict, encoding: Encoding, result: Any) -> Reply:
    try:
        if isinstance(result, BaseException):
            raise result
        return encoding.whole(result)
    except model.interruptions:
        raise
    except BaseException as error:
        return advised(failure(call.id, error), error)
