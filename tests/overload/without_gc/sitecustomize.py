"""Put on a host's PYTHONPATH: what only its garbage collector would close stays open."""

import gc
import sys


def _nothing(_generation: int = 2) -> int:
    return 0


if any(one.endswith("deepaas-run") for one in sys.orig_argv[:3]):
    gc.disable()
    gc.collect = _nothing
