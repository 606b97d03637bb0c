"""One call at a time; what it does with it is told by ``how``."""

import os
import pathlib
import sys
import time
from typing import Literal

from pydantic import Field

HOME = pathlib.Path(os.environ["DEEPAAS_TEST_DIR"])


class Predictor:
    """Does as it is told."""

    def setup(self) -> None:
        print("getting ready")

    def predict(
        self,
        text: str,
        how: Literal["echo", "print", "raise", "wait", "exit", "none", "odd"] = "echo",
        times: int = Field(default=1, ge=0, le=20_000_000, description="How often"),
    ) -> str:
        with (HOME / "journal").open("a") as journal:
            journal.write(f"begins {text}\n")
        if how == "print":
            print(f"printed {text}")
        elif how == "raise":
            print("before the fall")
            raise ValueError(f"not {text}")
        elif how == "exit":
            os._exit(3)
        elif how == "wait":
            try:
                while not (HOME / text).exists():
                    time.sleep(0.01)
            except BaseException as error:
                (HOME / f"stopped-{text}").write_text(type(error).__name__)
                raise
        elif how == "none":
            print("on the side", file=sys.stderr)
        return times if how == "odd" else text * times  # type: ignore[return-value]
