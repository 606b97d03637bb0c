"""A list of 784 numbers as JSON, an argument of a model that does nothing with it."""

import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import before, client, wrk
from benchmarks.request import FLOATS_PATH
from benchmarks.servers import Kind, Server, running
from benchmarks.throughput import CONNECTIONS, ratio

COUNT = 784
BODY = json.dumps({"values": [number / 785 for number in range(1, COUNT + 1)]}).encode()


@dataclass(frozen=True)
class Row:
    """One server at one number of connections; ``of_other`` is of the other's rate."""

    kind: Kind
    connections: int
    sample: wrk.Sample
    of_other: float


def measure(revision: str | None, *, rounds: int, seconds: float) -> list[Row]:
    """Interleaved rounds, beside an earlier commit or, without one, beside DEEPaaS."""
    samples: dict[tuple[Kind, int], list[wrk.Sample]] = {}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="deepaas-bench-"))
        script = wrk.script(Path(folder, "floats"), BODY, {"Content-Type": "application/json"})
        if revision:
            servers = stack.enter_context(before.both(revision, "floats"))
        else:
            kinds = (Kind.THEIRS, Kind.OURS)
            servers = [stack.enter_context(running(kind, "floats")) for kind in kinds]
        for server in servers:
            server.wait_for(FLOATS_PATH)
            _check(server)
            _run(server, max(CONNECTIONS), 2, script)
        for number in range(rounds):
            for connections in CONNECTIONS:
                for server in servers[:: -1 if number % 2 else 1]:
                    sample = _run(server, connections, seconds, script)
                    samples.setdefault((server.kind, connections), []).append(sample)
        other = servers[0].kind
    return [
        Row(
            server.kind,
            connections,
            wrk.typical(samples[server.kind, connections]),
            ratio(samples[server.kind, connections], samples[other, connections]),
        )
        for connections in CONNECTIONS
        for server in servers
    ]


def _run(server: Server, connections: int, seconds: float, script: Path) -> wrk.Sample:
    url = server.url + FLOATS_PATH
    return wrk.run(url, connections=connections, seconds=seconds, script=script)


def _check(server: Server) -> None:
    answer = client.request(server.port, "POST", FLOATS_PATH, json_body=BODY)
    if answer.status != 200 or answer.json()["predictions"] != {"count": COUNT}:
        raise wrk.WrkError(f"{server.kind.value} answers {answer.status}: {answer.body[:200]!r}")
