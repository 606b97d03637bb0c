"""Yields parts: small or large, at once or each when a file says so."""

import os
import pathlib
import time
from collections.abc import Iterator

HOME = pathlib.Path(os.environ["DEEPAAS_TEST_DIR"])


class Predictor:
    def predict(
        self, name: str, count: int = 3, size: int = 1, gated: bool = False
    ) -> Iterator[str]:
        try:
            for number in range(count):
                while gated and not (HOME / f"{name}-{number}").exists():
                    time.sleep(0.01)
                if gated:
                    (HOME / f"{name}-produced").write_text(str(number))
                yield str(number % 10) * size
        except BaseException as error:
            (HOME / f"stopped-{name}").write_text(type(error).__name__)
            raise
