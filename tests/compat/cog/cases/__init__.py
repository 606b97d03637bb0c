"""What is asked of both, one module for each file of predictors."""

from __future__ import annotations

from . import (
    asynchronous,
    failing,
    given_files,
    returned,
    set_up,
    streamed,
    told,
    typed_inputs,
)
from .case import Case

GROUPS: dict[str, list[Case]] = {
    "typed_inputs": typed_inputs.CASES,
    "given_files": given_files.CASES,
    "returned": returned.CASES,
    "streamed": streamed.CASES,
    "asynchronous": asynchronous.CASES,
    "failing": failing.CASES,
    "set_up": set_up.CASES,
    "told": told.CASES,
}
