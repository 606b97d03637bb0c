"""The host's side of workers: starting, communicating, queueing, replacing."""
