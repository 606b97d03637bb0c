"""What `deepaas-cli check` says of linear models only."""

from pathlib import Path
from typing import Any

from deepaas.check import kinds
from deepaas.check.codes import warning
from deepaas.check.places import line_of
from deepaas.check.session import Session

CONSTANT = warning("linear-constant", "calls", "a linear model gives the same answer to everything")


def check(session: Session) -> Any:
    model = kinds.load(session)
    if model is not None and model.a == 0:
        place = line_of(Path(session.target.value), "a", "=")
        problem = f"a is 0: the answer is {model.b} whatever x is"
        session.add(CONSTANT, place, problem, "correct a")
    return model


KIND = kinds.ModelCheck(check=check, codes=[CONSTANT])
