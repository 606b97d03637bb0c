"""Traces: what a request spent its time on, as spans that are sent to a collector.

``spans`` collects them, ``otel`` samples and sends them; only ``otel`` imports OpenTelemetry, and
it is imported only if traces are on.
"""
