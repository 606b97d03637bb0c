"""The second kind of model: a predictor that declares its inputs and its output by types.

Predictors are written for Cog (https://cog.run), which is not needed here: a function or a class
with plain Python types, ``pydantic.Field`` or ``Annotated`` will do.
"""

from __future__ import annotations

from pathlib import Path

NAME = "cog"

PROJECT_FILE = "cog.yaml"
"""What makes a folder one of a typed predictor."""

METHODS = ("run", "predict")

USUAL_NAMES = ("Runner", "Predictor", *METHODS)
"""What is looked for in a file of which no name is given."""

CONTRACT = ("get_metadata", "get_predict_args", "get_train_args", "warm", "schema")
"""What tells a model of DEEPaaS's contract."""


def split(source: str) -> tuple[Path, str]:
    """Path of a predictor, and its name in that file, which may be empty."""
    path, colon, name = source.rpartition(":")
    if not colon or not path.endswith(".py"):
        path, name = source, ""
    return Path(path).expanduser().absolute(), name
