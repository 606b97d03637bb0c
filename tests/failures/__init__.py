"""Hostile models and hostile clients against real hosts: what must not hurt anyone else."""
