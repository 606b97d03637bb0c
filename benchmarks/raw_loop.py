"""How often a model answers in a loop, without any server: `python -m benchmarks.raw_loop MODEL`.

Prints a line of JSON: items per second one by one, in sixteens and in thirty-twos.
"""

import json
import subprocess
import sys
import time

from benchmarks.models.real_models import MODELS
from benchmarks.real_calls import items

SIZES = (1, 16, 32)


def rates(model: str, seconds: float) -> dict[int, float]:
    """Items per second by size of the batch, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.raw_loop", model, str(seconds)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {int(size): rate for size, rate in json.loads(told).items()}


def _rate(model: str, size: int, seconds: float) -> float:
    loaded = MODELS[model]()
    batch = items(model, size)
    loaded.many(batch)
    began, count = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < seconds:
        loaded.many(batch)
        count += size
    return count / took


if __name__ == "__main__":
    print(json.dumps({size: _rate(sys.argv[1], size, float(sys.argv[2])) for size in SIZES}))
