"""Typed predictors: the second kind of model, with inputs and output declared by type hints.

Cog (https://cog.run) has the same format, but is not required: a function or class with plain
Python types, ``pydantic.Field`` or ``Annotated`` is enough.
"""

from __future__ import annotations

NAME = "cog"

PROJECT_FILE = "cog.yaml"
"""A folder with this file contains a typed predictor."""
