"""How many threads the numeric libraries of a worker start."""

from __future__ import annotations

from collections.abc import Mapping

OPENMP = "OMP_NUM_THREADS"
"""PyTorch, NumExpr and others follow it, and so do MKL and OpenBLAS without their own variable."""

VARIABLES = (OPENMP, "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def thread_variables(cores: int, replicas: int, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep the replicas of a model from fighting for the cores.

    Each library starts a thread per core unless it is told otherwise: two replicas on two cores
    have four threads then, which wait for each other. Other models do not count, because most are
    idle while one works.

    Args:
        cores: that the host can use.
        replicas: that can be busy at the same time.
        environment: the operator's, which has precedence. ``OMP_NUM_THREADS`` there is for all
            libraries.
    """
    if OPENMP in environment:
        return {}
    count = str(max(1, cores // max(1, replicas)))
    return {name: count for name in VARIABLES if name not in environment}
