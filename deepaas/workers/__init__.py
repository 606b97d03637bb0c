"""The host's side of a model's processes: starting, talking, queueing, replacing."""
