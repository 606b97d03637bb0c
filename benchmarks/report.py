"""Draws what was measured as Markdown, and judges it against the bars."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks import real_work
from benchmarks.before import Row as BeforeRow
from benchmarks.cog import OURS, Lost
from benchmarks.cog import Row as CogRow
from benchmarks.floats import Row as FloatsRow
from benchmarks.metrics import MODELS_COUNT, WORKERS_COUNT, Scrapes
from benchmarks.operating import ON
from benchmarks.operating import Row as OperatingRow
from benchmarks.reconstructions import SMALL, ReconstructionRow
from benchmarks.servers import Kind
from benchmarks.tensors import TensorRow
from benchmarks.throughput import Row
from benchmarks.trainings import Beside, Listing
from benchmarks.ui import ENABLED, OFF
from benchmarks.ui import Row as UiRow
from benchmarks.uploads import Memory, UploadTime

MIN_OF_BARE = 0.4
MIN_OF_THEIRS = 8.0
# What checking in one pass has brought, beside an earlier way to do it.
MIN_FLOATS_OF_THEIRS = 3.0
MAX_START_SECONDS = 1.0
MAX_HOST_MB = 80.0
# The allocator's noise; a leak of a thousandth of each upload would be 6.4 MB.
MAX_GROWTH_MB = 5.0
MAX_UPLOAD_RATIO = 1.3
MAX_BESIDE_RATIO = 1.5
MAX_LIST_MS = 50.0
MIN_OF_COG = 3.0
MIN_TENSORS = {"Open Inference Protocol": 0.6, "JSON": 2.0}
"""By form: of a bare handler that reads as much, and of LitServe."""
MIN_OF_FLASK, MIN_OF_FLASK_SMALL = 0.95, 2.0
"""The second one for small images at many connections."""
MIN_OF_OFF = 0.9
MIN_OPERATED = 0.85
"""With keys, limits, metrics, the access log and traces, of the host without all of them."""
MAX_SCRAPE_MS = 50.0
"""For a scrape, and for any step of the event loop beside it."""
MAX_UI_MB = 10.0
# Two runs of the same commit differ by as much.
MIN_OF_BEFORE = 0.97
MAX_MORE_MB = 1.0


@dataclass
class Results:
    machine: str
    throughput: list[Row] = field(default_factory=list)
    floats: list[FloatsRow] = field(default_factory=list)
    start: dict[Kind, float] = field(default_factory=dict)
    memory: list[Memory] = field(default_factory=list)
    upload: UploadTime | None = None
    beside: Beside | None = None
    lists: list[Listing] = field(default_factory=list)
    ui: list[UiRow] = field(default_factory=list)
    cog: list[CogRow] = field(default_factory=list)
    lost: Lost | None = None
    tensors: list[TensorRow] = field(default_factory=list)
    reconstructions: list[ReconstructionRow] = field(default_factory=list)
    real: list[real_work.RealRow] = field(default_factory=list)
    scrapes: Scrapes | None = None
    operating: list[OperatingRow] = field(default_factory=list)
    before: list[BeforeRow] = field(default_factory=list)


def draw(results: Results) -> str:
    """The tables of docs/performance.md."""
    lines = [f"Machine: {results.machine}.", ""]
    if results.throughput:
        lines += _throughput(results.throughput)
    if results.floats:
        lines += _floats(results.floats)
    if results.start:
        lines += ["| from process start to the first prediction | seconds |", "|---|---:|"]
        lines += [f"| {kind.value} | {value:.2f} |" for kind, value in results.start.items()]
        lines.append("")
    if results.memory:
        lines += _memory(results.memory)
    if results.upload:
        upload = results.upload
        lines += ["| a 64 MB upload | seconds | of DEEPaaS's time |", "|---|---:|---:|"]
        lines.append(f"| {Kind.OURS.value} | {upload.ours:.3f} | {upload.ratio:.2f} |")
        lines += [f"| {Kind.THEIRS.value} | {upload.theirs:.3f} | 1.00 |", ""]
    if results.beside:
        beside = results.beside
        lines += ["| a prediction of demo_app | median ms | ratio |", "|---|---:|---:|"]
        lines.append(f"| alone | {beside.alone:.2f} | 1.00 |")
        lines += [f"| beside a training | {beside.beside:.2f} | {beside.ratio:.2f} |", ""]
    if results.lists:
        count = results.lists[0].runs_count
        lines += [f"| a list out of {count:,} finished trainings | median ms |", "|---|---:|"]
        lines += [f"| {found.what} | {found.milliseconds:.1f} |" for found in results.lists]
        lines.append("")
    if results.ui:
        lines += _ui(results.ui)
    if results.cog:
        lines += _cog(results.cog)
    if results.lost:
        lost = results.lost
        lines += [f"Of {lost.asked_count:,} predictions {lost.lost_count} were lost.", ""]
    if results.tensors:
        lines += _tensors(results.tensors)
    if results.reconstructions:
        lines += _reconstructions(results.reconstructions)
    if results.real:
        lines += real_work.drawn(results.real)
    if results.scrapes:
        lines += _scrapes(results.scrapes)
    if results.operating:
        lines += _operating(results.operating)
    if results.before:
        lines += _before(results.before)
    return "\n".join(lines)


def missed(results: Results) -> Iterator[str]:
    """One line for each bar of the measured figures that does not hold."""
    for row in results.throughput:
        if row.kind is not Kind.OURS:
            continue
        where = f"at {row.connections} connection{'s' if row.connections > 1 else ''}"
        if row.of_bare < MIN_OF_BARE:
            yield f"throughput {where}: {row.of_bare:.2f} of bare aiohttp, not {MIN_OF_BARE}"
        if row.of_theirs < MIN_OF_THEIRS:
            yield f"throughput {where}: {row.of_theirs:.1f} times DEEPaaS, not {MIN_OF_THEIRS:.0f}"
    for floats in results.floats:
        if floats.kind is Kind.OURS and floats.of_other < _min_of_floats(results.floats):
            yield (
                f"784 numbers at {floats.connections} connections: {floats.of_other:.2f} times the "
                f"other, not {_min_of_floats(results.floats)}"
            )
    start = results.start.get(Kind.OURS, 0.0)
    if start > MAX_START_SECONDS:
        yield f"first prediction after {start:.2f} s, not {MAX_START_SECONDS} s"
    for memory in results.memory:
        if memory.kind is Kind.OURS:
            yield from _missed_memory(memory)
    if results.upload and results.upload.ratio > MAX_UPLOAD_RATIO:
        yield f"64 MB upload: {results.upload.ratio:.2f} of DEEPaaS's time, not {MAX_UPLOAD_RATIO}"
    if results.beside and results.beside.ratio > MAX_BESIDE_RATIO:
        yield f"beside a training a prediction takes {results.beside.ratio:.2f} times as long"
    for found in results.lists:
        if found.milliseconds > MAX_LIST_MS and found.what != "all of them":
            yield f"{found.what}: listed in {found.milliseconds:.0f} ms, not {MAX_LIST_MS:.0f} ms"
    if results.ui:
        yield from _missed_ui({row.page: row for row in results.ui})
    for one in results.cog:
        if one.server == OURS and one.of_theirs < MIN_OF_COG:
            where = f"at {one.connections} connection{'s' if one.connections > 1 else ''}"
            yield f"Cog's API {where}: {one.of_theirs:.1f} times Cog, not {MIN_OF_COG:.0f}"
    if results.lost and results.lost.lost_count:
        yield f"{results.lost.lost_count} of {results.lost.asked_count} predictions are lost"
    for tensors in results.tensors:
        bar = MIN_TENSORS[tensors.form]
        if tensors.kind is Kind.OURS and tensors.of_other < bar:
            where = f"at {tensors.connections} connection{'s' if tensors.connections > 1 else ''}"
            yield f"a tensor, {tensors.form}, {where}: {tensors.of_other:.2f}, not {bar}"
    yield from _missed_reconstructions(results.reconstructions)
    yield from real_work.missed(results.real)
    if scrapes := results.scrapes:
        for what, milliseconds in (
            ("a scrape under load", scrapes.loaded),
            ("the longest step beside scrapes", scrapes.longest_step),
        ):
            if milliseconds > MAX_SCRAPE_MS:
                yield f"{what} takes {milliseconds:.0f} ms, not {MAX_SCRAPE_MS:.0f} ms"
    for operated in results.operating:
        if operated.what == ON and operated.of_off < MIN_OPERATED:
            where = f"at {operated.connections} connection{'s' if operated.connections > 1 else ''}"
            yield f"with everything on {where}: {operated.of_off:.2f}, not {MIN_OPERATED}"
    yield from _missed_before(results.before)


def _scrapes(scrapes: Scrapes) -> list[str]:
    models = f"{MODELS_COUNT} models × {WORKERS_COUNT} workers"
    return [
        f"| `/metrics` of {models}, {scrapes.lines:,} lines | |",
        "|---|---:|",
        f"| a scrape, median ms | {scrapes.idle:.1f} |",
        f"| the same under load, one each second, median ms | {scrapes.loaded:.1f} |",
        f"| the longest of these, ms | {scrapes.longest_loaded:.1f} |",
        f"| the longest step of the event loop, ms of CPU time | {scrapes.longest_step:.1f} |",
        f"| throughput, of that without scrapes | {scrapes.of_unscraped:.2f} |",
        "",
    ]


def _throughput(rows: list[Row]) -> list[str]:
    lines = [
        "| do-nothing model | connections | requests/s | p50 ms | p99 ms "
        "| of bare aiohttp | times DEEPaaS 2.6.0 |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        sample = row.sample
        lines.append(
            f"| {row.kind.value} | {row.connections} | {sample.requests_per_second:,.0f} "
            f"| {sample.p50_ms:.2f} | {sample.p99_ms:.2f} "
            f"| {row.of_bare:.2f} | {row.of_theirs:.1f} |"
        )
    return [*lines, ""]


def _floats(rows: list[FloatsRow]) -> list[str]:
    lines = [
        f"| 784 numbers as JSON | connections | requests/s | p50 ms | p99 ms "
        f"| times {rows[0].kind.value} |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.kind.value} | {row.connections} | {row.sample.requests_per_second:,.0f} "
        f"| {row.sample.p50_ms:.2f} | {row.sample.p99_ms:.2f} | {row.of_other:.2f} |"
        for row in rows
    ]
    return [*lines, ""]


def _min_of_floats(rows: list[FloatsRow]) -> float:
    return MIN_FLOATS_OF_THEIRS if rows[0].kind is Kind.THEIRS else MIN_OF_BEFORE


def _memory(rows: list[Memory]) -> list[str]:
    lines = [
        "| resident MB | host at start | host after uploads | host peak "
        "| workers at start | workers after | uploads of 64 MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.kind.value} | {row.host_at_start:.0f} | {row.host_after:.0f} "
        f"| {row.host_peak:.0f} | {row.workers_at_start:.0f} | {row.workers_after:.0f} "
        f"| {row.upload_count} |"
        for row in rows
    ]
    return [*lines, ""]


def _ui(rows: list[UiRow]) -> list[str]:
    lines = [
        "| the try-me page | connections | requests/s | p50 ms | p99 ms | of the host without "
        "| host MB | page MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.page} | {connections} | {sample.requests_per_second:,.0f} "
        f"| {sample.p50_ms:.2f} | {sample.p99_ms:.2f} | {row.of_off[connections]:.2f} "
        f"| {row.host_mb:.0f} | {f'{row.page_mb:.0f}' if row.page_mb else '–'} |"
        for row in rows
        for connections, sample in row.samples.items()
    ]
    return [*lines, ""]


def _cog(rows: list[CogRow]) -> list[str]:
    lines = [
        "| predictor that does nothing, Cog's API | connections | good answers/s | refused "
        "| p50 ms | p99 ms | times Cog 0.23.1 |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        sample = row.sample
        lines.append(
            f"| {row.server} | {row.connections} | {sample.good_per_second:,.0f} "
            f"| {sample.refused_share:.0%} | {sample.p50_ms:.2f} | {sample.p99_ms:.2f} "
            f"| {row.of_theirs:.1f} |"
        )
    return [*lines, ""]


def _tensors(rows: list[TensorRow]) -> list[str]:
    lines = [
        "| a tensor of 600 KB | server | connections | requests/s | p50 ms | p99 ms | ratio |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        sample = row.sample
        lines.append(
            f"| {row.form} | {row.kind.value} | {row.connections} "
            f"| {sample.requests_per_second:,.0f} | {sample.p50_ms:.2f} | {sample.p99_ms:.2f} "
            f"| {row.of_other:.2f} |"
        )
    return [*lines, ""]


def _reconstructions(rows: list[ReconstructionRow]) -> list[str]:
    lines = [
        "| DeepInverse | image | server | connections | requests/s | p50 ms | p99 ms | ratio |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        sample = row.sample
        lines.append(
            f"| {row.model} | {'×'.join(map(str, row.shape[1:]))} | {row.kind.value} "
            f"| {row.connections} | {sample.requests_per_second:,.1f} | {sample.p50_ms:.1f} "
            f"| {sample.p99_ms:.1f} | {row.of_flask:.2f} |"
        )
    return [*lines, ""]


def _missed_reconstructions(rows: list[ReconstructionRow]) -> Iterator[str]:
    for row in rows:
        is_small = row.shape == SMALL and row.connections > 1
        bar = MIN_OF_FLASK_SMALL if is_small else MIN_OF_FLASK
        if row.kind is Kind.OURS and row.of_flask < bar:
            where = f"{'×'.join(map(str, row.shape[1:]))} at {row.connections} connections"
            yield f"{row.model} of {where}: {row.of_flask:.2f} of Flask, not {bar}"


def _operating(rows: list[OperatingRow]) -> list[str]:
    lines = [
        "| keys, limits, metrics, access log, traces of 1 % | connections | requests/s | p50 ms "
        "| p99 ms | of all off |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| all {row.what} | {row.connections} | {row.sample.requests_per_second:,.0f} "
        f"| {row.sample.p50_ms:.2f} | {row.sample.p99_ms:.2f} | {row.of_off:.2f} |"
        for row in rows
    ]
    return [*lines, ""]


def _before(rows: list[BeforeRow]) -> list[str]:
    lines = [
        "| do-nothing model | door | connections | requests/s | p50 ms | p99 ms | of before "
        "| host MB | start s |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.kind.value} | {row.door} | {row.connections} "
        f"| {row.sample.requests_per_second:,.0f} | {row.sample.p50_ms:.2f} "
        f"| {row.sample.p99_ms:.2f} | {row.of_before:.2f} "
        f"| {row.host_mb:.1f} | {row.start_seconds:.2f} |"
        for row in rows
    ]
    return [*lines, ""]


def _missed_before(rows: list[BeforeRow]) -> Iterator[str]:
    for row in rows:
        if row.of_before < MIN_OF_BEFORE:
            yield (
                f"{row.door} at {row.connections} connections: {row.of_before:.2f} of the requests "
                f"per second of before, not {MIN_OF_BEFORE}"
            )
    sizes = {row.kind: row.host_mb for row in rows}
    if rows and sizes[Kind.OURS] - sizes[Kind.BEFORE] > MAX_MORE_MB:
        yield f"the host takes {sizes[Kind.OURS] - sizes[Kind.BEFORE]:.1f} MB more than before"
    starts = {row.kind: row.start_seconds for row in rows}
    if rows and starts[Kind.OURS] * MIN_OF_BEFORE > starts[Kind.BEFORE]:
        yield f"the start takes {starts[Kind.OURS]:.2f} s, before {starts[Kind.BEFORE]:.2f} s"


def _missed_ui(rows: dict[str, UiRow]) -> Iterator[str]:
    for connections, ratio in rows[ENABLED].of_off.items():
        if ratio < MIN_OF_OFF:
            yield (
                f"with the try-me page enabled {ratio:.2f} of the requests per second without it "
                f"at {connections} connections, not {MIN_OF_OFF}"
            )
    growth = rows[ENABLED].host_mb - rows[OFF].host_mb
    if growth > MAX_UI_MB:
        yield f"with the try-me page enabled the host takes {growth:.0f} MB more"


def _missed_memory(memory: Memory) -> Iterator[str]:
    for when, value in (("at start", memory.host_at_start), ("after uploads", memory.host_after)):
        if value > MAX_HOST_MB:
            yield f"the host takes {value:.0f} MB {when}, not {MAX_HOST_MB:.0f} MB"
    growth = memory.host_after - memory.host_at_start
    if growth > MAX_GROWTH_MB:
        yield f"the host grew by {growth:.0f} MB over {memory.upload_count} uploads"
