"""The second kind of model: a predictor that declares its inputs and its output by types.

Predictors are written for Cog (https://cog.run), which is not needed here: a function or a class
with plain Python types, ``pydantic.Field`` or ``Annotated`` will do.
"""

from __future__ import annotations

NAME = "cog"

PROJECT_FILE = "cog.yaml"
"""What makes a folder one of a typed predictor."""
