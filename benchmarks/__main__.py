"""`python -m benchmarks`: measure, print the tables, exit 1 if a bar is missed."""

import argparse
import sys

from benchmarks import (
    before,
    cog,
    floats,
    machine,
    metrics,
    operating,
    real_work,
    reconstructions,
    report,
    start,
    tensors,
    throughput,
    trainings,
    ui,
    uploads,
)
from benchmarks.servers import Kind

PARTS = (
    "throughput",
    "floats",
    "start",
    "memory",
    "upload",
    "trainings",
    "ui",
    "cog",
    "tensors",
    "reconstructions",
    "real-work",
    "metrics",
    "operating",
)


def main() -> int:
    options = _options()
    results = report.Results(machine.describe())
    parts = options.only or (() if options.before else PARTS)
    quick = options.quick
    if "throughput" in parts:
        _say("throughput")
        results.throughput = throughput.measure(rounds=3 if quick else 7, seconds=1 if quick else 3)
    if "floats" in parts or options.before:
        _say("floats")
        results.floats = floats.measure(
            options.before, rounds=3 if quick else 7, seconds=1 if quick else 3
        )
    if "start" in parts:
        _say("start")
        results.start = start.measure(rounds=3 if quick else 7)
    if "memory" in parts:
        _say("memory")
        count = 10 if quick else 100
        results.memory = [
            uploads.measure_memory(kind, count=count) for kind in (Kind.OURS, Kind.THEIRS)
        ]
    if "upload" in parts:
        _say("upload")
        results.upload = uploads.measure_time(rounds=3 if quick else 5)
    if "trainings" in parts:
        _say("trainings")
        results.beside = trainings.measure_beside(
            rounds=3 if quick else 7, count=50 if quick else 200
        )
        results.lists = trainings.measure_lists(rounds=11 if quick else 51)
    if "ui" in parts:
        _say("ui")
        results.ui = ui.measure(rounds=3 if quick else 7, seconds=1 if quick else 3)
    if "cog" in parts:
        _say("cog")
        results.cog = cog.measure(rounds=3 if quick else 7, seconds=1 if quick else 3)
        results.lost = cog.measure_lost(count=10_000 if quick else 100_000)
    if "tensors" in parts:
        _say("tensors")
        results.tensors = tensors.measure(rounds=3 if quick else 7, seconds=1 if quick else 3)
    if "reconstructions" in parts:
        _say("reconstructions")
        results.reconstructions = reconstructions.measure(
            rounds=3 if quick else 7, seconds=2 if quick else 3
        )
    if "real-work" in parts:
        _say("real work")
        results.real = real_work.measure(rounds=3 if quick else 7, seconds=1 if quick else 3)
    if "metrics" in parts:
        _say("metrics")
        results.scrapes = metrics.measure(rounds=2 if quick else 5, seconds=3 if quick else 10)
    if "operating" in parts:
        _say("operating")
        results.operating = operating.measure(rounds=5 if quick else 15, seconds=1 if quick else 3)
    if options.before:
        _say(f"before, {options.before}")
        results.before = before.measure(
            options.before, rounds=5 if quick else 15, seconds=1 if quick else 3
        )
    print(report.draw(results))
    missed = list(report.missed(results))
    for line in missed:
        print(f"MISSED: {line}")
    if not missed:
        print("All bars hold.")
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument(
        "--only",
        action="append",
        choices=PARTS,
        help="measure this part only (repeatable)",
    )
    parser.add_argument(
        "--before",
        metavar="REVISION",
        help="compare with this commit, and measure nothing else unless --only names it",
    )
    return parser.parse_args()


def _say(part: str) -> None:
    print(f"measuring: {part}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
