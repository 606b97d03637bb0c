"""Set-ups that speak, take their time, fail, leave; and health checks."""

import asyncio
import os
import sys
import time
from typing import Optional

from cog import BaseRunner


class SpeaksInSetup(BaseRunner):
    def setup(self) -> None:
        print("loading weights")
        print("a warning", file=sys.stderr)
        self.word = "loaded"

    def run(self) -> str:
        print("predicting")
        return self.word


class SlowSetup(BaseRunner):
    def setup(self) -> None:
        print("this takes a while")
        sys.stdout.flush()
        time.sleep(2)

    def run(self) -> str:
        return "ready"


class FailingSetup(BaseRunner):
    def setup(self) -> None:
        print("trying")
        raise RuntimeError("no weights")

    def run(self) -> str:
        return "never"


class LeavesInSetup(BaseRunner):
    def setup(self) -> None:
        sys.exit(4)

    def run(self) -> str:
        return "never"


class TakesWeights(BaseRunner):
    def setup(self, weights: Optional[str] = None) -> None:
        self.weights = weights

    def run(self) -> str:
        return repr(self.weights)


class Healthy(BaseRunner):
    def healthcheck(self) -> bool:
        return True

    def run(self) -> str:
        return "well"


class Unhealthy(BaseRunner):
    def healthcheck(self) -> bool:
        return False

    def run(self) -> str:
        return "all the same"


class HealthRaises(BaseRunner):
    def healthcheck(self) -> bool:
        raise ValueError("cannot tell")

    def run(self) -> str:
        return "all the same"


class HealthyLater(BaseRunner):
    async def healthcheck(self) -> bool:
        await asyncio.sleep(0)
        return os.environ is None

    async def run(self) -> str:
        return "all the same"
