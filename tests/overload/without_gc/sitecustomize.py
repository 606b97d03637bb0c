"""Put on a host's PYTHONPATH: what only its garbage collector would close stays open."""

import gc
import sys

if any(one.endswith("deepaas-run") for one in sys.orig_argv[:3]):
    gc.disable()
    gc.collect = lambda *_: 0  # type: ignore[assignment, unused-ignore]
