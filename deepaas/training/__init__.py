"""Durable training runs: their store, folders, processes and events.

Each run has its own process and folder. It is in the store before the process starts, and every
change of its state is conditional on the previous state.
"""
