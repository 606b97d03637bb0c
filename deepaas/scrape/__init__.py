"""``/metrics``: collects the numbers of all parts of a host for Prometheus."""
