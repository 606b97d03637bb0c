"""Metrics of models: their calls, queues and workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deepaas.metrics.families import Family, Kind
from deepaas.model.handle import HostedModel
from deepaas.scrape.processes import resident_bytes
from deepaas.workers.numbers import CallOutcome, EndReason
from deepaas.workers.worker import Worker

MODEL = ("model",)
MAX_VERSION_CHARACTERS = 64

WORKER_STATES = ("loading", "warming", "ready", "leaving", "unresponsive")
STATUSES = ("loading", "warming", "ready", "broken")

COUNTER, GAUGE, HISTOGRAM = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM


class ModelMetrics:
    """The numbers of models, one model at a time."""

    def __init__(self) -> None:
        self.calls = Family(
            "deepaas_calls", COUNTER, "Predictions by how they ended.", ("model", "outcome")
        )
        self.running = Family(
            "deepaas_calls_running", GAUGE, "Predictions that workers are processing.", MODEL
        )
        self.queue_length = Family(
            "deepaas_queue_length", GAUGE, "Predictions that wait for a worker.", MODEL
        )
        self.queue_limit = Family(
            "deepaas_queue_limit", GAUGE, "How many predictions can wait (queue-size).", MODEL
        )
        self.queue = Family(
            "deepaas_queue_seconds", HISTOGRAM, "Time until a worker begins a prediction.", MODEL
        )
        self.run = Family(
            "deepaas_run_seconds", HISTOGRAM, "Time that a worker takes for a prediction.", MODEL
        )
        self.batches = Family(
            "deepaas_batch_calls", HISTOGRAM, "Predictions in a batch, of models with them.", MODEL
        )
        self.workers = Family(
            "deepaas_workers", GAUGE, "Worker processes by state.", ("model", "state")
        )
        self.wanted = Family(
            "deepaas_workers_configured",
            GAUGE,
            "Worker processes that a model should have now; with a range (workers), they follow "
            "the load.",
            MODEL,
        )
        self.most = Family(
            "deepaas_workers_limit", GAUGE, "The most worker processes of a model.", MODEL
        )
        self.scaled = Family(
            "deepaas_workers_scaled",
            COUNTER,
            "Changes of the number of worker processes because of the load.",
            ("model", "direction"),
        )
        self.restarts = Family(
            "deepaas_worker_restarts", COUNTER, "Replaced workers by reason.", ("model", "reason")
        )
        self.memory = Family(
            "deepaas_worker_resident_memory_bytes",
            GAUGE,
            "Resident memory of the worker processes, without processes that they started.",
            MODEL,
        )
        self.status = Family(
            "deepaas_model_status", GAUGE, "1 for the status of a model.", ("model", "status")
        )
        self.load = Family(
            "deepaas_model_load_seconds",
            GAUGE,
            "Time to load a model, of its slowest worker.",
            MODEL,
        )
        self.warm = Family(
            "deepaas_model_warm_seconds", GAUGE, "Time of warm(), of its slowest worker.", MODEL
        )
        self.measurements = Family(
            "deepaas_model_measurement",
            Kind.SUMMARY,
            "Numbers that a model has recorded for its predictions.",
            ("model", "name"),
        )
        self.info = Family(
            "deepaas_model",
            Kind.INFO,
            "A model: its version, if its metadata contain one, and its kind.",
            ("model", "version", "kind"),
        )

    def families(self) -> Iterator[Family]:
        yield from vars(self).values()

    def add(self, model: HostedModel) -> None:
        name, status, workers = model.name, model.status(), model.workers()
        self.queue_length.add(status.queued_count, name)
        self.wanted.add(status.workers_count, name)
        self.most.add(status.workers_max_count, name)
        self.queue_limit.add(model.queue_size, name)
        self.running.add(sum(len(worker.calls) for worker in workers), name)
        for one in STATUSES:
            self.status.add(int(one == status.status), name, one)
        states = [_state(worker) for worker in workers]
        for state in WORKER_STATES:
            self.workers.add(states.count(state), name, state)
        self.memory.add(sum(resident_bytes(worker.pid) for worker in workers if worker.pid), name)
        for family, seconds in (
            (self.load, [one.load_seconds for one in workers if one.load_seconds is not None]),
            (self.warm, [one.warm_seconds for one in workers if one.warm_seconds is not None]),
        ):
            if seconds:
                family.add(max(seconds), name)
        self.info.add(1, name, _version(model.known_metadata), model.source.kind)
        self._add_numbers(model)

    def _add_numbers(self, model: HostedModel) -> None:
        name, numbers = model.name, model.numbers
        if numbers is None:
            return
        # All of them from the beginning: an increase from nothing is none for Prometheus.
        for outcome in CallOutcome:
            self.calls.add(numbers.outcomes[outcome], name, outcome.value)
        for reason in EndReason:
            self.restarts.add(numbers.restarts[reason], name, reason.value)
        for direction in ("up", "down"):
            self.scaled.add(numbers.scaled[direction], name, direction)
        self.queue.add(numbers.queue, name)
        self.run.add(numbers.run, name)
        self.batches.add(numbers.batches, name)
        for about, values in numbers.measurements.items():
            self.measurements.add(values, name, about)


def _state(worker: Worker) -> str:
    if worker.silent:
        return "unresponsive"
    return "leaving" if worker.is_leaving else worker.state.value


def _version(metadata: Mapping[str, Any] | None) -> str:
    for name, value in (metadata or {}).items():
        if name.lower() == "version" and isinstance(value, (str, int, float)):
            return str(value)[:MAX_VERSION_CHARACTERS]
    return ""
